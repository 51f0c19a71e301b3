/**
 * Everything that changes keys, under `/v1`. Each route is a reading of the one commit.
 *
 * @module
 */

import { KvFailure } from "@raftkv/core/api";
import type {
  Branches,
  CommitCommand,
  Committed,
  DeleteResult,
  Key,
  Operation,
  OperationResult,
} from "@raftkv/core/kv";
import { keyJson, leaseField } from "./answers.ts";
import { BodyFields } from "./body_fields.ts";
import { parseExactJson } from "./exact_json.ts";
import { onceOf } from "./idempotency_key.ts";
import { leaseOfQuery } from "./lease_parameters.ts";
import { ReplayedFailure } from "./failures.ts";
import type { KvPort } from "./kv_port.ts";
import { preconditionsOf } from "./preconditions.ts";
import { commit, replyOnce, unexpected } from "./proposing.ts";
import { parsePutBody, parseRawBody, type StoredValue } from "./put_body.ts";
import { flagOf, parseQuery, type Query, rangeOf, timeoutMsOf } from "./query.ts";
import { readBodyBytes, readBodyText } from "./request_body.ts";
import { parseKeyPath, targetOf } from "./request_target.ts";
import { prevKvField, prevKvsField, txnAnswer, writtenFields } from "./txn_answers.ts";
import { incrementOf, parseTxn } from "./txn_body.ts";

/** Gives a key a value. */
export async function putRoute(port: KvPort, request: Request): Promise<Response> {
  const { path, query: raw } = targetOf(request.url);
  const query = parseQuery(raw, ["prevKv", "lease", "ttl", "timeout"]);
  const key = parseKeyPath(path);
  const compares = preconditionsOf(request.headers, key);
  const name = onceOf(request.headers);
  const choices = { ...prevKvOf(query), ...leaseOfQuery(query) };
  const operation: Operation = { kind: "put", key, ...await storedBody(request), ...choices };
  const command = conditional({ key, name, compares, operation });
  const committed = await commit(port, command, { timeoutMs: timeoutMsOf(query) });
  const result = onlyResult(committed, "put");
  const json = `{"key":${keyJson(key)},${writtenFields(result)}${leaseField(result.lease)}` +
    `${prevKvField(result.prevKv)},` +
    `"revision":${committed.revision}}`;
  return replyOnce(port, json, { answer: committed, etag: `"${result.modRevision}"` });
}

/** Takes a key out. */
export async function deleteRoute(port: KvPort, request: Request): Promise<Response> {
  const { path, query: raw } = targetOf(request.url);
  const query = parseQuery(raw, ["prevKv", "timeout"]);
  const key = parseKeyPath(path);
  const compares = preconditionsOf(request.headers, key);
  const name = onceOf(request.headers);
  const operation: Operation = { kind: "delete", key, ...prevKvOf(query) };
  const command = conditional({ key, name, compares, operation });
  const committed = await commit(port, command, { timeoutMs: timeoutMsOf(query) });
  const { deleted, prevKvs } = onlyResult(committed, "delete");
  const prevKv = prevKvs === undefined ? undefined : prevKvs[0] ?? null;
  const json = `{"key":${keyJson(key)},"deleted":${deleted}${prevKvField(prevKv)},` +
    `"revision":${committed.revision}}`;
  return replyOnce(port, json, { answer: committed });
}

/** Takes every key of a range out, at one revision. */
export async function deleteRangeRoute(port: KvPort, request: Request): Promise<Response> {
  const known = ["prefix", "start", "end", "prevKv", "timeout"];
  const query = parseQuery(targetOf(request.url).query, known);
  if (!["prefix", "start", "end"].some((name) => query.has(name))) {
    throw new KvFailure("invalid_argument", "To delete every key, ask for ?prefix= by name.");
  }
  const operation: Operation = { kind: "delete_range", ...rangeOf(query), ...prevKvOf(query) };
  const name = onceOf(request.headers);
  const command: CommitCommand = { kind: "commit", ...name, operations: [operation] };
  const committed = await commit(port, command, { timeoutMs: timeoutMsOf(query) });
  const { deleted, prevKvs }: DeleteResult = onlyResult(committed, "delete");
  const json = `{"deleted":${deleted}${prevKvsField(prevKvs)},"revision":${committed.revision}}`;
  return replyOnce(port, json, { answer: committed });
}

/** Carries out a transaction. */
export async function txnRoute(port: KvPort, request: Request): Promise<Response> {
  const limit = { timeoutMs: timeoutMsOf(parseQuery(targetOf(request.url).query, ["timeout"])) };
  const name = onceOf(request.headers);
  const branches: Branches = parseTxn(parseExactJson(await readBodyText(request)));
  const committed = await commit(port, { kind: "commit", ...name, ...branches }, limit);
  return replyOnce(port, txnAnswer(committed), { answer: committed });
}

/** Adds to a key. */
export async function incrementRoute(port: KvPort, request: Request): Promise<Response> {
  const limit = { timeoutMs: timeoutMsOf(parseQuery(targetOf(request.url).query, ["timeout"])) };
  const name = onceOf(request.headers);
  const fields = new BodyFields(parseExactJson(await readBodyText(request)), {
    path: "",
    known: ["key", "delta", "min", "max"],
  });
  const operation = incrementOf(fields);
  const committed = await commit(port, { kind: "commit", ...name, operations: [operation] }, limit);
  const result = onlyResult(committed, "increment");
  const json = `{"key":${keyJson(operation.key)},"value":"${result.value}",` +
    `${writtenFields(result)},"revision":${committed.revision}}`;
  return replyOnce(port, json, { answer: committed });
}

interface Conditional {
  readonly key: Key;
  readonly name: Pick<CommitCommand, "once">;
  readonly compares: CommitCommand["compares"];
  readonly operation: Operation;
}

/** A commit that reads the key instead if its condition does not hold: for the failure to tell of. */
function conditional({ key, name, compares = [], operation }: Conditional): CommitCommand {
  const command = { kind: "commit", ...name, operations: [operation] } as const;
  return compares.length === 0
    ? command
    : { ...command, compares, otherwise: [{ kind: "get", key }] };
}

/**
 * The answer to the one operation of a commit.
 *
 * @throws {KvFailure} `precondition_failed` if its condition did not hold
 */
function onlyResult<Kind extends OperationResult["kind"]>(
  committed: Committed,
  kind: Kind,
): Extract<OperationResult, { readonly kind: Kind }> {
  const { succeeded, results: [result] } = committed;
  if (!succeeded && result?.kind === "get") {
    const { record } = result;
    const found = record === null
      ? "The key is not there."
      : `Its revision is ${record.modRevision}.`;
    const failure = new KvFailure("precondition_failed", found);
    throw committed.replayed === true ? new ReplayedFailure(failure) : failure;
  }
  return result !== undefined && isOf(result, kind) ? result : unexpected(committed);
}

function isOf<Kind extends OperationResult["kind"]>(
  result: OperationResult,
  kind: Kind,
): result is Extract<OperationResult, { readonly kind: Kind }> {
  return result.kind === kind;
}

function prevKvOf(query: Query): { readonly prevKv?: true } {
  return flagOf(query, "prevKv") ? { prevKv: true } : {};
}

/** Bytes if the client says that it sends bytes, else JSON, whatever it says. */
async function storedBody(request: Request): Promise<StoredValue> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  return type === "application/octet-stream"
    ? parseRawBody(await readBodyBytes(request))
    : parsePutBody(await readBodyText(request));
}
