/**
 * `raftkv move-leader`: hands the leadership over.
 *
 * @module
 */

import type { Command, Invocation } from "../command.ts";
import { connectFor } from "../connection.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";

/** Makes another voter lead. */
export const moveLeaderCommand: Command = {
  name: "move-leader",
  summary: "Hand the leadership to another voter",
  usage: "[ID]",
  arity: [0, 1],
  flags: () => [],
  details: [
    "Without ID the voter that is furthest along takes over. Writes wait for as long as it takes, a\n" +
    "few milliseconds as a rule, and none is lost. If the member does not take over within an\n" +
    "election timeout, the leader leads on and the exit code is 1.",
  ],
  examples: [
    { line: "raftkv move-leader n2", meaning: "Let n2 lead" },
    { line: "raftkv move-leader", meaning: "Let anyone else lead, before this host is stopped" },
  ],
  run: moveLeader,
};

async function moveLeader(invocation: Invocation): Promise<ExitCode> {
  const [id] = invocation.positionals;
  await using client = connectFor(invocation);
  const leader = await client.moveLeader(id);
  const text = `${leader.id} leads in term ${leader.term}`;
  await invocation.output.result({ json: leader, text });
  return EXIT.ok;
}
