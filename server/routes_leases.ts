/**
 * Leases over HTTP.
 *
 * @module
 */

import type { Hono } from "hono";
import { answering } from "./http_door.ts";
import type { KvPort } from "./kv_port.ts";
import {
  leaseGrant,
  leaseKeepAlive,
  leaseRevoke,
  leases,
  leaseTimeToLive,
} from "./operations/leases.ts";
import { serveRoute } from "./routes.ts";

/** Serves `/v1/leases`. */
export function serveLeases(app: Hono, port: KvPort): void {
  serveRoute(app, LEASES, {
    port,
    methods: { GET: answering(port, leases), POST: answering(port, leaseGrant) },
  });
  serveRoute(app, `${LEASES}/:id`, {
    port,
    methods: {
      GET: answering(port, leaseTimeToLive, leaseFields),
      DELETE: answering(port, leaseRevoke, leaseFields),
    },
  });
  serveRoute(app, `${LEASES}/:id/keepalive`, {
    port,
    methods: { POST: answering(port, leaseKeepAlive, leaseFields) },
  });
}

const LEASES = "/v1/leases";

/** The id in the path, as it stands there. */
function leaseFields(path: string): { lease: string } {
  return { lease: path.slice(LEASES.length + 1).split("/")[0] ?? "" };
}
