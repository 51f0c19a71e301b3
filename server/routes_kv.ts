/**
 * Keys and sessions over HTTP: each handler parses at the edge, asks the node, and writes the answer.
 *
 * @module
 */

import type { Hono } from "hono";
import { LIMITS } from "@raftkv/core";
import { KvFailure, type SessionAnswer } from "@raftkv/core/api";
import { type Key, KEY_FIRST, type Operation, prefixEnd } from "@raftkv/core/kv";
import { deleteAnswer, getAnswer, listAnswer, putAnswer } from "./answers.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { onceOf } from "./idempotency_key.ts";
import type { KvPort } from "./kv_port.ts";
import { commit, propose, replyOnce, unexpected } from "./proposing.ts";
import { parsePutBody } from "./put_body.ts";
import {
  consistencyOf,
  integerOf,
  keyBoundOf,
  parseQuery,
  type Query,
  timeoutMsOf,
} from "./query.ts";
import { reply } from "./reply.ts";
import { readBodyText } from "./request_body.ts";
import { KEY_PATH, parseKeyPath, targetOf } from "./request_target.ts";
import { serveRoute } from "./routes.ts";

/** Serves `/kv`, `/kv/:key` and `/sessions`. */
export function serveKv(app: Hono, port: KvPort): void {
  serveRoute(app, "/kv", { port, methods: { GET: (request) => list(port, request) } });
  serveRoute(app, `${KEY_PATH}*`, {
    port,
    methods: {
      GET: (request) => get(port, request),
      PUT: (request) => put(port, request),
      DELETE: (request) => remove(port, request),
    },
  });
  serveRoute(app, "/sessions", {
    port,
    methods: { POST: (request) => openSession(port, request) },
  });
}

async function get(port: KvPort, request: Request): Promise<Response> {
  const target = targetOf(request.url);
  const query = parseQuery(target.query, ["consistency", "timeout"]);
  const key = parseKeyPath(target.path);
  const reader = await port.read(consistencyOf(query), { timeoutMs: timeoutMsOf(query) });
  const record = reader.get(key);
  if (record === undefined) throw new KvFailure("key_not_found");
  return reply(port, getAnswer(record, reader.revision));
}

async function put(port: KvPort, request: Request): Promise<Response> {
  const target = targetOf(request.url);
  const limit = { timeoutMs: timeoutMsOf(parseQuery(target.query, ["timeout"])) };
  const key = parseKeyPath(target.path);
  const name = onceOf(request.headers);
  const stored = parsePutBody(await readBodyText(request));
  const operations: Operation[] = [{ kind: "put", key, ...stored }];
  const committed = await commit(port, { kind: "commit", ...name, operations }, limit);
  const [result] = committed.results;
  if (result?.kind !== "put") return unexpected(committed);
  return replyOnce(port, putAnswer(key, result), { answer: committed });
}

async function remove(port: KvPort, request: Request): Promise<Response> {
  const target = targetOf(request.url);
  const limit = { timeoutMs: timeoutMsOf(parseQuery(target.query, ["timeout"])) };
  const key = parseKeyPath(target.path);
  const name = onceOf(request.headers);
  const operations: Operation[] = [{ kind: "delete", key }];
  const committed = await commit(port, { kind: "commit", ...name, operations }, limit);
  const [result] = committed.results;
  if (result?.kind !== "delete") return unexpected(committed);
  const { revision } = committed;
  const json = deleteAnswer(key, { deleted: result.deleted, revision });
  return replyOnce(port, json, { answer: committed });
}

async function list(port: KvPort, request: Request): Promise<Response> {
  const { query: raw } = targetOf(request.url);
  const query = parseQuery(raw, ["prefix", "limit", "cursor", "consistency", "timeout"]);
  const prefix = prefixOf(query);
  const cursor = query.get("cursor");
  const after = cursor === undefined ? KEY_FIRST : decodeCursor(cursor, prefix);
  const limit = integerOf(query, "limit", {
    min: 1,
    max: LIMITS.listItemsMax,
    fallback: LIMITS.listItemsDefault,
  });
  const reader = await port.read(consistencyOf(query), { timeoutMs: timeoutMsOf(query) });
  const { records, next } = reader.range({
    start: prefix,
    end: prefixEnd(prefix),
    after,
    limit,
    bytesMax: LIMITS.listBytesMax,
  });
  const onward = next === null ? null : encodeCursor(prefix, next);
  return reply(port, listAnswer(records, { cursor: onward, revision: reader.revision }));
}

async function openSession(port: KvPort, request: Request): Promise<Response> {
  const query = parseQuery(targetOf(request.url).query, ["timeout"]);
  const opened = await propose(port, { kind: "open_session" }, { timeoutMs: timeoutMsOf(query) });
  if (opened.kind !== "session_opened") return unexpected(opened);
  const { session, revision } = opened;
  const answer: SessionAnswer = { session: `${session}`, revision };
  return reply(port, JSON.stringify(answer), { revision });
}

function prefixOf(query: Query): Key {
  return keyBoundOf(query, "prefix") ?? KEY_FIRST;
}
