/**
 * Where a list goes on: an opaque text that carries the last key shown and which part of it is the
 * list's prefix. It promises nothing and needs no secret: the worst a forged one can do is to begin
 * elsewhere within the prefix.
 *
 * ```text
 * version u8 = 1, prefix length u16 big-endian, the last key (which begins with the prefix)
 * ```
 *
 * @module
 */

import { KvFailure } from "@raftkv/core/api";
import { type Key, keyToBytes, parseKey } from "@raftkv/core/kv";

/** The cursor behind `last`, in a list of keys that begin with `prefix`. */
export function encodeCursor(prefix: Key, last: Key): string {
  const bytes = new Uint8Array(HEADER_BYTES + last.length);
  bytes[0] = VERSION;
  bytes[1] = prefix.length >>> 8;
  bytes[2] = prefix.length & 0xff;
  bytes.set(keyToBytes(last), HEADER_BYTES);
  return toText(bytes);
}

/**
 * The key behind which the list of `prefix` goes on.
 *
 * @throws {KvFailure} `invalid_cursor`
 */
export function decodeCursor(text: string, prefix: Key): Key {
  const bytes = fromText(text);
  if (bytes === null || bytes[0] !== VERSION || bytes.length < HEADER_BYTES) {
    throw new KvFailure("invalid_cursor", "The cursor was not made by this API.");
  }
  const prefixBytes = bytes[1]! << 8 | bytes[2]!;
  const last = parseKey(bytes.subarray(HEADER_BYTES));
  if (last === null) throw new KvFailure("invalid_cursor", "The cursor holds no key.");
  if (prefixBytes !== prefix.length || !last.startsWith(prefix)) {
    throw new KvFailure("invalid_cursor", "The cursor belongs to a list of another prefix.");
  }
  return last;
}

function toText(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

/** Null if the text is not exactly what {@linkcode toText} makes of some bytes. */
function fromText(text: string): Uint8Array | null {
  try {
    const bytes = Uint8Array.fromBase64(text, { alphabet: "base64url" });
    return toText(bytes) === text ? bytes : null;
  } catch {
    return null;
  }
}

const VERSION = 1;
const HEADER_BYTES = 3;
