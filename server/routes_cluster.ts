/**
 * The cluster over HTTP: who is there, who leads, whether this node can serve.
 *
 * @module
 */

import type { Hono } from "hono";
import {
  type ClusterStatusAnswer,
  type HealthAnswer,
  KvFailure,
  type LeaderAnswer,
  type NodeStatusJson,
} from "@raftkv/core/api";
import type { MemberStatus } from "@raftkv/core/replica";
import type { KvPort } from "./kv_port.ts";
import { parseQuery, timeoutMsOf } from "./query.ts";
import { reply } from "./reply.ts";
import { targetOf } from "./request_target.ts";
import { type Handler, serveRoute } from "./routes.ts";

/** Serves `/cluster/status`, `/cluster/leader` and `/health`. */
export function serveCluster(app: Hono, port: KvPort): void {
  const serve = (path: string, GET: Handler) => serveRoute(app, path, { port, methods: { GET } });
  serve("/cluster/status", (request) => clusterStatus(port, request));
  serve("/cluster/leader", (request) => leader(port, request));
  serve("/health", (request) => health(port, request));
}

/** Someone looks at the answer: a dead member is to cost less than the patience of a write. */
const STATUS_TIMEOUT_MS_DEFAULT = 1_000;

async function clusterStatus(port: KvPort, request: Request): Promise<Response> {
  const query = parseQuery(targetOf(request.url).query, ["timeout"]);
  const timeoutMs = timeoutMsOf(query, STATUS_TIMEOUT_MS_DEFAULT);
  const members = await port.clusterStatus({ timeoutMs });
  const { leaderId, term } = port.status();
  const answer: ClusterStatusAnswer = {
    clusterId: port.clusterId,
    nodeId: port.nodeId,
    leaderId,
    term,
    nodes: members.map(nodeStatus),
  };
  return reply(port, JSON.stringify(answer));
}

function nodeStatus({ member: { id, url }, status }: MemberStatus): NodeStatusJson {
  if (status === null) return { id, url, reachable: false };
  return {
    id,
    url,
    reachable: true,
    role: status.role,
    term: status.term,
    leaderId: status.leaderId,
    lastIndex: status.lastIndex,
    commitIndex: status.commitIndex,
    appliedIndex: status.appliedIndex,
    snapshotIndex: status.snapshotIndex,
    revision: status.revision,
  };
}

function leader(port: KvPort, request: Request): Response {
  parseQuery(targetOf(request.url).query, []);
  const { leaderId, term } = port.status();
  const member = port.members().find(({ id }) => id === leaderId);
  if (member === undefined) throw new KvFailure("no_leader", "This node knows of no leader.");
  const answer: LeaderAnswer = { id: member.id, url: member.url, term };
  return reply(port, JSON.stringify(answer));
}

function health(port: KvPort, request: Request): Response {
  parseQuery(targetOf(request.url).query, []);
  const { role, leaderId } = port.status();
  const reason = port.isStopping ? "stopping" : leaderId === null ? "no_leader" : null;
  const node = { nodeId: port.nodeId, role, leaderId };
  if (reason === null) {
    const answer: HealthAnswer = { status: "ok", ...node };
    return reply(port, JSON.stringify(answer));
  }
  const answer: HealthAnswer = { status: "unavailable", ...node, reason };
  return reply(port, JSON.stringify(answer), {
    status: 503,
    headers: { "retry-after": "1" },
  });
}
