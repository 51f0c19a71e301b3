/**
 * `raftkv txn`: carries out a transaction that is written down.
 *
 * @module
 */

import type { Compare, TxnOperation } from "@raftkv/client";
import type { Command, Invocation } from "../command.ts";
import { connectFor } from "../connection.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";
import { UsageError } from "../failures.ts";
import { readJsonFile } from "../json_file.ts";
import { printableJson } from "../printable.ts";

/** Reads a transaction from a file and carries it out. */
export const txnCommand: Command = {
  name: "txn",
  summary: "Carry out a transaction, wholly or not at all",
  usage: "FILE",
  arity: [1, 1],
  flags: () => [],
  details: [
    'FILE holds JSON: {"compare": […], "success": […], "failure": […]}, all of which may be left\n' +
    "out; - is standard input. If all of compare hold, success is carried out, else failure, at one\n" +
    "revision. Prints which it was, and the response to each operation as a line of JSON.",
    'A compare has a "key" (or "prefix"), a "target" (value, version, create, mod, lease, count), a\n' +
    '"result" (=, !=, <, >) and a "value". An operation is one of {"get": …}, {"put": …},\n' +
    '{"delete": …}, {"range": …}, {"increment": …} and {"txn": …}. docs/HTTP.md has their fields.',
  ],
  examples: [
    { line: "raftkv txn claim.json", meaning: "Carry out what is in a file" },
    { line: "raftkv txn - --json < claim.json", meaning: "The same, for a script" },
  ],
  run: txn,
};

async function txn(invocation: Invocation): Promise<ExitCode> {
  const [path = ""] = invocation.positionals;
  const fields = await readJsonFile(invocation, path);
  const unknown = Object.keys(fields).find((name) => !BRANCHES.has(name));
  if (unknown !== undefined) {
    throw new UsageError(`Cannot use ${path}: No such field: "${unknown}"`);
  }
  const listIn = (name: string): readonly Readonly<Record<string, unknown>>[] => {
    const list = fields[name] ?? [];
    if (Array.isArray(list)) return list;
    throw new UsageError(`Cannot use ${path}: "${name}" is not a list`, "txn");
  };
  const compares = listIn("compare").map((json): Compare => ({ json }));
  const operations = (name: string) => listIn(name).map((json) => operationOf(json));
  await using client = connectFor(invocation);
  const result = await client.txn()
    .if(...compares)
    .then(...operations("success"))
    .else(...operations("failure"))
    .commit();
  const lines = result.results.map((each) => printableJson(each));
  const head = `${result.succeeded ? "success" : "failure"} at revision ${result.revision}`;
  await invocation.output.result({ json: result, text: [head, ...lines].join("\n") });
  return EXIT.ok;
}

const BRANCHES: ReadonlySet<string> = new Set(["compare", "success", "failure"]);

/** The operation as it is written; its response as it comes. */
function operationOf(json: Readonly<Record<string, unknown>>): TxnOperation<unknown> {
  return { json, read: (answer: unknown) => answer };
}
