/**
 * RaftKV's client: put, get, delete and list over HTTP, against any node or all of them, from Deno,
 * Node or a browser. It finds the leader, gets around dead nodes, and repeats what is safe to
 * repeat; each write takes effect at most once.
 *
 * ```ts
 * import { connect } from "@raftkv/client";
 *
 * await using kv = connect({ endpoints: ["http://localhost:8001"] });
 * await kv.put("db.host", "postgres.internal");
 * const entry = await kv.get("db.host");
 * ```
 *
 * @module
 */

export type { Claim, ClaimOptions } from "./claim.ts";
export type { Collection, EntryStore } from "./collection.ts";
export * from "./compare.ts";
export * from "./kv.ts";
export { connect } from "./kv_client.ts";
export { KvError, type KvErrorCode, type KvErrorDetail } from "./kv_error.ts";
export type { Lease } from "./lease.ts";
export type {
  ConnectOptions,
  ElectOptions,
  LeaseOptions,
  ListOptions,
  ListPageOptions,
  PutOptions,
  ReadOptions,
  RemoveOptions,
  WriteCondition,
} from "./options.ts";
export * from "./selection.ts";
export * from "./standard_schema.ts";
export type {
  Operations,
  ResultsOf,
  SendTxn,
  Txn,
  TxnAnswer,
  TxnFields,
  TxnResult,
} from "./txn.ts";
export * from "./txn_operation.ts";
export * from "./value.ts";
export type {
  BookmarkEvent,
  DeleteEvent,
  PutEvent,
  ResetEvent,
  WatchEvent,
  WatchOptions,
} from "./watch_event.ts";
export type { Fetch } from "./attempt.ts";
export type { RequestOptions } from "./request_options.ts";
export type { OpenSocket, SocketLike } from "./socket.ts";
export type { Timers } from "./timers.ts";
export type {
  AnswerHeader,
  ClusterStatusAnswer,
  DeleteAnswer,
  FailureCode,
  GetAnswer,
  HealthAnswer,
  Json,
  KeyValueJson,
  LeaderAnswer,
  ListAnswer,
  MemberJson,
  MembersAnswer,
  MembersBody,
  MemberUrlJson,
  NewMemberJson,
  NodeStatusJson,
  Outcome,
  PutAnswer,
  Role,
} from "@raftkv/core/api";
