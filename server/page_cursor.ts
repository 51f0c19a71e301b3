/**
 * Where a pinned list goes on: an opaque text that carries what was listed, as of which revision, and
 * the last key that was looked at. It promises nothing and needs no secret: the worst a forged one
 * can do is to list what could have been asked for.
 *
 * ```text
 * version u8 = 2, descending flag, revision varint, start, end flag, [end], last key
 * ```
 *
 * @module
 */

import { LIMITS } from "@raftkv/core";
import { KvFailure } from "@raftkv/core/api";
import { ByteReader, ByteWriter, DecodeError } from "@raftkv/core/codec";
import type { Key, KeyRange } from "@raftkv/core/kv";

/** What a cursor stands for. */
export interface PagePosition extends KeyRange {
  /** Whether the list begins with the last key. */
  readonly descending: boolean;
  /** As of which revision it is. */
  readonly revision: number;
  /** The last key that was looked at. */
  readonly last: Key;
}

/** A position as a text for URLs. */
export function encodePageCursor(position: PagePosition): string {
  const { descending, revision, start, end, last } = position;
  const writer = new ByteWriter();
  writer.u8(VERSION);
  writer.flag(descending);
  writer.varint(revision);
  writer.byteString(start);
  writer.flag(end !== null);
  if (end !== null) writer.byteString(end);
  writer.byteString(last);
  return writer.finish().toBase64({ alphabet: "base64url", omitPadding: true });
}

/**
 * The position that a cursor stands for, in the list that is asked for again.
 *
 * @throws {KvFailure} `invalid_cursor`
 */
export function decodePageCursor(
  text: string,
  list: KeyRange & { readonly descending: boolean },
): PagePosition {
  const position = parsePageCursor(text);
  if (position === null || encodePageCursor(position) !== text) {
    throw new KvFailure("invalid_cursor", "The cursor was not made by this API.");
  }
  const { start, end, descending, last } = position;
  if (start !== list.start || end !== list.end || descending !== list.descending) {
    throw new KvFailure("invalid_cursor", "The cursor belongs to another list.");
  }
  if (last < start || (end !== null && last >= end)) {
    throw new KvFailure("invalid_cursor", "The cursor points outside its list.");
  }
  return position;
}

function parsePageCursor(text: string): PagePosition | null {
  try {
    const reader = new ByteReader(Uint8Array.fromBase64(text, { alphabet: "base64url" }));
    if (reader.u8() !== VERSION) return null;
    const descending = reader.flag();
    const revision = reader.varint();
    const start = readBound(reader);
    const end = reader.flag() ? readBound(reader) : null;
    const last = readBound(reader);
    reader.end();
    return { descending, revision, start, end, last };
  } catch (error) {
    if (error instanceof DecodeError || error instanceof SyntaxError) return null;
    throw error;
  }
}

function readBound(reader: ByteReader): Key {
  return reader.byteString(LIMITS.keyBytesMax) as Key;
}

const VERSION = 2;
