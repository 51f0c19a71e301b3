/**
 * The cluster over HTTP: who is there, who leads, whether this node can serve.
 *
 * @module
 */

import type { Hono } from "hono";
import { healthOf } from "./health.ts";
import { answering, requestFields } from "./http_door.ts";
import type { KvPort } from "./kv_port.ts";
import { health, leader, status } from "./operations/cluster.ts";
import { changeMembers, members, moveLeader } from "./operations/members.ts";
import { reply } from "./reply.ts";
import { serveRoute } from "./routes.ts";

/** Serves `/cluster/status`, `/cluster/leader`, `/cluster/members` and `/health`. */
export function serveCluster(app: Hono, port: KvPort): void {
  serveRoute(app, "/cluster/status", { port, methods: { GET: answering(port, status) } });
  serveRoute(app, "/cluster/leader", {
    port,
    methods: { GET: answering(port, leader), POST: answering(port, moveLeader) },
  });
  serveRoute(app, "/cluster/members", {
    port,
    methods: { GET: answering(port, members), POST: answering(port, changeMembers) },
  });
  serveRoute(app, "/health", { port, methods: { GET: (request) => healthRoute(port, request) } });
}

/** Whether this node can serve, in the status too: for those who ask only for that. */
async function healthRoute(port: KvPort, request: Request): Promise<Response> {
  await requestFields(request, health);
  const answer = healthOf(port);
  const status = answer.status === "ok" ? {} : UNAVAILABLE;
  return reply(port, JSON.stringify(answer), status);
}

const UNAVAILABLE = { status: 503, headers: { "retry-after": "1" } } as const;
