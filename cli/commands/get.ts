/**
 * `raftkv get`: reads a key.
 *
 * @module
 */

import type { GetAnswer } from "@raftkv/core/api";
import type { Command, Invocation } from "../command.ts";
import { CommandFailure } from "../failures.ts";
import { connectFor } from "../connection.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";
import { printable, printablePair } from "../printable.ts";
import { AT_FLAG, revisionOption } from "../revision.ts";
import { consistencyOf, STALE_FLAG } from "./stale_flag.ts";

/** Reads a key and shows it as `key = value`. */
export const getCommand: Command = {
  name: "get",
  summary: "Read a key",
  usage: "KEY",
  arity: [1, 1],
  flags: () => [
    { name: "raw", summary: "write the value alone, byte for byte" },
    AT_FLAG,
    STALE_FLAG,
  ],
  details: [
    "Text with control characters, and every value that is not text, is shown as JSON. With --raw a\n" +
    "line feed follows the value only on a terminal, so that a file gets exactly what was stored.",
  ],
  examples: [
    { line: "raftkv get db.host", meaning: "Prints: db.host = postgres.internal" },
    { line: "raftkv get db.host --at 1200", meaning: "Show what it was at an earlier revision" },
    { line: "raftkv get tls.cert --raw > cert.pem", meaning: "Write the value to a file" },
  ],
  run: get,
};

async function get(invocation: Invocation): Promise<ExitCode> {
  const { positionals: [key = ""], flags, output, surroundings } = invocation;
  await using client = connectFor(invocation);
  const answer = await client.get(key, {
    ...consistencyOf(invocation),
    ...revisionOption(invocation),
  });
  if (answer === null) throw notFound(key);
  if (output.isJson || !flags.has("raw")) {
    await output.result({ json: answer, text: printablePair(answer) });
    return EXIT.ok;
  }
  const { stdout } = surroundings;
  await stdout.write(rawValue(answer));
  if (stdout.isTerminal) await stdout.write("\n");
  return EXIT.ok;
}

/** The failure of a command whose key is not there. */
export function notFound(key: string): CommandFailure {
  return new CommandFailure(`No such key: ${printable(key)}`, {
    code: "key_not_found",
    exitCode: EXIT.notFound,
  });
}

function rawValue({ value, encoding }: GetAnswer): string | Uint8Array {
  if (typeof value !== "string") return JSON.stringify(value);
  return encoding === "base64" ? Uint8Array.fromBase64(value) : value;
}
