/**
 * Watches over HTTP: server-sent events, which browsers resume by themselves, or lines.
 *
 * @module
 */

import type { Hono } from "hono";
import { KvFailure } from "@raftkv/core/api";
import { wantsType } from "./accept.ts";
import { requestFields } from "./http_door.ts";
import type { KvPort } from "./kv_port.ts";
import { carryOut } from "./operations/ask.ts";
import { watch, watchAsk } from "./operations/watch.ts";
import { replyBytes } from "./reply.ts";
import { serveRoute } from "./routes.ts";
import { EVENT_STREAM, LINES, watchStream } from "./watch_stream.ts";

/** Serves `/v1/watch`. */
export function serveWatch(app: Hono, port: KvPort): void {
  serveRoute(app, "/v1/watch", { port, methods: { GET: (request) => watchRoute(port, request) } });
}

async function watchRoute(port: KvPort, request: Request): Promise<Response> {
  const asked = watch.parse(await requestFields(request, watch));
  const behind = behindLast(request.headers);
  const from = behind === null ? asked : { ...asked, revision: behind };
  const isLines = wantsType(request, "application/x-ndjson");
  const { result: what } = await carryOut(port, watchAsk(port, from));
  const stream = watchStream(port, what, {
    format: isLines ? LINES : EVENT_STREAM,
  });
  const type = isLines ? "application/x-ndjson" : "text/event-stream";
  return replyBytes(port, stream, { type });
}

/** Behind the last event that the client has; null if it has none. */
function behindLast(headers: Headers): number | null {
  const last = headers.get("last-event-id");
  if (last === null) return null;
  const revision = /^\d{1,16}$/.test(last) ? Number(last) + 1 : NaN;
  if (Number.isSafeInteger(revision)) return revision;
  throw new KvFailure("invalid_argument", "The Last-Event-ID is a revision.");
}
