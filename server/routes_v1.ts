/**
 * The routes under `/v1`, and what can be read there of keys: at present or as of a past revision, one
 * key or a range of them, at once, in pages or as a stream.
 *
 * @module
 */

import type { Hono } from "hono";
import { LIMITS } from "@raftkv/core";
import { CompactedFailure, KvFailure } from "@raftkv/core/api";
import type { KvReader, KvRecord, RangeRequest } from "@raftkv/core/kv";
import { getAnswer, listAnswer } from "./answers.ts";
import { countAt, ndjsonOf } from "./ndjson.ts";
import type { KvPort } from "./kv_port.ts";
import { decodePageCursor, encodePageCursor } from "./page_cursor.ts";
import { compactRoute } from "./routes_compact.ts";
import {
  consistencyOf,
  flagOf,
  integerOf,
  parseQuery,
  type Query,
  rangeOf,
  revisionOf,
  timeoutMsOf,
} from "./query.ts";
import {
  deleteRangeRoute,
  deleteRoute,
  incrementRoute,
  putRoute,
  txnRoute,
} from "./routes_v1_write.ts";
import { reply, replyBytes, replyUnchanged } from "./reply.ts";
import { parseKeyPath, targetOf, V1_KEY_PATH } from "./request_target.ts";
import { serveRoute } from "./routes.ts";

/** Serves `/v1`. */
export function serveV1(app: Hono, port: KvPort): void {
  serveRoute(app, "/v1/kv", {
    port,
    methods: {
      GET: (request) => list(port, request),
      DELETE: (request) => deleteRangeRoute(port, request),
    },
  });
  serveRoute(app, `${V1_KEY_PATH}*`, {
    port,
    methods: {
      GET: (request) => get(port, request),
      PUT: (request) => putRoute(port, request),
      DELETE: (request) => deleteRoute(port, request),
    },
  });
  serveRoute(app, "/v1/txn", { port, methods: { POST: (request) => txnRoute(port, request) } });
  serveRoute(app, "/v1/increment", {
    port,
    methods: { POST: (request) => incrementRoute(port, request) },
  });
  serveRoute(app, "/v1/compact", {
    port,
    methods: { POST: (request) => compactRoute(port, request) },
  });
}

async function get(port: KvPort, request: Request): Promise<Response> {
  const target = targetOf(request.url);
  const query = parseQuery(target.query, ["revision", "consistency", "timeout"]);
  const key = parseKeyPath(target.path);
  const asked = revisionOf(query);
  const reader = await port.read(consistencyOf(query), { timeoutMs: timeoutMsOf(query) });
  const revision = readableRevision(reader, asked);
  const record = reader.get(key, revision);
  if (record === undefined) throw new KvFailure("key_not_found");
  const etag = etagOf(record);
  if (isNamedBy(request.headers.get("if-none-match"), etag)) {
    return replyUnchanged(port, { etag, revision });
  }
  if (wantsType(request, "application/octet-stream")) {
    return replyBytes(port, record.value, { revision, headers: rawHeaders(record) });
  }
  return reply(port, getAnswer(record, revision), { revision, headers: { etag } });
}

const LIST_PARAMETERS = [
  "prefix",
  "start",
  "end",
  "revision",
  "order",
  "limit",
  "keysOnly",
  "countOnly",
  "cursor",
  "consistency",
  "timeout",
];

async function list(port: KvPort, request: Request): Promise<Response> {
  const query = parseQuery(targetOf(request.url).query, LIST_PARAMETERS);
  const isStream = wantsType(request, "application/x-ndjson");
  const parsed = parseList(query, isStream ? Number.MAX_SAFE_INTEGER : LIMITS.listItemsMax);
  const countOnly = flagOf(query, "countOnly");
  const reader = await port.read(consistencyOf(query), { timeoutMs: timeoutMsOf(query) });
  const revision = readableRevision(reader, parsed.revision);
  const range = { ...parsed.range, revision };
  if (countOnly) {
    const count = revision === reader.revision
      ? reader.count(range)
      : await countAt({ view: reader.view(), range });
    return reply(port, `{"count":${count},"revision":${revision}}`, { revision });
  }
  if (isStream) {
    const stream = ndjsonOf({ view: reader.view(), range });
    return replyBytes(port, stream, { revision, type: "application/x-ndjson" });
  }
  const { records, next } = reader.range(range);
  const cursor = next === null ? null : encodePageCursor({ ...range, last: next });
  const json = listAnswer(records, { cursor, revision, keysOnly: range.keysOnly });
  return reply(port, json, { revision });
}

type ListRange = RangeRequest & { readonly descending: boolean; readonly keysOnly: boolean };

/** What to list, but for the revision that only the store knows. */
function parseList(
  query: Query,
  limitMax: number,
): { readonly revision: number | null; readonly range: ListRange } {
  const { start, end } = rangeOf(query);
  const descending = orderOf(query) === "desc";
  const text = query.get("cursor");
  const asked = revisionOf(query);
  const position = text === undefined ? null : decodePageCursor(text, { start, end, descending });
  if (position !== null && asked !== null && position.revision !== asked) {
    throw new KvFailure("invalid_cursor", "The cursor is of another revision.");
  }
  const isStream = limitMax > LIMITS.listItemsMax;
  const fallback = isStream ? limitMax : LIMITS.listItemsDefault;
  const limit = integerOf(query, "limit", { min: 1, max: limitMax, fallback });
  const range: ListRange = {
    start,
    end,
    descending,
    keysOnly: flagOf(query, "keysOnly"),
    limit,
    bytesMax: LIMITS.listBytesMax,
    ...(position === null ? {} : { after: position.last }),
  };
  return { revision: position?.revision ?? asked, range };
}

function orderOf(query: Query): "asc" | "desc" {
  const text = query.get("order") ?? "asc";
  if (text === "asc" || text === "desc") return text;
  throw new KvFailure("invalid_argument", "The order is asc or desc.");
}

/**
 * The revision to read: the one asked for, or the present one.
 *
 * @throws {KvFailure} `compacted` or `future_revision`
 */
export function readableRevision(reader: KvReader, asked: number | null): number {
  const { revision, compactRevision } = reader;
  if (asked === null) return revision;
  if (asked > revision) {
    throw new KvFailure("future_revision", `The store is at revision ${revision}.`);
  }
  if (asked < compactRevision) throw new CompactedFailure(compactRevision);
  return asked;
}

/** The revision of a record's last change, as an entity tag. */
export function etagOf({ modRevision }: { readonly modRevision: number }): string {
  return `"${modRevision}"`;
}

function isNamedBy(header: string | null, etag: string): boolean {
  return header !== null &&
    header.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}

/** Whether the client asks for this type by its name. */
function wantsType(request: Request, type: string): boolean {
  const accept = request.headers.get("accept") ?? "";
  return accept.split(",").some((range) => range.split(";")[0]?.trim() === type);
}

function rawHeaders(record: KvRecord): Record<string, string> {
  return {
    etag: etagOf(record),
    "raftkv-create-revision": `${record.createRevision}`,
    "raftkv-mod-revision": `${record.modRevision}`,
    "raftkv-version": `${record.version}`,
  };
}
