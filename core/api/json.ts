/**
 * The JSON that travels over HTTP, as types shared by server and client.
 *
 * @module
 */

import type { Role } from "../raft/message.ts";

export type { Role };

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
  /** The key as text. */
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
  /** The lease with which the key ends; only if it has one. */
  readonly lease?: string;
}

/** Body of `PUT /kv/:key`. */
export interface PutBody {
  /** The value: any JSON. */
  readonly value: Json;
}

/** Answer of `PUT /kv/:key`. */
export interface PutAnswer extends AnswerHeader {
  /** The key that was written. */
  readonly key: string;
  /** The revision at which the key last came into being. */
  readonly createRevision: number;
  /** The revision of this write. */
  readonly modRevision: number;
  /** How many times it was written since it came into being; 1 when new. */
  readonly version: number;
}

/** Answer of `GET /kv/:key`. */
export interface GetAnswer extends AnswerHeader, KeyValueJson {}

/** Answer of `DELETE /kv/:key`. */
export interface DeleteAnswer extends AnswerHeader {
  /** The key that was asked for. */
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
  /** The leader's id. */
  readonly id: string;
  /** The base URL under which it is reached. */
  readonly url: string;
  /** The term in which it leads. */
  readonly term: number;
}

/** One node as `GET /cluster/status` shows it. */
export interface NodeStatusJson {
  /** The node's id. */
  readonly id: string;
  /** The base URL under which it is reached. */
  readonly url: string;
  /** Whether the asked node got an answer from it in time. The fields below need that. */
  readonly reachable: boolean;
  /** Its role in its term. */
  readonly role?: Role;
  /** Its election term. */
  readonly term?: number;
  /** The leader it follows, or null if it knows of none. */
  readonly leaderId?: string | null;
  /** The last entry in its log. */
  readonly lastIndex?: number;
  /** The last entry it knows to be committed. */
  readonly commitIndex?: number;
  /** The last entry its store reflects. */
  readonly appliedIndex?: number;
  /** The last entry its snapshot covers. */
  readonly snapshotIndex?: number;
  /** The revision of its store. */
  readonly revision?: number;
}

/** Answer of `GET /cluster/status`. */
export interface ClusterStatusAnswer {
  /** The cluster's id, the same for all its nodes. */
  readonly clusterId: string;
  /** The node that answers. */
  readonly nodeId: string;
  /** The leader it follows, or null if it knows of none. */
  readonly leaderId: string | null;
  /** Its election term. */
  readonly term: number;
  /** Every member, the answering node included. */
  readonly nodes: readonly NodeStatusJson[];
}

/** Answer of `GET /health`: 200 if the node can serve, 503 if not. */
export interface HealthAnswer {
  /** Whether the node can serve. */
  readonly status: "ok" | "unavailable";
  /** The node that answers. */
  readonly nodeId: string;
  /** Its role in its term. */
  readonly role: Role;
  /** The leader it follows, or null if it knows of none. */
  readonly leaderId: string | null;
  /** Why not, if not. */
  readonly reason?: string;
}
