/**
 * The routes under `/v1`.
 *
 * @module
 */

import type { Hono } from "hono";
import type { KvRecord } from "@raftkv/core/kv";
import { wantsType } from "./accept.ts";
import { answering, etagOf, type PathFields, replyCarried, requestFields } from "./http_door.ts";
import type { KvPort } from "./kv_port.ts";
import { ndjsonOf } from "./ndjson.ts";
import { carryOut } from "./operations/ask.ts";
import { byQuery } from "./operations/operation.ts";
import { findAsk, foundAnswer, get, range, viewAsk, wholeRange } from "./operations/read.ts";
import { compact } from "./operations/store.ts";
import { deleteRange, increment, put, remove, txn } from "./operations/write.ts";
import { replyBytes, replyUnchanged } from "./reply.ts";
import { keyFields, V1_KEY_PATH } from "./request_target.ts";
import { serveRoute } from "./routes.ts";

/** Serves `/v1`. */
export function serveV1(app: Hono, port: KvPort): void {
  const page = answering(port, range);
  serveRoute(app, "/v1/kv", {
    port,
    methods: {
      GET: (request) => wantsType(request, LINES) ? lines(port, request) : page(request),
      DELETE: answering(port, deleteRange),
    },
  });
  serveRoute(app, `${V1_KEY_PATH}*`, {
    port,
    methods: {
      GET: (request) => getRoute(port, request, keyFields),
      PUT: answering(port, put, keyFields),
      DELETE: answering(port, remove, keyFields),
    },
  });
  serveRoute(app, "/v1/key", {
    port,
    methods: {
      GET: (request) => getRoute(port, request),
      PUT: answering(port, PUT_BY_QUERY),
      DELETE: answering(port, DELETE_BY_QUERY),
    },
  });
  serveRoute(app, "/v1/txn", { port, methods: { POST: answering(port, txn) } });
  serveRoute(app, "/v1/increment", { port, methods: { POST: answering(port, increment) } });
  serveRoute(app, "/v1/compact", { port, methods: { POST: answering(port, compact) } });
}

/** For keys that no path can carry: of a segment `.` or `..`, clients and proxies make another path. */
export const GET_BY_QUERY: typeof get = byQuery(get);
/** The same for writes. */
export const PUT_BY_QUERY: typeof put = byQuery(put);
/** The same for deletions. */
export const DELETE_BY_QUERY: typeof remove = byQuery(remove);

/** A key as JSON or as its bytes, or that the client has it already. */
async function getRoute(
  port: KvPort,
  request: Request,
  pathFields?: PathFields,
): Promise<Response> {
  const form = pathFields === undefined ? GET_BY_QUERY : get;
  const fields = await requestFields(request, form, pathFields);
  const { result: found, served } = await carryOut(port, findAsk(get.parse(fields)));
  const { record, revision } = found;
  const etag = etagOf(record.modRevision);
  if (isNamedBy(request.headers.get("if-none-match"), etag)) {
    return replyUnchanged(port, { etag, revision, served });
  }
  if (!wantsType(request, "application/octet-stream")) {
    return replyCarried(port, { result: foundAnswer(found), served });
  }
  return replyBytes(port, record.value, { revision, served, headers: rawHeaders(record) });
}

/** The whole of a range as lines. */
async function lines(port: KvPort, request: Request): Promise<Response> {
  const asked = wholeRange.parse(await requestFields(request, wholeRange));
  // A count is one line either way.
  if (asked.countOnly === true) {
    return replyCarried(port, await carryOut(port, wholeRange.ask(asked)));
  }
  const { result: looked, served } = await carryOut(port, viewAsk(asked));
  const { revision } = looked.range;
  return replyBytes(port, ndjsonOf(looked), { revision, served, type: LINES });
}

const LINES = "application/x-ndjson";

function isNamedBy(header: string | null, etag: string): boolean {
  return header !== null &&
    header.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}

function rawHeaders(record: KvRecord): Record<string, string> {
  return {
    etag: etagOf(record.modRevision),
    "raftkv-create-revision": `${record.createRevision}`,
    "raftkv-mod-revision": `${record.modRevision}`,
    "raftkv-version": `${record.version}`,
  };
}
