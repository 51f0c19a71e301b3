/**
 * How a put says when its key ends.
 *
 * @module
 */

/** What a put says of its end. */
export interface LeaseChoice {
  /** The lease that the key is to end with. */
  readonly lease?: number;
  /** After how many milliseconds the key is to end. */
  readonly ttlMs?: number;
}

/** A lease, a time in seconds, or neither; null for both. */
export function leaseChoice(
  { lease, ttl }: { readonly lease?: number | undefined; readonly ttl?: number | undefined },
): LeaseChoice | null {
  if (lease !== undefined) return ttl === undefined ? { lease } : null;
  return ttl === undefined ? NONE : { ttlMs: ttl * 1_000 };
}

const NONE: LeaseChoice = {};
