/**
 * The first routes, kept for those who use them: keys, lists and sessions. Everything else, and more
 * of these, is under `/v1`.
 *
 * @module
 */

import type { Hono } from "hono";
import { answering } from "./http_door.ts";
import type { KvPort } from "./kv_port.ts";
import { list } from "./operations/list.ts";
import { only, type Operation } from "./operations/operation.ts";
import { get, READ_FAILURES } from "./operations/read.ts";
import { openSession } from "./operations/store.ts";
import { put, remove } from "./operations/write.ts";
import { KEY_PATH, keyFields } from "./request_target.ts";
import { serveRoute } from "./routes.ts";

/** Serves `/kv`, `/kv/:key` and `/sessions`. */
export function serveKv(app: Hono, port: KvPort): void {
  serveRoute(app, "/kv", { port, methods: { GET: answering(port, list) } });
  serveRoute(app, `${KEY_PATH}*`, {
    port,
    methods: {
      GET: answering(port, FIRST_GET, keyFields),
      PUT: answering(port, FIRST_PUT, keyFields),
      DELETE: answering(port, FIRST_DELETE, keyFields),
    },
  });
  serveRoute(app, "/sessions", { port, methods: { POST: answering(port, openSession) } });
}

/** What can be asked of a key. */
export const FIRST_GET: Operation = only(get, ["consistency", "timeout"], {
  without: ["compacted", "future_revision", ...READ_FAILURES],
});
/** How a key is given a value. */
export const FIRST_PUT: Operation = only(put, ["timeout", "idempotencyKey", "value"], {
  without: ["precondition_failed", "lease_not_found", "lease_full"],
});
/** How a key is taken out. */
export const FIRST_DELETE: Operation = only(remove, ["timeout", "idempotencyKey"], {
  without: ["precondition_failed"],
});
