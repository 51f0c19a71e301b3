/**
 * `raftkv list`: shows keys and values.
 *
 * @module
 */

import type { Command, Invocation } from "../command.ts";
import { UsageError } from "../failures.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";
import { printablePair } from "../printable.ts";
import { writePages } from "./pages.ts";
import { AT_FLAG } from "../revision.ts";
import { STALE_FLAG } from "./stale_flag.ts";

/** Shows keys and values in the order of the keys' bytes. */
export const listCommand: Command = {
  name: "list",
  summary: "Show keys and values",
  usage: "[PREFIX]",
  arity: [0, 1],
  flags: () => [
    { name: "limit", value: "N", summary: "stop after so many keys" },
    AT_FLAG,
    STALE_FLAG,
  ],
  details: [
    "Keys come in the order of their bytes, fetched in pages as they are written. With --json each\n" +
    "key is one line of JSON, with its revisions.",
  ],
  examples: [
    { line: "raftkv list", meaning: "Show everything" },
    { line: "raftkv list db. --limit 10", meaning: "Show ten keys that begin with db." },
  ],
  run: list,
};

async function list(invocation: Invocation): Promise<ExitCode> {
  const { isJson } = invocation.output;
  await writePages(invocation, {
    line: isJson ? JSON.stringify : printablePair,
    countMax: countMaxOf(invocation),
  });
  return EXIT.ok;
}

function countMaxOf({ flags }: Invocation): number | undefined {
  const text = flags.get("limit");
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new UsageError(`Cannot read --limit: Expected a number above 0: "${text}"`, "list");
}
