/**
 * Leases and times to live as clients write them: ids as whole numbers or texts of such, times as
 * whole seconds.
 *
 * @module
 */

import { LIMITS } from "@raftkv/core";
import { KvFailure } from "@raftkv/core/api";
import type { BodyFields } from "./body_fields.ts";
import { integerOf, type Query } from "./query.ts";

/** What a put says of its end. */
export interface LeaseChoice {
  /** The lease that the key is to end with. */
  readonly lease?: number;
  /** After how many milliseconds the key is to end. */
  readonly ttlMs?: number;
}

/** Longest time to live in seconds. */
export const TTL_SECONDS_MAX: number = LIMITS.leaseTtlMsMax / 1_000;

/**
 * `?lease=` or `?ttl=`, if one is there.
 *
 * @throws {KvFailure} `invalid_argument`
 */
export function leaseOfQuery(query: Query): LeaseChoice {
  const lease = integerOf(query, "lease", { min: 1, max: Number.MAX_SAFE_INTEGER, fallback: 0 });
  const seconds = integerOf(query, "ttl", { min: 1, max: TTL_SECONDS_MAX, fallback: 0 });
  if (lease > 0 && seconds > 0) {
    throw new KvFailure("invalid_argument", "A key has a lease or a ttl, not both.");
  }
  return choiceOf(lease, seconds);
}

/**
 * The fields `lease` or `ttl`, if one is there.
 *
 * @throws {KvFailure} `invalid_body`
 */
export function leaseOfBody(fields: BodyFields): LeaseChoice {
  const lease = fields.integer("lease", { min: 1, fallback: 0 });
  const seconds = fields.integer("ttl", { min: 1, max: TTL_SECONDS_MAX, fallback: 0 });
  if (lease > 0 && seconds > 0) throw fields.invalid("ttl", "is not there beside lease");
  return choiceOf(lease, seconds);
}

function choiceOf(lease: number, seconds: number): LeaseChoice {
  if (lease > 0) return { lease };
  return seconds > 0 ? { ttlMs: seconds * 1_000 } : {};
}
