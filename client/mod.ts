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

export * from "./kv_client.ts";
export * from "./kv_error.ts";
export type { Fetch } from "./attempt.ts";
export type { RequestOptions } from "./requester.ts";
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
  NodeStatusJson,
  Outcome,
  PutAnswer,
  Role,
} from "@raftkv/core/api";
