/**
 * The name with which a client makes repeating a write harmless.
 *
 * @module
 */

import { LIMITS } from "@raftkv/core";
import {
  isIdempotencyKey,
  type Lasting,
  type OnceRef,
  type Refused,
  type SessionRef,
} from "@raftkv/core/kv";
import * as z from "zod";
import type { SlicedText } from "../sliced_text.ts";
import type { Answer } from "./ask.ts";
import { refuse } from "./fields.ts";

/**
 * `<session>/<sequence>`, or any other name that the client made up. What begins with a number and a
 * slash is meant for a session: to take a misspelt one for a made-up name would quietly promise less.
 */
export const idempotencyKey: z.ZodType<OnceRef | undefined> = z.string().transform(
  (name, context): OnceRef => {
    if (OF_SESSION.test(name)) {
      return sessionRefOf(name) ??
        refuse(context, "is of the form session/sequence", { code: "invalid_session" });
    }
    if (isIdempotencyKey(name)) return { idempotencyKey: name };
    const max = LIMITS.idempotencyKeyBytesMax;
    return refuse(context, `has from 1 to ${max} visible ASCII characters`);
  },
).optional().meta({
  description: "Makes repeating the write harmless: a repetition under the same name gets the " +
    "first answer. `<session>/<sequence>`, or any name from 1 to 255 visible ASCII characters.",
});

/** How a request fails for its name. */
export const ONCE_FAILURES = [
  "invalid_session",
  "session_expired",
  "idempotency_key_reused",
] as const;

/** The name in a command. */
export function onceOf(
  { idempotencyKey }: { readonly idempotencyKey?: OnceRef | undefined },
): { readonly once?: OnceRef } {
  return idempotencyKey === undefined ? NONE : { once: idempotencyKey };
}

/** What the answer to any write carries beside its JSON. */
export function lastingAnswer(
  { revision, replayed }: Exclude<Lasting, Refused>,
  json: SlicedText,
): Answer {
  return replayed === true ? { json, revision, replayed } : { json, revision };
}

function sessionRefOf(name: string): SessionRef | null {
  const [, session, sequence] = /^([1-9]\d{0,15})\/([1-9]\d{0,15})$/.exec(name) ?? [];
  const ref = { session: Number(session), sequence: Number(sequence) };
  return Number.isSafeInteger(ref.session) && Number.isSafeInteger(ref.sequence) ? ref : null;
}

const NONE = {};
const OF_SESSION = /^-?\d*\//;
