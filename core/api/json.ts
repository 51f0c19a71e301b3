/**
 * The JSON that travels over HTTP, as types shared by server and client.
 *
 * @module
 */

import type { Role } from "../raft/message.ts";

/** Any JSON value. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json };

/** What every answer says about where it comes from. */
export interface AnswerHeader {
  /** The store's revision that the answer reflects. */
  readonly revision: number;
}

/** A key with its value and history. */
export interface KeyValueJson {
  readonly key: string;
  /** The value: any JSON; base64 text if `encoding` says so. */
  readonly value: Json;
  /** Present if the value is not text or JSON but bytes, shown in base64. */
  readonly encoding?: "base64";
  /** The revision at which the key last came into being. */
  readonly createRevision: number;
  /** The revision of its last change. */
  readonly modRevision: number;
  /** How many times it was written since it came into being; 1 when new. */
  readonly version: number;
}

/** Body of `PUT /kv/:key`. */
export interface PutBody {
  readonly value: Json;
}

/** Answer of `PUT /kv/:key`. */
export interface PutAnswer extends AnswerHeader {
  readonly key: string;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
}

/** Answer of `GET /kv/:key`. */
export interface GetAnswer extends AnswerHeader, KeyValueJson {}

/** Answer of `DELETE /kv/:key`. */
export interface DeleteAnswer extends AnswerHeader {
  readonly key: string;
  /** How many keys were removed: 0 or 1. */
  readonly deleted: number;
}

/** Answer of `GET /kv`. */
export interface ListAnswer extends AnswerHeader {
  /** One page in the order of the keys' bytes. */
  readonly items: readonly KeyValueJson[];
  /** Pass it as `?cursor=` for the next page; null after the last. */
  readonly cursor: string | null;
}

/** Answer of `POST /sessions`. */
export interface SessionAnswer extends AnswerHeader {
  /** The session's id, for `Idempotency-Key: <session>/<sequence>`. */
  readonly session: string;
}

/** Answer of `GET /cluster/leader`. */
export interface LeaderAnswer {
  readonly id: string;
  readonly url: string;
  readonly term: number;
}

/** One node as `GET /cluster/status` shows it. */
export interface NodeStatusJson {
  readonly id: string;
  readonly url: string;
  /** Whether the asked node got an answer from it in time. The fields below need that. */
  readonly reachable: boolean;
  readonly role?: Role;
  readonly term?: number;
  readonly leaderId?: string | null;
  readonly lastIndex?: number;
  readonly commitIndex?: number;
  readonly appliedIndex?: number;
  readonly snapshotIndex?: number;
  readonly revision?: number;
}

/** Answer of `GET /cluster/status`. */
export interface ClusterStatusAnswer {
  readonly clusterId: string;
  /** The node that answers. */
  readonly nodeId: string;
  readonly leaderId: string | null;
  readonly term: number;
  readonly nodes: readonly NodeStatusJson[];
}

/** Answer of `GET /health`: 200 if the node can serve, 503 if not. */
export interface HealthAnswer {
  readonly status: "ok" | "unavailable";
  readonly nodeId: string;
  readonly role: Role;
  readonly leaderId: string | null;
  /** Why not, if not. */
  readonly reason?: string;
}
