/**
 * Watches over HTTP: server-sent events, which browsers resume by themselves, or lines.
 *
 * @module
 */

import type { Hono } from "hono";
import { CompactedFailure, KvFailure } from "@raftkv/core/api";
import { keyAfter, type KeyRange, type KvEvent, parseKey } from "@raftkv/core/kv";
import { wantsType } from "./accept.ts";
import type { KvPort } from "./kv_port.ts";
import {
  durationMsOf,
  flagOf,
  parseQuery,
  type Query,
  rangeOf,
  revisionOf,
  timeoutMsOf,
} from "./query.ts";
import { replyBytes } from "./reply.ts";
import { targetOf } from "./request_target.ts";
import { serveRoute } from "./routes.ts";
import { EVENT_STREAM, LINES, watchStream } from "./watch_stream.ts";

/** Serves `/v1/watch`. */
export function serveWatch(app: Hono, port: KvPort): void {
  serveRoute(app, "/v1/watch", { port, methods: { GET: (request) => watch(port, request) } });
}

const PARAMETERS = [
  "key",
  "prefix",
  "start",
  "end",
  "revision",
  "prevKv",
  "only",
  "bookmark",
  "timeout",
];

async function watch(port: KvPort, request: Request): Promise<Response> {
  const query = parseQuery(targetOf(request.url).query, PARAMETERS);
  const range = watchedRange(query);
  const kinds = kindsOf(query);
  const prevKv = flagOf(query, "prevKv");
  const bookmarkMs = durationMsOf(query, "bookmark", { fallbackMs: BOOKMARK_MS });
  const asked = startOf(request.headers, query);
  // Whoever asks for what comes from now on must not be shown less than was acknowledged before.
  const reader = asked === null
    ? await port.read("linearizable", { timeoutMs: timeoutMsOf(query) })
    : port.events;
  const revision = asked ?? reader.revision + 1;
  if (revision <= port.events.compactRevision) {
    throw new CompactedFailure(port.events.compactRevision);
  }
  const isLines = wantsType(request, "application/x-ndjson");
  const stream = watchStream(port, { range, revision, prevKv, kinds, bookmarkMs }, {
    format: isLines ? LINES : EVENT_STREAM,
  });
  const type = isLines ? "application/x-ndjson" : "text/event-stream";
  return replyBytes(port, stream, { type });
}

/** Where to begin: behind the last event that the client has, or at `?revision=`. */
function startOf(headers: Headers, query: Query): number | null {
  const asked = revisionOf(query);
  const last = headers.get("last-event-id");
  if (last === null) return asked;
  const revision = /^\d{1,16}$/.test(last) ? Number(last) + 1 : NaN;
  if (Number.isSafeInteger(revision)) return revision;
  throw new KvFailure("invalid_argument", "The Last-Event-ID is a revision.");
}

function watchedRange(query: Query): KeyRange {
  const text = query.get("key");
  if (text === undefined) return rangeOf(query);
  if (["prefix", "start", "end"].some((name) => query.has(name))) {
    throw new KvFailure("invalid_argument", "A watch is of a key, a prefix, or start and end.");
  }
  const key = parseKey(new TextEncoder().encode(text));
  if (key === null) throw new KvFailure("invalid_key", "A key has from 1 to 2,048 bytes.");
  return { start: key, end: keyAfter(key) };
}

function kindsOf(query: Query): readonly KvEvent["kind"][] {
  const only = query.get("only");
  if (only === undefined) return ["put", "delete"];
  if (only === "put" || only === "delete") return [only];
  throw new KvFailure("invalid_argument", "A watch is of put or delete only, or of both.");
}

/** Often enough that no proxy takes the connection for dead. */
const BOOKMARK_MS = 10_000;
