/**
 * JSON as the store keeps it: the text it came as, without the white space between its tokens.
 *
 * @module
 */

import { ExactNumber, JsonText } from "./exact_values.ts";

/**
 * The bytes of a value; null if it nests deeper than `depthMax`.
 *
 * @param value A scalar, or what was kept as its text.
 */
export function storedJsonOf(value: unknown, depthMax: number): Uint8Array | null {
  if (value instanceof ExactNumber) return encoder.encode(value.source);
  if (!(value instanceof JsonText)) return encoder.encode(JSON.stringify(value));
  if (value.depth > depthMax) return null;
  const bytes = encoder.encode(value.source);
  return WHITE_SPACE.test(value.source) ? withoutSpace(bytes) : bytes;
}

/** Moves the tokens together, within the same bytes. */
function withoutSpace(json: Uint8Array): Uint8Array {
  let to = 0;
  let isString = false;
  for (let from = 0; from < json.length; from++) {
    const byte = json[from]!;
    if (!isString && isSpace(byte)) continue;
    json[to++] = byte;
    if (byte === QUOTE) isString = !isString;
    // What is escaped ends no string.
    else if (byte === BACKSLASH) json[to++] = json[++from]!;
  }
  return json.subarray(0, to);
}

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === LINE_FEED || byte === CARRIAGE_RETURN || byte === TAB;
}

const encoder = new TextEncoder();
const WHITE_SPACE = /[\t\n\r ]/;
const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
