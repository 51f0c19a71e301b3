/**
 * The frame around each record of the log:
 *
 * ```text
 * 0    type      u8      1 hard state, 2 entry, 3 commit, 4 seal, 5 repair; 0 is never valid
 * 1    zero      3 bytes
 * 4    length    u32     of the body
 * 8    body
 * 8+n  checksum  u32     of type to body, chained
 * ```
 *
 * A checksum continues the one right before it in the file, mixed with the checksum of the segment's
 * header. So a frame holds good only in its own place in its own segment: stale or misplaced blocks
 * do not pass, and because the link is the four bytes before the frame, a reader that lost its way
 * can still test any place by itself.
 *
 * @module
 */

import { ByteReader, ByteWriter } from "@raftkv/core/codec";
import { checksumOf } from "./checksum.ts";

/** The kinds of frames, by their type byte. */
export const FRAME_TYPES = {
  hardState: 1,
  entry: 2,
  commit: 3,
  seal: 4,
  repair: 5,
} as const;

/** Type, zeros and length. */
export const FRAME_HEADER_BYTES = 8;

/** Everything of a frame but its body. */
export const FRAME_OVERHEAD_BYTES: number = FRAME_HEADER_BYTES + 4;

/** No body is longer: a longer one is refused before anything is made of it. */
export const FRAME_BODY_BYTES_MAX = 16_777_216;

/** What the next frame's checksum continues. */
export interface ChainLink {
  /** The checksum of the segment's header. */
  readonly salt: number;
  /** The checksum right before the frame. */
  readonly checksum: number;
}

/** A frame whose checksum holds. */
export interface Frame {
  /** Its type byte, which may be unknown here. */
  readonly type: number;
  /** Its header and its body: one view for the checksum and for the reader of the body. */
  readonly content: Uint8Array;
  /** Its own checksum. */
  readonly checksum: number;
  /** Where the next frame begins. */
  readonly endBytes: number;
}

/** Builds frames one after another in one buffer that is used again and again. */
export class FrameWriter {
  /** Takes the body of the frame that was begun. */
  readonly body: ByteWriter = new ByteWriter(65_536);
  #salt = 0;
  #checksum = 0;
  #frameOffset = 0;

  /** The frames so far: a view that holds until the next write. */
  get bytes(): Uint8Array {
    return this.body.peek(0);
  }

  /** The last frame's checksum. */
  get checksum(): number {
    return this.#checksum;
  }

  /** Starts over. */
  reset(link: ChainLink): void {
    this.body.clear();
    this.#salt = link.salt;
    this.#checksum = link.checksum;
  }

  /** Begins a frame. */
  begin(type: number): void {
    this.#frameOffset = this.body.sizeBytes;
    this.body.u32(type);
    this.body.u32(0);
  }

  /**
   * Ends the frame.
   *
   * @throws {RangeError} if its body is longer than a reader accepts
   */
  end(): void {
    const bodyBytes = this.body.sizeBytes - this.#frameOffset - FRAME_HEADER_BYTES;
    if (bodyBytes > FRAME_BODY_BYTES_MAX) {
      throw new RangeError(`Cannot log a record of ${bodyBytes} bytes`);
    }
    this.body.setU32(this.#frameOffset + LENGTH_OFFSET_BYTES, bodyBytes);
    const seed = seedOf(this.#salt, this.#checksum);
    this.#checksum = checksumOf(this.body.peek(this.#frameOffset), seed);
    this.body.u32(this.#checksum);
  }
}

/** Reads the frame at `offsetBytes`, or says why none holds good there. */
export function readFrame(
  bytes: Uint8Array,
  { offsetBytes, link }: { readonly offsetBytes: number; readonly link: ChainLink },
): Frame | string {
  if (bytes.length - offsetBytes < FRAME_OVERHEAD_BYTES) return "Record is cut off";
  const type = bytes[offsetBytes]!;
  if (type === 0) return "Record has no type";
  const length = readU32(bytes, offsetBytes + LENGTH_OFFSET_BYTES);
  if (length > FRAME_BODY_BYTES_MAX) return "Record is longer than any can be";
  const bodyEnd = offsetBytes + FRAME_HEADER_BYTES + length;
  if (bodyEnd + 4 > bytes.length) return "Record is cut off";
  const checksum = readU32(bytes, bodyEnd);
  const seed = seedOf(link.salt, link.checksum);
  const content = bytes.subarray(offsetBytes, bodyEnd);
  if (checksum !== checksumOf(content, seed)) return "Checksum does not match";
  return { type, content, checksum, endBytes: bodyEnd + 4 };
}

/**
 * The frame at `offsetBytes` of which only the checksum is damaged: the frame behind it is chained to
 * the one that it should have. Null if that is not so.
 */
export function readFrameByNext(
  bytes: Uint8Array,
  { offsetBytes, link }: { readonly offsetBytes: number; readonly link: ChainLink },
): Frame | null {
  if (bytes.length - offsetBytes < FRAME_OVERHEAD_BYTES) return null;
  const bodyEnd = offsetBytes + FRAME_HEADER_BYTES +
    readU32(bytes, offsetBytes + LENGTH_OFFSET_BYTES);
  const endBytes = bodyEnd + 4;
  if (endBytes >= bytes.length) return null;
  const content = bytes.subarray(offsetBytes, bodyEnd);
  const checksum = checksumOf(content, seedOf(link.salt, link.checksum));
  const next = readFrame(bytes, {
    offsetBytes: endBytes,
    link: { salt: link.salt, checksum },
  });
  return typeof next === "string"
    ? null
    : { type: bytes[offsetBytes]!, content, checksum, endBytes };
}

/** A reader of a frame's body. */
export function bodyReaderOf(frame: Frame): ByteReader {
  const reader = new ByteReader(frame.content);
  reader.u32();
  reader.u32();
  return reader;
}

/** The four bytes at `offset` as a number, little endian. */
export function readU32(bytes: Uint8Array, offset: number): number {
  const low = bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16);
  return (low | (bytes[offset + 3]! << 24)) >>> 0;
}

const LENGTH_OFFSET_BYTES = 4;

// A sum, because the first frame follows the header's own checksum: XOR would leave it without salt.
function seedOf(salt: number, checksum: number): number {
  return (salt + checksum) >>> 0;
}
