/**
 * Commands on their way to the node, and what its refusals mean over HTTP.
 *
 * @module
 */

import { CompactedFailure, KvFailure } from "@raftkv/core/api";
import type { Command, CommandResult, CommitCommand, Committed, Refused } from "@raftkv/core/kv";
import type { KvPort, TimeLimit } from "./kv_port.ts";
import { reply } from "./reply.ts";

/** Any answer but a refusal. */
export type Accepted = Exclude<CommandResult, Refused>;

/**
 * Proposes a command and waits for its answer.
 *
 * @throws {KvFailure} if it was refused, or does not come to an answer in time
 */
export async function propose(
  port: KvPort,
  command: Command,
  limit: TimeLimit,
): Promise<Accepted> {
  const result = await port.propose(command, limit);
  if (result.kind === "refused") throw failureOfRefusal(result);
  return result;
}

/** Proposes a commit. */
export async function commit(
  port: KvPort,
  command: CommitCommand,
  limit: TimeLimit,
): Promise<Committed> {
  const committed = await propose(port, command, limit);
  return committed.kind === "committed" ? committed : unexpected(committed);
}

/** The answer to a commit, marked if it is the one of an earlier sending. */
export function replyCommitted(port: KvPort, json: string, committed: Committed): Response {
  const headers = committed.replayed === true ? { "idempotent-replayed": "true" } : {};
  return reply(port, json, { revision: committed.revision, headers });
}

/** The node answered a question that was not put. */
export function unexpected(result: Accepted): never {
  throw new TypeError(`Cannot use the answer to a command: It is of kind ${result.kind}`);
}

/** Under this Idempotency-Key another method was answered before: two requests share one name. */
export function otherRequest(): never {
  throw new KvFailure(
    "invalid_session",
    "The Idempotency-Key was used before for a request of another kind.",
  );
}

function failureOfRefusal({ reason, revision = 0 }: Refused): Error {
  switch (reason) {
    case "compacted":
      return new CompactedFailure(revision);
    case "future_revision":
      return new KvFailure(reason, `The store is at revision ${revision}.`);
    case "session_expired":
      return new KvFailure(reason);
    case "malformed":
      return new TypeError("Cannot carry out a command: It was refused as malformed");
  }
}
