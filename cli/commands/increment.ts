/**
 * `raftkv increment`: adds to a counter.
 *
 * @module
 */

import type { IncrementBounds } from "@raftkv/client";
import type { Command, Invocation } from "../command.ts";
import { connectFor } from "../connection.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";
import { UsageError } from "../failures.ts";
import { printable } from "../printable.ts";

/** Adds to a 64-bit counter, between bounds if there are any. */
export const incrementCommand: Command = {
  name: "increment",
  summary: "Add to a counter",
  usage: "KEY",
  arity: [1, 1],
  flags: () => [
    { name: "by", value: "N", summary: "add so much, 1 if not given; --by=-1 counts down" },
    { name: "min", value: "N", summary: "refuse to come below" },
    { name: "max", value: "N", summary: "refuse to come above" },
  ],
  details: [
    "The counter is a whole number of 64 bits. A key that is not there counts as 0. However often the\n" +
    "request has to be sent, it counts once.",
  ],
  examples: [
    { line: "raftkv increment visits", meaning: "Count a visit; prints the number" },
    { line: "raftkv increment stock/7 --by=-1 --min 0", meaning: "Take one, if there is one" },
  ],
  run: increment,
};

async function increment(invocation: Invocation): Promise<ExitCode> {
  const [key = ""] = invocation.positionals;
  const bounds: IncrementBounds = {
    ...numberIn(invocation, "by", "delta"),
    ...numberIn(invocation, "min", "min"),
    ...numberIn(invocation, "max", "max"),
  };
  await using client = connectFor(invocation);
  const { value, ...written } = await client.increment(key, bounds);
  const text = `${printable(key)} = ${value}`;
  await invocation.output.result({ json: { key, value: `${value}`, ...written }, text });
  return EXIT.ok;
}

function numberIn(
  { flags }: Invocation,
  flag: string,
  name: keyof IncrementBounds,
): IncrementBounds {
  const text = flags.get(flag);
  if (text === undefined) return {};
  if (/^-?\d{1,19}$/.test(text)) return { [name]: BigInt(text) };
  throw new UsageError(`Cannot read --${flag}: Expected a whole number: "${text}"`, "increment");
}
