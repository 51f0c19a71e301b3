/**
 * The header with which a client makes repeating a write harmless.
 *
 * @module
 */

import { LIMITS } from "@raftkv/core";
import { KvFailure } from "@raftkv/core/api";
import { isIdempotencyKey, type OnceRef, type SessionRef } from "@raftkv/core/kv";

/**
 * Reads `Idempotency-Key`: `<session>/<sequence>`, or any other name that the client made up. What
 * begins with a number and a slash is meant for a session: to take a misspelt one for a made-up name
 * would quietly promise less.
 *
 * @throws {KvFailure} `invalid_session` or `invalid_argument`
 */
export function onceOf(headers: Headers): { readonly once?: OnceRef } {
  const text = headers.get("idempotency-key");
  if (text === null) return {};
  if (OF_SESSION.test(text)) return { once: sessionRefOf(text) };
  if (isIdempotencyKey(text)) return { once: { idempotencyKey: text } };
  throw new KvFailure(
    "invalid_argument",
    `An Idempotency-Key has from 1 to ${LIMITS.idempotencyKeyBytesMax} visible ASCII characters.`,
  );
}

function sessionRefOf(text: string): SessionRef {
  const [, session, sequence] = /^([1-9]\d{0,15})\/([1-9]\d{0,15})$/.exec(text) ?? [];
  const ref = { session: Number(session), sequence: Number(sequence) };
  if (Number.isSafeInteger(ref.session) && Number.isSafeInteger(ref.sequence)) return ref;
  throw new KvFailure("invalid_session");
}

const OF_SESSION = /^-?\d*\//;
