/**
 * The HTTP interface of a node as a function from requests to responses. docs/HTTP.md describes it.
 *
 * @module
 */

import { Hono } from "hono";
import { KvFailure } from "@raftkv/core/api";
import { failureOf } from "./failures.ts";
import type { KvPort } from "./kv_port.ts";
import { serveOpenApi } from "./openapi/routes_openapi.ts";
import { replyFailure } from "./reply.ts";
import { pathOf } from "./request_target.ts";
import { serveCluster } from "./routes_cluster.ts";
import { serveKv } from "./routes_kv.ts";
import { serveLeases } from "./routes_leases.ts";
import { serveWatch } from "./routes_watch.ts";
import { serveV1 } from "./routes_v1.ts";
import { serveSnapshot } from "./routes_snapshot.ts";

/** What the app needs besides the node. */
export interface AppOptions {
  /** Takes what was thrown and not foreseen: clients learn nothing of it, the operator must. */
  readonly onInternalError: (thrown: unknown) => void;
}

/** Makes the app that serves `port`. It holds no state of its own. */
export function createApp(port: KvPort, options: AppOptions): Hono {
  // Hono's own reading of the path decodes it, and a key must be decoded once.
  const app = new Hono({ getPath: (request) => pathOf(request.url) });
  serveKv(app, port);
  serveV1(app, port);
  serveLeases(app, port);
  serveWatch(app, port);
  serveCluster(app, port);
  serveSnapshot(app, port);
  serveOpenApi(app, port);
  app.notFound(() => replyFailure(port, new KvFailure("route_not_found")));
  app.onError((thrown) => {
    const failure = failureOf(thrown);
    if (failure.code === "internal") options.onInternalError(thrown);
    return replyFailure(port, failure);
  });
  return app;
}
