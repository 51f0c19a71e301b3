/**
 * The header with which a client makes repeating a write harmless.
 *
 * @module
 */

import { KvFailure } from "@raftkv/core/api";
import type { SessionRef } from "@raftkv/core/kv";

/**
 * Reads `Idempotency-Key: <session>/<sequence>`; null if there is none.
 *
 * @throws {KvFailure} `invalid_session`
 */
export function sessionRefOf(headers: Headers): SessionRef | null {
  const text = headers.get("idempotency-key");
  if (text === null) return null;
  const [, session, sequence] = /^([1-9]\d{0,15})\/([1-9]\d{0,15})$/.exec(text) ?? [];
  const ref = { session: Number(session), sequence: Number(sequence) };
  if (Number.isSafeInteger(ref.session) && Number.isSafeInteger(ref.sequence)) return ref;
  throw new KvFailure("invalid_session");
}
