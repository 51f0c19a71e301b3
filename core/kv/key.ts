/**
 * Keys as byte strings: one character a byte, so that `<` on keys is the order of their bytes.
 *
 * @module
 */

import { bytesOf, byteStringOf } from "../codec/byte_string.ts";
import { utf8SizeBytes, writeUtf8 } from "../codec/utf8.ts";
import { LIMITS } from "../limits.ts";
import type { Branded } from "../raft/ids.ts";

/** A key, or the bound of a range of keys, as a byte string. */
export type Key = Branded<string, "Key">;

/** At or before every key. */
export const KEY_FIRST: Key = "" as Key;

/** The key made of `bytes`, of whatever length: a bound or prefix may be empty. */
export function keyFromBytes(bytes: Uint8Array): Key {
  return byteStringOf(bytes) as Key;
}

/** The bytes of a key. */
export function keyToBytes(key: Key): Uint8Array {
  return bytesOf(key);
}

/** The key made of `bytes` if they may name a record: from 1 to 2,048 of them. */
export function parseKey(bytes: Uint8Array): Key | null {
  if (bytes.length === 0 || bytes.length > LIMITS.keyBytesMax) return null;
  return keyFromBytes(bytes);
}

/**
 * The key whose bytes are a text in UTF-8, if it may name a record.
 *
 * @param text Well-formed.
 */
export function keyFromText(text: string): Key | null {
  const { length } = text;
  if (length === 0 || length > LIMITS.keyBytesMax) return null;
  // Of ASCII, which most keys are, the text and the byte string are the same.
  if (ASCII.test(text)) return text as Key;
  const bytes = new Uint8Array(utf8SizeBytes(text));
  writeUtf8(text, bytes);
  return parseKey(bytes);
}

/** The first possible key after `key`. */
export function keyAfter(key: Key): Key {
  return `${key}\0` as Key;
}

/**
 * The end of the range of keys that begin with `prefix`, itself outside; null if no key lies after
 * that range, which is so for an empty prefix and for one of 0xff bytes only.
 */
export function prefixEnd(prefix: Key): Key | null {
  let size = prefix.length;
  while (size > 0 && prefix.charCodeAt(size - 1) === 0xff) size--;
  if (size === 0) return null;
  const last = String.fromCharCode(prefix.charCodeAt(size - 1) + 1);
  return `${prefix.slice(0, size - 1)}${last}` as Key;
}

// deno-lint-ignore no-control-regex -- the range of ASCII begins with them
const ASCII = /^[\x00-\x7f]*$/;
