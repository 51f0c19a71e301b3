/**
 * `raftkv compact`: lets go of the past.
 *
 * @module
 */

import type { Command, Invocation } from "../command.ts";
import { connectFor } from "../connection.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";
import { parseRevision } from "../revision.ts";

/** Lets go of what lies before a revision. */
export const compactCommand: Command = {
  name: "compact",
  summary: "Let go of the past before a revision",
  usage: "REV",
  arity: [1, 1],
  flags: () => [],
  details: [
    "What lies before REV can no longer be read or watched. The store does this by itself: by default\n" +
    "it keeps an hour, 100,000 revisions and 256 MiB of the past, whichever ends first.",
  ],
  examples: [{ line: "raftkv compact 1200", meaning: "Keep revision 1200 and what came later" }],
  run: compact,
};

async function compact(invocation: Invocation): Promise<ExitCode> {
  const [text = ""] = invocation.positionals;
  const revision = parseRevision(text, "REV");
  await using client = connectFor(invocation);
  const answer = await client.compact(revision);
  const told =
    `revisions from ${answer.compactRevision} on are kept; the store is at ${answer.revision}`;
  await invocation.output.result({ json: answer, text: told });
  return EXIT.ok;
}
