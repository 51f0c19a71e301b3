/**
 * The frames of an open link: one byte that says version and type, then the payload. WebSocket
 * keeps the boundaries, so a frame carries exactly one message and needs no length of its own. It
 * does carry a checksum: TCP's has 16 bits, and not every network card and proxy gets them right, while
 * one turned bit in a term or an index is a lie that a majority may come to believe.
 *
 * @module
 */

import { LIMITS } from "@raftkv/core";
import { crc32 } from "node:zlib";

/** The frame version this code speaks, in the upper four bits of the first byte. */
export const FRAME_VERSION = 2;

/** The byte of version and type, and the checksum. */
const HEADER_BYTES = 5;

/** Largest frame in bytes: one message and what stands before it. */
export const FRAME_BYTES_MAX: number = LIMITS.messageBytesMax + HEADER_BYTES;

const TYPE_MESSAGE = 1;
const TYPE_PING = 2;

const headerOf = (type: number): number => (FRAME_VERSION << 4) | type;

/** What a frame turned out to be. */
export type ParsedFrame =
  | { readonly kind: "message"; readonly message: Uint8Array }
  | { readonly kind: "ping" }
  | { readonly kind: "malformed"; readonly reason: string };

const PING: ParsedFrame = { kind: "ping" };

/** The frame that says "still here" and nothing else. Made anew: a socket may keep what it sends. */
export function encodePingFrame(): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(headerOf(TYPE_PING));
}

/**
 * Puts a message into a frame. The copy is what lets the sender reuse its buffer at once, and it
 * costs less than a second frame for the header would.
 */
export function encodeMessageFrame(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(message.length + HEADER_BYTES);
  const checksum = crc32(message);
  frame[0] = headerOf(TYPE_MESSAGE);
  frame[1] = checksum >>> 24;
  frame[2] = checksum >>> 16;
  frame[3] = checksum >>> 8;
  frame[4] = checksum;
  frame.set(message, HEADER_BYTES);
  return frame;
}

/** Reads one frame. A message is a view into `frame`, not a copy. */
export function parseFrame(frame: Uint8Array): ParsedFrame {
  const header = frame[0];
  if (header === undefined) return malformed("Frame is empty");
  if (frame.length > FRAME_BYTES_MAX) {
    return malformed(`Frame has ${frame.length} bytes, more than ${FRAME_BYTES_MAX}`);
  }
  if (header === headerOf(TYPE_MESSAGE)) return parseMessage(frame);
  if (header === headerOf(TYPE_PING)) {
    return frame.length === 1 ? PING : malformed(`Ping has ${frame.length} bytes, not 1`);
  }
  if (header >> 4 !== FRAME_VERSION) return malformed(`Frame has unknown version ${header >> 4}`);
  return malformed(`Frame has unknown type ${header & 0x0f}`);
}

function parseMessage(frame: Uint8Array): ParsedFrame {
  if (frame.length < HEADER_BYTES) return malformed(`Message has ${frame.length} bytes in all`);
  const [, b1 = 0, b2 = 0, b3 = 0, b4 = 0] = frame;
  const message = frame.subarray(HEADER_BYTES);
  const isWhole = crc32(message) === ((b1 << 24 | b2 << 16 | b3 << 8 | b4) >>> 0);
  return isWhole ? { kind: "message", message } : malformed("Checksum does not match");
}

function malformed(reason: string): ParsedFrame {
  return { kind: "malformed", reason };
}
