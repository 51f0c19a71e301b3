/**
 * `raftkv elect`: stands for election.
 *
 * @module
 */

import type { Command, Invocation } from "../command.ts";
import { connectFor } from "../connection.ts";
import { EXIT } from "../exit_code.ts";
import { CommandFailure } from "../failures.ts";
import { printable, printableValue } from "../printable.ts";
import { hold, HOLDING_FLAGS } from "./holding.ts";

/** Leads for as long as a program runs, or tells who leads. */
export const electCommand: Command = {
  name: "elect",
  summary: "Run a program while being the elected one",
  usage: "NAME [VALUE [-- PROGRAM ARGUMENTS]]",
  arity: [1, Infinity],
  flags: () => HOLDING_FLAGS,
  details: [
    "With VALUE it waits to be elected, lets everyone see VALUE, and runs PROGRAM as raftkv lock does,\n" +
    "with the same variables. With NAME alone it tells who is elected.",
  ],
  examples: [
    { line: "raftkv elect cron host-1 -- ./cron.sh", meaning: "Run on one host at a time" },
    { line: "raftkv elect cron", meaning: "Show the value of the one that leads" },
  ],
  run: elect,
};

function elect(invocation: Invocation): Promise<number> {
  const [name = "", value, ...program] = invocation.positionals;
  if (value === undefined) return show(invocation, name);
  return hold(invocation, {
    claim: (client, options) => client.elect(name, { ...options, value }),
    program,
    what: `elected for ${printable(name)}`,
  });
}

async function show(invocation: Invocation, name: string): Promise<number> {
  await using client = connectFor(invocation);
  const elected = await client.elected(name);
  if (elected === null) {
    const detail = { code: "key_not_found", exitCode: EXIT.notFound };
    throw new CommandFailure(`Nobody is elected for ${printable(name)}`, detail);
  }
  const text = `${printableValue(elected.value)} (token ${elected.token})`;
  await invocation.output.result({ json: elected, text });
  return EXIT.ok;
}
