/**
 * `raftkv del`: removes a key.
 *
 * @module
 */

import type { Command, Invocation } from "../command.ts";
import { connectFor } from "../connection.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";
import { printable } from "../printable.ts";
import { notFound } from "./get.ts";

/** Removes a key; one that was not there gives exit code 4. */
export const delCommand: Command = {
  name: "del",
  summary: "Remove a key",
  usage: "KEY",
  arity: [1, 1],
  flags: () => [],
  details: ["The exit code is 4 if there was no such key."],
  examples: [{ line: "raftkv del db.host", meaning: "Remove a key" }],
  run: del,
};

async function del(invocation: Invocation): Promise<ExitCode> {
  const { positionals: [key = ""], output } = invocation;
  await using client = connectFor(invocation);
  const answer = await client.delete(key);
  if (answer.deleted === 0) throw notFound(key);
  const text = `removed ${printable(key)} at revision ${answer.revision}`;
  await output.result({ json: answer, text });
  return EXIT.ok;
}
