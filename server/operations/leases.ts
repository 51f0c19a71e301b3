/**
 * Leases: grant, keep-alive, revoke, and what is left of them.
 *
 * @module
 */

import { LIMITS } from "@raftkv/core";
import { KvFailure } from "@raftkv/core/api";
import type { LeaseCommand, LeaseTime } from "@raftkv/core/kv";
import * as z from "zod";
import { keyJson } from "../answers.ts";
import { type Accepted, type Answer, type ProposeAsk, unexpected } from "./ask.ts";
import { CALL, type CallFields, callOf, integer, leaseId, refuse, ttlSeconds } from "./fields.ts";
import { idempotencyKey, lastingAnswer, ONCE_FAILURES, onceOf } from "./once.ts";
import { operation } from "./operation.ts";
import { READ, READ_FAILURES, readAsk } from "./read.ts";

/** The id of a lease that is asked about. What is no id names no lease. */
const lease: z.ZodType<number> = z.unknown().transform((given, context) => {
  if (given === undefined) return refuse(context, "is missing");
  const id = /^[1-9]\d{0,15}$/.test(String(given)) ? Number(given) : NaN;
  return Number.isSafeInteger(id)
    ? id
    : refuse(context, "is a whole number from 1 to 2^53 - 1", { code: "lease_not_found" });
}).meta({ override: { type: ["string", "integer"], pattern: "^[1-9]\\d{0,15}$" } });

/** Makes a lease. */
export const leaseGrant = operation({
  name: "leaseGrant",
  summary: "Makes a lease.",
  query: CALL,
  header: { idempotencyKey },
  body: {
    ttl: ttlSeconds.meta({ description: "How many seconds it lives without renewal." }),
    lease: leaseId.optional().meta({
      description: "The id it is to have; any free one if not given.",
    }),
  },
  failures: [...ONCE_FAILURES, "invalid_json", "invalid_body", "body_too_large", "lease_exists"],
  ask: (request) => {
    const { ttl, lease = 0 } = request;
    const command = { kind: "lease_grant", ...onceOf(request), lease, ttlMs: ttl * 1_000 } as const;
    return leaseAsk(command, request);
  },
});

/** Lets a lease live for its whole time from now. */
export const leaseKeepAlive = operation({
  name: "leaseKeepAlive",
  summary: "Lets a lease live for its whole time from now.",
  path: { lease },
  query: CALL,
  header: { idempotencyKey },
  failures: [...ONCE_FAILURES, "lease_not_found"],
  ask: (request) => {
    const { lease } = request;
    return leaseAsk({ kind: "lease_keep_alive", ...onceOf(request), lease }, request);
  },
});

/** Ends a lease and its keys. */
export const leaseRevoke = operation({
  name: "leaseRevoke",
  summary: "Ends a lease, and its keys with it.",
  path: { lease },
  query: CALL,
  header: { idempotencyKey },
  failures: [...ONCE_FAILURES, "lease_not_found"],
  ask: (request) => {
    const { lease } = request;
    return leaseAsk({ kind: "lease_revoke", ...onceOf(request), lease }, request);
  },
});

/** Shows a lease. */
export const leaseTimeToLive = operation({
  name: "leaseTimeToLive",
  summary: "Shows what is left of a lease, and its keys.",
  path: { lease },
  query: READ,
  failures: ["lease_not_found", ...READ_FAILURES],
  ask: (request) =>
    readAsk(request, (reader) => {
      const found = reader.lease(request.lease);
      if (found === null) throw new KvFailure("lease_not_found");
      return { json: leaseJson(found, reader.revision), revision: reader.revision };
    }),
});

/** Lists leases. */
export const leases = operation({
  name: "leases",
  summary: "Lists the ids of leases, in their order.",
  query: {
    after: integer(0).optional().meta({ description: "Only ids greater than this." }),
    limit: integer(1, LIMITS.listItemsMax).optional().meta({
      description: "Most ids, from 1 to 1,000; 100 if not given.",
    }),
    ...READ,
  },
  failures: READ_FAILURES,
  ask: (request) => {
    const { after = 0, limit = LIMITS.listItemsDefault } = request;
    return readAsk(request, (reader) => {
      const ids = reader.leaseIds(after, limit + 1);
      const { revision } = reader;
      const answer = {
        leases: ids.slice(0, limit).map(String),
        more: ids.length > limit,
        revision,
      };
      return { json: JSON.stringify(answer), revision };
    });
  },
});

function leaseAsk(command: LeaseCommand, call: CallFields): ProposeAsk {
  return { kind: "propose", command, ...callOf(call), answer: leaseAnswer };
}

function leaseAnswer(accepted: Accepted): Answer {
  switch (accepted.kind) {
    case "lease_granted":
    case "lease_renewed": {
      const { lease, ttlMs, revision } = accepted;
      const json = JSON.stringify({ lease: `${lease}`, ttl: ttlMs / 1_000, revision });
      return lastingAnswer(accepted, json);
    }
    case "lease_revoked": {
      const { lease, deleted, revision } = accepted;
      return lastingAnswer(accepted, JSON.stringify({ lease: `${lease}`, deleted, revision }));
    }
    default:
      return unexpected(accepted);
  }
}

function leaseJson({ id, ttlMs, leftMs, keys }: LeaseTime, revision: number): string {
  return `{"lease":"${id}","ttl":${leftMs / 1_000},"grantedTtl":${ttlMs / 1_000},` +
    `"keys":[${keys.map(keyJson).join(",")}],"revision":${revision}}`;
}
