/**
 * Every route of the HTTP interface, for its document: which form it reads and what it answers with.
 *
 * @module
 */

import { health, leader, snapshot, status } from "../operations/cluster.ts";
import {
  leaseGrant,
  leaseKeepAlive,
  leaseRevoke,
  leases,
  leaseTimeToLive,
} from "../operations/leases.ts";
import { list } from "../operations/list.ts";
import { changeMembers, members, moveLeader } from "../operations/members.ts";
import type { Form } from "../operations/operation.ts";
import { get, range } from "../operations/read.ts";
import { compact, openSession } from "../operations/store.ts";
import { watch } from "../operations/watch.ts";
import { deleteRange, increment, put, remove, txn } from "../operations/write.ts";
import { FIRST_DELETE, FIRST_GET, FIRST_PUT } from "../routes_kv.ts";
import { DELETE_BY_QUERY, GET_BY_QUERY, PUT_BY_QUERY } from "../routes_v1.ts";

/** One method of one path. */
export interface DocumentedRoute {
  /** In lower case, as OpenAPI has it. */
  readonly method: "get" | "put" | "post" | "delete";
  /** With the names of its parameters in braces. */
  readonly path: string;
  /** Under which head it stands. */
  readonly tag:
    | "Keys"
    | "Transactions"
    | "Leases"
    | "Watches"
    | "Store"
    | "Cluster"
    | "First routes";
  /** What it reads. */
  readonly form: Form;
  /** Whether it asks more than the node itself, and may fail as everything does that asks others. */
  readonly asksCluster: boolean;
  /** Headers that it looks at beside those of the form, each with what it is for. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Media types of a 200 beside JSON, each with what comes in it. */
  readonly media?: Readonly<Record<string, string>>;
  /** Whether a 200 is never JSON. */
  readonly isNeverJson?: true;
  /** Statuses beside 200 and failures, each with what it means. */
  readonly statuses?: Readonly<Record<string, string>>;
}

const ACCEPT = "Accept";

/** All there are. */
export const ROUTES: readonly DocumentedRoute[] = [
  {
    method: "get",
    path: "/v1/kv/{key}",
    tag: "Keys",
    form: get,
    asksCluster: true,
    headers: {
      "If-None-Match": "The entity tags that the client holds: 304 if one is that of the key.",
      [ACCEPT]: "`application/octet-stream` for the bytes of the value.",
    },
    media: { "application/octet-stream": "The bytes of the value." },
    statuses: { 304: "The client holds what there is." },
  },
  { method: "put", path: "/v1/kv/{key}", tag: "Keys", form: put, asksCluster: true },
  { method: "delete", path: "/v1/kv/{key}", tag: "Keys", form: remove, asksCluster: true },
  {
    method: "get",
    path: "/v1/key",
    tag: "Keys",
    form: GET_BY_QUERY,
    asksCluster: true,
    headers: {
      "If-None-Match": "The entity tags that the client holds: 304 if one is that of the key.",
      [ACCEPT]: "`application/octet-stream` for the bytes of the value.",
    },
    media: { "application/octet-stream": "The bytes of the value." },
    statuses: { 304: "The client holds what there is." },
  },
  { method: "put", path: "/v1/key", tag: "Keys", form: PUT_BY_QUERY, asksCluster: true },
  { method: "delete", path: "/v1/key", tag: "Keys", form: DELETE_BY_QUERY, asksCluster: true },
  {
    method: "get",
    path: "/v1/kv",
    tag: "Keys",
    form: range,
    asksCluster: true,
    headers: { [ACCEPT]: "`application/x-ndjson` for the whole range as lines." },
    media: {
      "application/x-ndjson": "A line for each key, then one with `count`, `more` and `revision`.",
    },
  },
  { method: "delete", path: "/v1/kv", tag: "Keys", form: deleteRange, asksCluster: true },
  { method: "post", path: "/v1/txn", tag: "Transactions", form: txn, asksCluster: true },
  {
    method: "post",
    path: "/v1/increment",
    tag: "Transactions",
    form: increment,
    asksCluster: true,
  },
  { method: "post", path: "/v1/leases", tag: "Leases", form: leaseGrant, asksCluster: true },
  { method: "get", path: "/v1/leases", tag: "Leases", form: leases, asksCluster: true },
  {
    method: "get",
    path: "/v1/leases/{lease}",
    tag: "Leases",
    form: leaseTimeToLive,
    asksCluster: true,
  },
  {
    method: "post",
    path: "/v1/leases/{lease}/keepalive",
    tag: "Leases",
    form: leaseKeepAlive,
    asksCluster: true,
  },
  {
    method: "delete",
    path: "/v1/leases/{lease}",
    tag: "Leases",
    form: leaseRevoke,
    asksCluster: true,
  },
  {
    method: "get",
    path: "/v1/watch",
    tag: "Watches",
    form: watch,
    asksCluster: true,
    headers: {
      "Last-Event-ID": "The revision of the last message that the client has, as browsers send it.",
      [ACCEPT]: "`application/x-ndjson` for lines instead of server-sent events.",
    },
    media: {
      "text/event-stream": "Server-sent events: `events`, `bookmark`, `compacted`.",
      "application/x-ndjson": "The same, one message a line.",
    },
    isNeverJson: true,
  },
  { method: "post", path: "/v1/compact", tag: "Store", form: compact, asksCluster: true },
  { method: "post", path: "/sessions", tag: "Store", form: openSession, asksCluster: true },
  {
    method: "get",
    path: "/v1/snapshot",
    tag: "Store",
    form: snapshot,
    asksCluster: true,
    media: { "application/octet-stream": "The backup file." },
    isNeverJson: true,
  },
  { method: "get", path: "/cluster/status", tag: "Cluster", form: status, asksCluster: true },
  { method: "get", path: "/cluster/leader", tag: "Cluster", form: leader, asksCluster: false },
  { method: "post", path: "/cluster/leader", tag: "Cluster", form: moveLeader, asksCluster: true },
  { method: "get", path: "/cluster/members", tag: "Cluster", form: members, asksCluster: true },
  {
    method: "post",
    path: "/cluster/members",
    tag: "Cluster",
    form: changeMembers,
    asksCluster: true,
  },
  {
    method: "get",
    path: "/health",
    tag: "Cluster",
    form: health,
    asksCluster: false,
    statuses: { 503: "The node cannot serve; the body says why." },
  },
  { method: "get", path: "/kv/{key}", tag: "First routes", form: FIRST_GET, asksCluster: true },
  { method: "put", path: "/kv/{key}", tag: "First routes", form: FIRST_PUT, asksCluster: true },
  {
    method: "delete",
    path: "/kv/{key}",
    tag: "First routes",
    form: FIRST_DELETE,
    asksCluster: true,
  },
  { method: "get", path: "/kv", tag: "First routes", form: list, asksCluster: true },
];
