/**
 * `raftkv put`: sets a key.
 *
 * @module
 */

import type { PutOptions } from "@raftkv/client";
import type { Json } from "@raftkv/core/api";
import type { Command, Invocation } from "../command.ts";
import { CommandFailure, UsageError } from "../failures.ts";
import { connectFor } from "../connection.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";
import { printable } from "../printable.ts";

/** Sets a key to a text or a JSON value. */
export const putCommand: Command = {
  name: "put",
  summary: "Set a key",
  usage: "KEY VALUE",
  arity: [2, 2],
  flags: () => [
    { name: "value-json", summary: "VALUE is JSON, not text" },
    { name: "ttl", value: "SECONDS", summary: "let the key end after so many seconds" },
    { name: "lease", value: "ID", summary: "let the key end with this lease" },
    {
      name: "if-revision",
      value: "REV",
      summary: "only if its last change was this; 0: if it is new",
    },
  ],
  details: [
    "VALUE is kept as text, exactly as given. The value - is read from standard input to its end;\n" +
    "what begins with a dash otherwise goes behind --.",
  ],
  examples: [
    { line: 'raftkv put db.host "postgres.internal"', meaning: "Set a key to a text" },
    { line: "raftkv put db.pool '{\"size\": 8}' --value-json", meaning: "Set a key to JSON" },
    { line: "raftkv put tls.cert - < cert.pem", meaning: "Set a key to what is in a file" },
    { line: "raftkv put offset -- -5", meaning: "Set a key to a text that looks like a flag" },
  ],
  run: put,
};

async function put(invocation: Invocation): Promise<ExitCode> {
  const [key = ""] = invocation.positionals;
  const value = await valueOf(invocation);
  await using client = connectFor(invocation);
  const answer = await client.put(key, value, optionsOf(invocation));
  const text = `stored ${printable(key)} at revision ${answer.revision}`;
  await invocation.output.result({ json: answer, text });
  return EXIT.ok;
}

function optionsOf({ flags }: Invocation): PutOptions {
  const [ttl, lease] = [flags.get("ttl"), flags.get("lease")];
  const revision = flags.get("if-revision");
  return {
    ...ttl === undefined ? {} : { ttl: wholeNumber("ttl", ttl) },
    ...lease === undefined ? {} : { lease },
    ...revision === undefined ? {} : { ifRevision: wholeNumber("if-revision", revision) || null },
  };
}

function wholeNumber(flag: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UsageError(`Cannot read --${flag}: Expected a whole number: "${text}"`, "put");
}

async function valueOf({ positionals, flags, surroundings }: Invocation): Promise<Json> {
  const [, given = ""] = positionals;
  const text = given === "-" ? await readText(surroundings.stdin) : given;
  if (!flags.has("value-json")) return text;
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError("Cannot read VALUE: It is not JSON, as --value-json says", "put");
  }
}

async function readText(stream: ReadableStream<Uint8Array>): Promise<string> {
  const bytes = await new Response(stream).bytes();
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new CommandFailure("Cannot store standard input: It is not UTF-8 text", {
      code: "invalid_body",
      exitCode: EXIT.failed,
    });
  }
}
