/**
 * Writes the scalars that every format here is made of. The other half is
 * {@linkcode ByteReader}.
 *
 * @module
 */

import { utf8SizeBytes, writeUtf8 } from "./utf8.ts";

/**
 * A buffer that grows by doubling. Numbers are little endian; `varint` is LEB128 in its shortest
 * form, so that equal values have equal bytes.
 */
export class ByteWriter {
  #buffer: Uint8Array;
  #size = 0;

  /**
   * Starts empty.
   *
   * @param room The expected size, or a buffer of that size to write into: if it is enough, there is
   *   no other.
   */
  constructor(room: number | Uint8Array = 64) {
    this.#buffer = typeof room === "number" ? new Uint8Array(room) : room;
  }

  /** How many bytes were written. */
  get sizeBytes(): number {
    return this.#size;
  }

  /** One byte: an integer from 0 to 255. */
  u8(value: number): void {
    this.#grow(1);
    this.#buffer[this.#size++] = value;
  }

  /** A boolean as one byte. */
  flag(value: boolean): void {
    this.u8(value ? 1 : 0);
  }

  /** Four bytes: an integer from 0 to 2^32 - 1. */
  u32(value: number): void {
    this.#grow(4);
    this.setU32(this.#size, value);
    this.#size += 4;
  }

  /** Overwrites four bytes at `offset`, for a length or checksum known only later. */
  setU32(offset: number, value: number): void {
    const buffer = this.#buffer;
    buffer[offset] = value;
    buffer[offset + 1] = value >>> 8;
    buffer[offset + 2] = value >>> 16;
    buffer[offset + 3] = value >>> 24;
  }

  /** Eight bytes: an integer from 0 to 2^53 - 1. */
  u64(value: number): void {
    checkInteger(value);
    this.u32(value % TWO_32);
    this.u32(Math.floor(value / TWO_32));
  }

  /** Eight bytes: an integer from -2^63 to 2^63 - 1. */
  i64(value: bigint): void {
    const bits = BigInt.asUintN(64, value);
    this.u32(Number(bits & 0xffff_ffffn));
    this.u32(Number(bits >> 32n));
  }

  /**
   * One to eight bytes: an integer from 0 to 2^53 - 1.
   *
   * @throws {RangeError} if it is not one
   */
  varint(value: number): void {
    checkInteger(value);
    this.#grow(8);
    const buffer = this.#buffer;
    let rest = value;
    while (rest >= TWO_28) {
      buffer[this.#size++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest >= 128) {
      buffer[this.#size++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    buffer[this.#size++] = rest;
  }

  /** Bytes without a length: the reader must know it. */
  raw(bytes: Uint8Array): void {
    this.#grow(bytes.length);
    this.#buffer.set(bytes, this.#size);
    this.#size += bytes.length;
  }

  /** A varint length, then the bytes. */
  bytes(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.raw(bytes);
  }

  /**
   * A varint length, then the text in UTF-8.
   *
   * @throws {RangeError} if the text holds half a surrogate pair
   */
  text(text: string): void {
    const size = utf8SizeBytes(text);
    this.varint(size);
    this.#grow(size);
    writeUtf8(text, this.#buffer.subarray(this.#size));
    this.#size += size;
  }

  /** A varint length, then a string that holds one byte per character. */
  byteString(text: string): void {
    this.varint(text.length);
    this.#grow(text.length);
    for (let i = 0; i < text.length; i++) this.#buffer[this.#size++] = text.charCodeAt(i);
  }

  /** What was written from `offset` on: a view that holds until the next write. */
  peek(offset: number): Uint8Array {
    return this.#buffer.subarray(offset, this.#size);
  }

  /** Starts over in the same buffer, for a writer that is used again and again. */
  clear(): void {
    this.#size = 0;
  }

  /** What was written. The writer is spent: its buffer belongs to the caller. */
  finish(): Uint8Array {
    return this.#buffer.subarray(0, this.#size);
  }

  #grow(bytes: number): void {
    const needed = this.#size + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
    grown.set(this.#buffer.subarray(0, this.#size));
    this.#buffer = grown;
  }
}

const TWO_28 = 0x1000_0000;
const TWO_32 = 0x1_0000_0000;

function checkInteger(value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`Cannot encode an integer: ${value}`);
  }
}
