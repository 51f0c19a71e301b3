/**
 * Commands on their way to the node, and what its refusals mean over HTTP.
 *
 * @module
 */

import { CompactedFailure, KvFailure } from "@raftkv/core/api";
import {
  type Command,
  type CommandResult,
  type CommitCommand,
  commitFault,
  type Committed,
  type Lasting,
  type Refused,
} from "@raftkv/core/kv";
import { REPLAYED } from "./failures.ts";
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

/**
 * Proposes a commit.
 *
 * @throws {KvFailure} also if it breaks a rule that needs no look at the store
 */
export async function commit(
  port: KvPort,
  command: CommitCommand,
  limit: TimeLimit,
): Promise<Committed> {
  const fault = commitFault(command);
  if (fault !== null) {
    throw new KvFailure(fault === "duplicate_key" ? fault : "too_many_operations");
  }
  const committed = await propose(port, command, limit);
  return committed.kind === "committed" ? committed : unexpected(committed);
}

/** What the answer to a write carries beside its JSON. */
export interface WriteReply {
  /** What became of it. */
  readonly answer: Lasting;
  /** The entity tag of the one key it wrote. */
  readonly etag?: string;
}

/** The answer to a write, marked if it is the one of an earlier sending. */
export function replyOnce(port: KvPort, json: string, options: WriteReply): Response {
  const { answer: { replayed, revision }, etag } = options;
  const headers = {
    ...(replayed === true ? REPLAYED : {}),
    ...(etag === undefined ? {} : { etag }),
  };
  return reply(port, json, { revision, headers });
}

/** The node answered a question that was not put. */
export function unexpected(result: Accepted): never {
  throw new TypeError(`Cannot use the answer to a command: It is of kind ${result.kind}`);
}

function failureOfRefusal({ reason, revision = 0 }: Refused): Error {
  switch (reason) {
    case "compacted":
      return new CompactedFailure(revision);
    case "future_revision":
      return new KvFailure(reason, `The store is at revision ${revision}.`);
    case "session_expired":
    case "idempotency_key_reused":
    case "not_an_integer":
    case "out_of_range":
    case "range_too_large":
    case "lease_not_found":
    case "lease_exists":
    case "lease_full":
      return new KvFailure(reason);
    case "malformed":
      return new TypeError("Cannot carry out a command: It was refused as malformed");
  }
}
