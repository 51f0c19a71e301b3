/**
 * Leases over HTTP: grant, keep-alive, revoke, and what is left of them.
 *
 * @module
 */

import type { Hono } from "hono";
import { LIMITS } from "@raftkv/core";
import { KvFailure } from "@raftkv/core/api";
import type { LeaseCommand, LeaseTime } from "@raftkv/core/kv";
import { keyJson } from "./answers.ts";
import { BodyFields } from "./body_fields.ts";
import { parseExactJson } from "./exact_json.ts";
import { onceOf } from "./idempotency_key.ts";
import type { KvPort, TimeLimit } from "./kv_port.ts";
import { TTL_SECONDS_MAX } from "./lease_parameters.ts";
import { propose, replyOnce, unexpected } from "./proposing.ts";
import { consistencyOf, integerOf, parseQuery, timeoutMsOf } from "./query.ts";
import { reply } from "./reply.ts";
import { readBodyText } from "./request_body.ts";
import { targetOf } from "./request_target.ts";
import { serveRoute } from "./routes.ts";

/** Serves `/v1/leases`. */
export function serveLeases(app: Hono, port: KvPort): void {
  serveRoute(app, LEASES, {
    port,
    methods: {
      GET: (request) => list(port, request),
      POST: (request) => grant(port, request),
    },
  });
  serveRoute(app, `${LEASES}/:id`, {
    port,
    methods: {
      GET: (request) => timeToLive(port, request),
      DELETE: (request) => revoke(port, request),
    },
  });
  serveRoute(app, `${LEASES}/:id/keepalive`, {
    port,
    methods: { POST: (request) => keepAlive(port, request) },
  });
}

const LEASES = "/v1/leases";

async function grant(port: KvPort, request: Request): Promise<Response> {
  const limit = limitOf(request);
  const name = onceOf(request.headers);
  const fields = new BodyFields(parseExactJson(await readBodyText(request)), {
    path: "",
    known: ["ttl", "lease"],
  });
  const ttlMs = fields.integer("ttl", { min: 1, max: TTL_SECONDS_MAX }) * 1_000;
  const lease = fields.integer("lease", { min: 1, fallback: 0 });
  return await ask(port, { kind: "lease_grant", ...name, lease, ttlMs }, limit);
}

function keepAlive(port: KvPort, request: Request): Promise<Response> {
  return askOf(port, request, "lease_keep_alive");
}

function revoke(port: KvPort, request: Request): Promise<Response> {
  return askOf(port, request, "lease_revoke");
}

function askOf(
  port: KvPort,
  request: Request,
  kind: "lease_keep_alive" | "lease_revoke",
): Promise<Response> {
  const name = onceOf(request.headers);
  return ask(port, { kind, ...name, lease: leaseIn(request) }, limitOf(request));
}

async function timeToLive(port: KvPort, request: Request): Promise<Response> {
  const query = parseQuery(targetOf(request.url).query, ["consistency", "timeout"]);
  const id = leaseIn(request);
  const reader = await port.read(consistencyOf(query), { timeoutMs: timeoutMsOf(query) });
  const lease = reader.lease(id);
  if (lease === null) throw new KvFailure("lease_not_found");
  return reply(port, leaseJson(lease, reader.revision));
}

async function list(port: KvPort, request: Request): Promise<Response> {
  const query = parseQuery(targetOf(request.url).query, [
    "after",
    "limit",
    "consistency",
    "timeout",
  ]);
  const { listItemsMax, listItemsDefault: fallback } = LIMITS;
  const limit = integerOf(query, "limit", { min: 1, max: listItemsMax, fallback });
  const after = integerOf(query, "after", { min: 0, max: Number.MAX_SAFE_INTEGER, fallback: 0 });
  const reader = await port.read(consistencyOf(query), { timeoutMs: timeoutMsOf(query) });
  const ids = reader.leaseIds(after, limit + 1);
  const answer = {
    leases: ids.slice(0, limit).map(String),
    more: ids.length > limit,
    revision: reader.revision,
  };
  return reply(port, JSON.stringify(answer));
}

async function ask(port: KvPort, command: LeaseCommand, limit: TimeLimit): Promise<Response> {
  const answer = await propose(port, command, limit);
  switch (answer.kind) {
    case "lease_granted":
    case "lease_renewed": {
      const { lease, ttlMs, revision } = answer;
      const json = JSON.stringify({ lease: `${lease}`, ttl: ttlMs / 1_000, revision });
      return replyOnce(port, json, { answer });
    }
    case "lease_revoked": {
      const { lease, deleted, revision } = answer;
      return replyOnce(port, JSON.stringify({ lease: `${lease}`, deleted, revision }), { answer });
    }
    default:
      return unexpected(answer);
  }
}

function leaseJson({ id, ttlMs, leftMs, keys }: LeaseTime, revision: number): string {
  return `{"lease":"${id}","ttl":${leftMs / 1_000},"grantedTtl":${ttlMs / 1_000},` +
    `"keys":[${keys.map(keyJson).join(",")}],"revision":${revision}}`;
}

/** The id in the path. What is no id names no lease. */
function leaseIn(request: Request): number {
  const text = targetOf(request.url).path.slice(LEASES.length + 1).split("/")[0] ?? "";
  const id = /^[1-9]\d{0,15}$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(id)) return id;
  throw new KvFailure("lease_not_found", "A lease's id is a whole number from 1 to 2^53 - 1.");
}

function limitOf(request: Request): TimeLimit {
  return { timeoutMs: timeoutMsOf(parseQuery(targetOf(request.url).query, ["timeout"])) };
}
