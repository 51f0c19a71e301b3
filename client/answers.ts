/**
 * The parse boundary: what a server sent is believed only after its shape has been looked at.
 * Fields that are not known are let through, so that an older client understands a newer server.
 *
 * @module
 */

import type {
  ClusterStatusAnswer,
  DeleteAnswer,
  FailureBody,
  FailureCode,
  GetAnswer,
  HealthAnswer,
  KeyValueJson,
  LeaderAnswer,
  ListAnswer,
  MemberJson,
  MembersAnswer,
  NodeStatusJson,
  Outcome,
  PutAnswer,
  SessionAnswer,
} from "@raftkv/core/api";
import type { TxnAnswer } from "./txn.ts";
import type { Written } from "./txn_operation.ts";
import type { WatchMessage, WatchMessageEvent } from "./watch_event.ts";

/** Whether a parsed JSON value has the shape of a `T`. */
export type Shape<T> = (value: unknown) => value is T;

type Check = (value: unknown) => boolean;

/** One check for each field of `T`, optional ones included. */
type Fields<T> = { readonly [Name in keyof Required<T>]: Check };

const text: Check = (value) => typeof value === "string";
const count: Check = (value) => typeof value === "number" && Number.isFinite(value);
const flag: Check = (value) => typeof value === "boolean";
const json: Check = (value) => value !== undefined;
const textOrNull: Check = (value) => value === null || text(value);
const optional = (check: Check): Check => (value) => value === undefined || check(value);
const listOf = (check: Check): Check => (value) => Array.isArray(value) && value.every(check);

function shape<T>(fields: Fields<T>): Shape<T> {
  const checks: readonly [string, Check][] = Object.entries(fields);
  return (value): value is T => {
    if (typeof value !== "object" || value === null) return false;
    const found = new Map<string, unknown>(Object.entries(value));
    return checks.every(([name, check]) => check(found.get(name)));
  };
}

const keyValueFields: Fields<KeyValueJson> = {
  key: text,
  value: json,
  encoding: optional((value) => value === "base64"),
  createRevision: count,
  modRevision: count,
  version: count,
  lease: optional(text),
};

/** The answer of `PUT /kv/:key`. */
export const isPutAnswer: Shape<PutAnswer> = shape<PutAnswer>({
  revision: count,
  key: text,
  createRevision: count,
  modRevision: count,
  version: count,
});

/** The answer of `GET /kv/:key`. */
export const isGetAnswer: Shape<GetAnswer> = shape<GetAnswer>({
  revision: count,
  ...keyValueFields,
});

/** The answer of `DELETE /kv/:key`. */
export const isDeleteAnswer: Shape<DeleteAnswer> = shape<DeleteAnswer>({
  revision: count,
  key: text,
  deleted: count,
});

/** The answer of `GET /kv`. */
export const isListAnswer: Shape<ListAnswer> = shape<ListAnswer>({
  revision: count,
  items: listOf(shape<KeyValueJson>(keyValueFields)),
  cursor: textOrNull,
});

/** The answer of `GET /v1/kv?countOnly=true`. */
export const isCountAnswer: Shape<CountAnswer> = shape<CountAnswer>({
  revision: count,
  count,
});

/** How many keys there are. */
export interface CountAnswer {
  readonly revision: number;
  readonly count: number;
}

/** The answer of `DELETE /v1/kv`. */
export const isDeleteRangeAnswer: Shape<DeleteRangeAnswer> = shape<DeleteRangeAnswer>({
  revision: count,
  deleted: count,
});

/** How many keys were removed. */
export interface DeleteRangeAnswer {
  readonly revision: number;
  readonly deleted: number;
}

/** The answer of `POST /v1/increment`. */
export const isIncrementAnswer: Shape<IncrementAnswer> = shape<IncrementAnswer>({
  revision: count,
  value: (value) => typeof value === "string" && /^-?\d+$/.test(value),
  createRevision: count,
  modRevision: count,
  version: count,
});

/** What a counter holds now, as a text. */
export interface IncrementAnswer extends Written {
  readonly revision: number;
  readonly value: string;
}

/** The answer of `POST /v1/txn`. */
export const isTxnAnswer: Shape<TxnAnswer> = shape<TxnAnswer>({
  revision: count,
  succeeded: flag,
  responses: listOf((value) => typeof value === "object" && value !== null),
});

/** The answer of the routes of leases. */
export const isLeaseAnswer: Shape<LeaseAnswer> = shape<LeaseAnswer>({
  revision: count,
  lease: text,
});

/** Which lease was granted, renewed or ended. */
export interface LeaseAnswer {
  readonly revision: number;
  readonly lease: string;
}

/** The answer of `GET /v1/leases/:id`. */
export const isLeaseTimeAnswer: Shape<LeaseTimeAnswer> = shape<LeaseTimeAnswer>({
  revision: count,
  lease: text,
  ttl: count,
  grantedTtl: count,
  keys: listOf(text),
});

/** What is left of a lease. */
export interface LeaseTimeAnswer {
  readonly revision: number;
  readonly lease: string;
  readonly ttl: number;
  readonly grantedTtl: number;
  readonly keys: readonly string[];
}

/** The answer of `GET /v1/leases`. */
export const isLeasesAnswer: Shape<LeasesAnswer> = shape<LeasesAnswer>({
  revision: count,
  leases: listOf(text),
  more: flag,
});

/** Ids of leases. */
export interface LeasesAnswer {
  readonly revision: number;
  readonly leases: readonly string[];
  readonly more: boolean;
}

/** The answer of `POST /v1/compact`. */
export const isCompactAnswer: Shape<CompactAnswer> = shape<CompactAnswer>({
  revision: count,
  compactRevision: count,
});

/** What can still be read. */
export interface CompactAnswer {
  readonly revision: number;
  readonly compactRevision: number;
}

const isKeyValue = shape<KeyValueJson>(keyValueFields);
const prevKv = optional((value) => value === null || isKeyValue(value));

const isPutMessage = shape<Extract<WatchMessageEvent, { type: "put" }>>({
  type: (value) => value === "put",
  kv: isKeyValue,
  prevKv,
});

const isDeleteMessage = shape<Extract<WatchMessageEvent, { type: "delete" }>>({
  type: (value) => value === "delete",
  key: text,
  prevKv,
});

const isEvents = shape<Extract<WatchMessage, { type: "events" }>>({
  type: (value) => value === "events",
  revision: count,
  events: listOf((value) => isPutMessage(value) || isDeleteMessage(value)),
});

const isBookmark = shape<Extract<WatchMessage, { type: "bookmark" }>>({
  type: (value) => value === "bookmark",
  revision: count,
});

const isCompacted = shape<Extract<WatchMessage, { type: "compacted" }>>({
  type: (value) => value === "compacted",
  compactRevision: count,
});

/** One message of `GET /v1/watch`. */
export const isWatchMessage: Shape<WatchMessage> = (value): value is WatchMessage =>
  isEvents(value) || isBookmark(value) || isCompacted(value);

/** The answer of `POST /sessions`. */
export const isSessionAnswer: Shape<SessionAnswer> = shape<SessionAnswer>({
  revision: count,
  session: text,
});

/** The answer of `GET /cluster/leader`. */
export const isLeaderAnswer: Shape<LeaderAnswer> = shape<LeaderAnswer>({
  id: text,
  url: text,
  term: count,
});

/** The answer of `GET /cluster/members`, and of a change of them. */
export const isMembersAnswer: Shape<MembersAnswer> = shape<MembersAnswer>({
  clusterId: text,
  leaderId: textOrNull,
  index: count,
  joint: flag,
  committed: flag,
  members: listOf(shape<MemberJson>({
    id: text,
    url: text,
    role: text,
    replaces: optional(text),
    incarnation: optional(text),
  })),
});

/** The answer of `GET /cluster/status`. */
export const isClusterStatus: Shape<ClusterStatusAnswer> = shape<ClusterStatusAnswer>({
  clusterId: text,
  nodeId: text,
  leaderId: textOrNull,
  term: count,
  nodes: listOf(shape<NodeStatusJson>({
    id: text,
    url: text,
    reachable: flag,
    role: optional(text),
    term: optional(count),
    leaderId: optional(textOrNull),
    lastIndex: optional(count),
    commitIndex: optional(count),
    appliedIndex: optional(count),
    snapshotIndex: optional(count),
    revision: optional(count),
  })),
});

/** The answer of `GET /health`, under 200 and 503 alike. */
export const isHealthAnswer: Shape<HealthAnswer> = shape<HealthAnswer>({
  status: (value) => value === "ok" || value === "unavailable",
  nodeId: text,
  role: text,
  leaderId: textOrNull,
  reason: optional(text),
});

/** A failure; it says itself what follows from it, so that the codes of a newer server do as well. */
export const isFailure: Shape<FailureBody["error"]> = shape<FailureBody["error"]>({
  code: isFailureCode,
  message: text,
  retryable: flag,
  outcome: isOutcome,
  compactRevision: optional(count),
});

/** The body of every failure. */
export const isFailureBody: Shape<FailureBody> = shape<FailureBody>({ error: isFailure });

function isFailureCode(value: unknown): value is FailureCode {
  return typeof value === "string" && /^[a-z_]+$/.test(value);
}

function isOutcome(value: unknown): value is Outcome {
  return value === "not_applied" || value === "unknown";
}

/** What a text holds as JSON; undefined when it is none, which no answer's shape admits. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
