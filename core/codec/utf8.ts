/**
 * UTF-8, strict in both directions: the core has no `TextEncoder`, and node ids and URLs must come
 * out exactly as they went in. Nothing is ever replaced by U+FFFD.
 *
 * @module
 */

// `String.fromCharCode.apply` puts each unit on the stack, so text is built in pieces.
const CHUNK_UNITS = 4_096;

/**
 * How many bytes `text` takes in UTF-8.
 *
 * @throws {RangeError} if the text holds half a surrogate pair
 */
export function utf8SizeBytes(text: string): number {
  let size = 0;
  for (let at = 0; at < text.length;) {
    const point = codePointAt(text, at);
    at += point > 0xffff ? 2 : 1;
    size += sizeOfPoint(point);
  }
  return size;
}

/**
 * Writes `text` to the start of `target`, which has room for it.
 *
 * @throws {RangeError} if the text holds half a surrogate pair
 */
export function writeUtf8(text: string, target: Uint8Array): void {
  let to = 0;
  for (let at = 0; at < text.length;) {
    const point = codePointAt(text, at);
    at += point > 0xffff ? 2 : 1;
    const size = sizeOfPoint(point);
    if (size === 1) {
      target[to++] = point;
      continue;
    }
    target[to++] = LEAD_BITS[size - 2]! | (point >>> (6 * (size - 1)));
    for (let shift = 6 * (size - 2); shift >= 0; shift -= 6) {
      target[to++] = 0x80 | ((point >>> shift) & 0x3f);
    }
  }
}

/** Reads UTF-8; null if the bytes are not well formed (Unicode 15, table 3-7). */
export function readUtf8(bytes: Uint8Array): string | null {
  let text = "";
  let units: number[] = [];
  for (let at = 0; at < bytes.length;) {
    const lead = bytes[at]!;
    const size = sizeOfLead(lead);
    if (size === 0 || at + size > bytes.length) return null;
    const point = size === 1 ? lead : readPoint(bytes, at, size);
    if (point < 0) return null;
    if (point > 0xffff) units.push(0xd800 + ((point - 0x1_0000) >>> 10), 0xdc00 + (point & 0x3ff));
    else units.push(point);
    at += size;
    if (units.length >= CHUNK_UNITS) {
      text += String.fromCharCode(...units);
      units = [];
    }
  }
  return text + String.fromCharCode(...units);
}

/** The marks of a lead byte for sequences of 2, 3 and 4 bytes. */
const LEAD_BITS = [0xc0, 0xe0, 0xf0];

/** The smallest code point that needs 2, 3 and 4 bytes: anything below is an overlong form. */
const POINT_MIN = [0x80, 0x800, 0x1_0000];

function readPoint(bytes: Uint8Array, at: number, size: number): number {
  let point = bytes[at]! & (0xff >>> (size + 1));
  for (let i = 1; i < size; i++) {
    const byte = bytes[at + i]!;
    if ((byte & 0xc0) !== 0x80) return -1;
    point = (point << 6) | (byte & 0x3f);
  }
  const isSurrogate = point >= 0xd800 && point <= 0xdfff;
  return isSurrogate || point > 0x10_ffff || point < POINT_MIN[size - 2]! ? -1 : point;
}

/** How long the sequence is that begins so; 0 for a byte that none begins with. */
function sizeOfLead(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

function sizeOfPoint(point: number): number {
  return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x1_0000 ? 3 : 4;
}

function codePointAt(text: string, at: number): number {
  const point = text.codePointAt(at)!;
  if (point >= 0xd800 && point <= 0xdfff) {
    throw new RangeError(`Cannot encode text at unit ${at}: Half a surrogate pair`);
  }
  return point;
}
