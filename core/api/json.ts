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

/** A member as `GET /cluster/members` shows it. */
export interface MemberJson {
  /** Its id, which no other node ever had or will have. */
  readonly id: string;
  /** The base URL under which it is reached. */
  readonly url: string;
  /**
   * `voter`: its vote counts. `candidate`: it gets the log, and votes as soon as it has caught up.
   * `learner`: it gets the log and no vote. `leaving`: its vote counts until the change under way is
   * committed.
   */
  readonly role: "voter" | "candidate" | "learner" | "leaving";
  /** Of a candidate, the member that leaves when it begins to vote. */
  readonly replaces?: string;
  /** Names its data directory, once the cluster has met it. */
  readonly incarnation?: string;
}

/** Answer of `GET /cluster/members`, and of a change of them. */
export interface MembersAnswer {
  /** The cluster's id, the same for all its nodes. */
  readonly clusterId: string;
  /** The leader that the asked node follows, or null if it knows of none. */
  readonly leaderId: string | null;
  /** Where this configuration stands in the log: changes may demand it as `expectedIndex`. */
  readonly index: number;
  /** Whether a change is under way, in which the old and the new voters decide together. */
  readonly joint: boolean;
  /** Whether the asked node knows that the configuration is committed. */
  readonly committed: boolean;
  /** Everyone, in order of their ids. */
  readonly members: readonly MemberJson[];
}

/** A node that is to join. */
export interface NewMemberJson {
  /** The base URL under which it will be reached. */
  readonly url: string;
  /** Whether it is to vote as soon as it has caught up; true if not given. */
  readonly voter?: boolean;
}

/** A member and a URL. */
export interface MemberUrlJson {
  /** The member. */
  readonly id: string;
  /** The base URL that is meant. */
  readonly url: string;
}

/** Body of `POST /cluster/members`: all of it is done in one change, or nothing. */
export interface MembersBody {
  /** Nodes that join, as learners first. */
  readonly add?: readonly NewMemberJson[];
  /** Voters in whose places new nodes come, once those have caught up. */
  readonly replace?: readonly MemberUrlJson[];
  /** Members that leave. */
  readonly remove?: readonly string[];
  /** Learners that begin to vote. */
  readonly promote?: readonly string[];
  /** Members that are reached under another URL from now on. */
  readonly move?: readonly MemberUrlJson[];
  /** The change is refused unless this is the index of the configuration in force. */
  readonly expectedIndex?: number;
}

/** Body of `POST /cluster/leader`. */
export interface MoveLeaderBody {
  /** Who is to lead; whoever is furthest along if not given. */
  readonly member?: string;
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
