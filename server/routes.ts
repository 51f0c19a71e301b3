/**
 * One path, its methods, and what happens for all others.
 *
 * @module
 */

import type { Hono } from "hono";
import { KvFailure } from "@raftkv/core/api";
import type { KvPort } from "./kv_port.ts";
import { replyEmpty, replyFailure } from "./reply.ts";

/** Answers one request. */
export type Handler = (request: Request) => Response | Promise<Response>;

/** The handlers of one path; HEAD goes with GET. */
export interface Methods {
  /** Reads. */
  readonly GET?: Handler;
  /** Sets what the path names. */
  readonly PUT?: Handler;
  /** Makes something new. */
  readonly POST?: Handler;
  /** Takes away what the path names. */
  readonly DELETE?: Handler;
}

/**
 * Serves a path: its methods, OPTIONS, and 405 for any other. One entry in the router for all of
 * them, which keeps the router on its shortest way.
 */
export function serveRoute(
  app: Hono,
  path: string,
  options: { readonly port: KvPort; readonly methods: Methods },
): void {
  const { port, methods } = options;
  const handlers = new Map<string, Handler>(Object.entries(methods));
  // Hono leaves the body away.
  if (methods.GET !== undefined) handlers.set("HEAD", methods.GET);
  const allow = [...handlers.keys(), "OPTIONS"].sort().join(", ");
  app.all(path, (context) => {
    const request = context.req.raw;
    const handler = handlers.get(request.method);
    if (handler !== undefined) return handler(request);
    if (request.method === "OPTIONS") return replyEmpty(port, { allow });
    return replyFailure(port, new KvFailure("method_not_allowed"), { allow });
  });
}
