/**
 * What a client and its methods can be told.
 *
 * @module
 */

import type { Json } from "@raftkv/core/api";
import type { Fetch } from "./attempt.ts";
import type { ClaimOptions } from "./claim.ts";
import { type Compare, when } from "./compare.ts";
import type { OperationFields } from "./operation.ts";
import type { RequestOptions } from "./request_options.ts";
import type { Selection } from "./selection.ts";
import type { OpenSocket } from "./socket.ts";
import type { Timers } from "./timers.ts";
import type { Lifetime } from "./txn_operation.ts";

/** How to reach a cluster. */
export interface ConnectOptions {
  /**
   * Base URLs of one or more nodes. One is enough while it lives: the others are learnt from it. A
   * node that is down at the start can only be got around if another one is named.
   */
  readonly endpoints: readonly string[];
  /** Milliseconds for a request with all its retries; 10,000 if not given. */
  readonly timeoutMs?: number;
  /**
   * Whether to ask the cluster for its other members; true if not given. Say false where the URLs
   * by which the nodes know each other cannot be reached from here.
   */
  readonly discover?: boolean;
  /** Used instead of the global `fetch`; then nothing but it is used, unless `webSocket` is given. */
  readonly fetch?: Fetch;
  /**
   * Makes the WebSockets over which all requests go, one for each node; false for none. If not given,
   * those of the runtime are used where there are any. Where no socket comes about, HTTP serves.
   */
  readonly webSocket?: OpenSocket | false;
  /** Called once when the client is closed and nothing of it is under way any more. */
  readonly onClose?: () => Promise<void>;
  /** Spreads clients over nodes and retries over time: numbers in [0, 1). */
  readonly random?: () => number;
  /** Clock and timers; the runtime's if not given. */
  readonly timers?: Timers;
}

/** Options of a read. */
export interface ReadOptions extends RequestOptions {
  /**
   * `linearizable` (if not given) sees every write acknowledged before it began; `stale` is answered
   * by whichever node is asked, from what that node knows.
   */
  readonly consistency?: "linearizable" | "stale";
  /** As of which revision to read; the present one if not given. */
  readonly revision?: number;
}

/** The condition of a write on one key. */
export interface WriteCondition {
  /**
   * Write only if the key's last change was at this revision, or only if the key is not there, if
   * this is null; else the write throws a `precondition_failed`.
   */
  readonly ifRevision?: number | null;
}

/** Options of {@linkcode KvClient.put}. */
export interface PutOptions extends RequestOptions, Lifetime, WriteCondition {}

/** Options of {@linkcode KvClient.delete}. */
export interface RemoveOptions extends RequestOptions, WriteCondition {}

/** Options of {@linkcode KvClient.list}. */
export interface ListOptions extends ReadOptions, Selection {
  /** Keys fetched at once, 1 to 1,000; the server's choice if not given. */
  readonly limit?: number;
  /** Whether to begin at the end. */
  readonly reverse?: boolean;
}

/** Options of {@linkcode KvClient.listPage}. */
export interface ListPageOptions extends ListOptions {
  /** Where the last page ended: its `cursor`. */
  readonly cursor?: string;
}

/** Options of {@linkcode KvClient.elect}. */
export interface ElectOptions extends ClaimOptions {
  /** What others are to know of the leader, say its address; null if not given. */
  readonly value?: Json;
}

/** Options of {@linkcode KvClient.lease}. */
export interface LeaseOptions extends RequestOptions {
  /** Whole seconds that it lives without renewal. */
  readonly ttl: number;
}

/** The fields of a condition. */
export function conditionFields({ ifRevision }: WriteCondition): OperationFields {
  if (ifRevision === undefined) return {};
  return ifRevision === null ? { ifNoneMatch: "*" } : { ifMatch: ifRevision };
}

/** The same condition within a transaction. */
export function conditionsOf(key: string, { ifRevision }: WriteCondition): Compare[] {
  if (ifRevision === undefined) return [];
  return [ifRevision === null ? when(key).isMissing() : when(key).modRevision("=", ifRevision)];
}

/** The fields of a read. */
export function readFields({ consistency, revision }: ReadOptions): OperationFields {
  return { consistency, revision };
}
