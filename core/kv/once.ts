/**
 * The names under which the answer to a command is remembered, so that sending it again has no
 * second effect.
 *
 * ```text
 * once  u8: 0 none
 *           1 session           session varint, sequence varint
 *           2 idempotency key   the key, 1 to 255 bytes
 * ```
 *
 * @module
 */

import type { ByteReader } from "../codec/byte_reader.ts";
import type { ByteWriter } from "../codec/byte_writer.ts";
import { LIMITS } from "../limits.ts";

/** The name of one request: it means the same request wherever it appears. */
export type OnceRef = SessionRef | KeyRef;

/** One request of one session (thesis §6.3): never executed once it may have been forgotten. */
export interface SessionRef {
  /** The session's id. */
  readonly session: number;
  /** The request's number in its session, from 1 on; never used for another request. */
  readonly sequence: number;
}

/** A name that a client made up: a new one and a forgotten one look the same. */
export interface KeyRef {
  /** The name: 1 to 255 visible ASCII characters. */
  readonly idempotencyKey: string;
}

/** Whether `text` may be an idempotency key. */
export function isIdempotencyKey(text: string): boolean {
  return text.length <= LIMITS.idempotencyKeyBytesMax && VISIBLE_ASCII.test(text);
}

/** Writes a name, or that there is none. */
export function writeOnce(writer: ByteWriter, once: OnceRef | undefined): void {
  if (once === undefined) return writer.u8(NONE);
  if ("idempotencyKey" in once) {
    writer.u8(KEY);
    return writer.byteString(once.idempotencyKey);
  }
  writer.u8(SESSION);
  writer.varint(once.session);
  writer.varint(once.sequence);
}

/**
 * Reads what {@linkcode writeOnce} wrote.
 *
 * @throws {DecodeError} if it is no name
 */
export function readOnce(reader: ByteReader): { readonly once?: OnceRef } {
  switch (reader.u8()) {
    case NONE:
      return {};
    case SESSION: {
      const [session, sequence] = [reader.varint(), reader.varint()];
      if (sequence === 0) reader.fail("Sequence is zero");
      return { once: { session, sequence } };
    }
    case KEY:
      return { once: { idempotencyKey: readIdempotencyKey(reader) } };
    default:
      return reader.fail("Name of a request is of an unknown kind");
  }
}

/**
 * Reads an idempotency key.
 *
 * @throws {DecodeError} if it is none
 */
export function readIdempotencyKey(reader: ByteReader): string {
  const text = reader.byteString(LIMITS.idempotencyKeyBytesMax);
  if (!isIdempotencyKey(text)) reader.fail("Idempotency key is not visible ASCII");
  return text;
}

const NONE = 0;
const SESSION = 1;
const KEY = 2;
const VISIBLE_ASCII = /^[!-~]+$/;
