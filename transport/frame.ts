/**
 * The frames of an open link: one byte that says version and type, then the payload. WebSocket
 * keeps the boundaries, so a frame carries exactly one message and needs no length of its own.
 *
 * @module
 */

import { LIMITS } from "@raftkv/core";

/** The frame version this code speaks, in the upper four bits of the first byte. */
export const FRAME_VERSION = 1;

/** Largest frame in bytes: one message and the byte before it. */
export const FRAME_BYTES_MAX: number = LIMITS.messageBytesMax + 1;

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
  const frame = new Uint8Array(message.length + 1);
  frame[0] = headerOf(TYPE_MESSAGE);
  frame.set(message, 1);
  return frame;
}

/** Reads one frame. A message is a view into `frame`, not a copy. */
export function parseFrame(frame: Uint8Array): ParsedFrame {
  const header = frame[0];
  if (header === undefined) return malformed("Frame is empty");
  if (frame.length > FRAME_BYTES_MAX) {
    return malformed(`Frame has ${frame.length} bytes, more than ${FRAME_BYTES_MAX}`);
  }
  if (header === headerOf(TYPE_MESSAGE)) return { kind: "message", message: frame.subarray(1) };
  if (header === headerOf(TYPE_PING)) {
    return frame.length === 1 ? PING : malformed(`Ping has ${frame.length} bytes, not 1`);
  }
  if (header >> 4 !== FRAME_VERSION) return malformed(`Frame has unknown version ${header >> 4}`);
  return malformed(`Frame has unknown type ${header & 0x0f}`);
}

function malformed(reason: string): ParsedFrame {
  return { kind: "malformed", reason };
}
