/**
 * Reads what {@linkcode ByteWriter} wrote, from bytes that nobody vouches for.
 *
 * @module
 */

import { byteStringOf } from "./byte_string.ts";
import { DecodeError } from "./decode_error.ts";
import { readUtf8 } from "./utf8.ts";

/**
 * A position in bytes. Nothing is read past their end, and no length or count read from them decides
 * an allocation before it was compared with what is left.
 *
 * Every method throws {@linkcode DecodeError} on bytes that are not what it reads.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #firstOffset: number;
  #offset = 0;

  /**
   * Reads from the first byte.
   *
   * @param bytes Must not change while results that alias it are in use.
   * @param firstOffsetBytes Where they begin in something larger: errors count from its start.
   */
  constructor(bytes: Uint8Array, firstOffsetBytes = 0) {
    this.#bytes = bytes;
    this.#firstOffset = firstOffsetBytes;
  }

  /** How many bytes were read. */
  get offsetBytes(): number {
    return this.#offset;
  }

  /** How many bytes are left. */
  get remainingBytes(): number {
    return this.#bytes.length - this.#offset;
  }

  /** One byte. */
  u8(): number {
    if (this.#offset >= this.#bytes.length) this.fail("Bytes end early");
    return this.#bytes[this.#offset++]!;
  }

  /** A boolean as one byte, 0 or 1. */
  flag(): boolean {
    const byte = this.u8();
    if (byte > 1) this.fail("Flag is neither 0 nor 1");
    return byte === 1;
  }

  /** Four bytes, little endian. */
  u32(): number {
    const at = this.#take(4);
    const bytes = this.#bytes;
    const low = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
    return (low | (bytes[at + 3]! << 24)) >>> 0;
  }

  /** Eight bytes, little endian, that hold at most 2^53 - 1. */
  u64(): number {
    const low = this.u32();
    const high = this.u32();
    if (high >= TWO_21) this.fail("Integer passes 2^53 - 1");
    return high * TWO_32 + low;
  }

  /** Eight bytes, little endian: an integer from -2^63 to 2^63 - 1. */
  i64(): bigint {
    const low = BigInt(this.u32());
    return BigInt.asIntN(64, (BigInt(this.u32()) << 32n) | low);
  }

  /** An integer from 0 to 2^53 - 1 in its shortest LEB128 form. */
  varint(): number {
    const first = this.u8();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    let scale = 128;
    for (let i = 1; i < VARINT_BYTES_MAX; i++) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (byte === 0) this.fail("Integer is not in its shortest form");
        if (value > Number.MAX_SAFE_INTEGER) this.fail("Integer passes 2^53 - 1");
        return value;
      }
      scale *= 128;
    }
    return this.fail("Integer passes 2^53 - 1");
  }

  /**
   * A varint that counts items still to be read, each of at least `itemBytesMin` bytes: a larger
   * count than the rest can hold is refused before anyone makes room for it.
   */
  count(itemBytesMin: number): number {
    const count = this.varint();
    if (count > this.remainingBytes / itemBytesMin) this.fail("Count passes the end");
    return count;
  }

  /** `sizeBytes` bytes as a view of the underlying ones. */
  raw(sizeBytes: number): Uint8Array {
    const at = this.#take(sizeBytes);
    return this.#bytes.subarray(at, at + sizeBytes);
  }

  /** A varint length, then that many bytes, as a view of the underlying ones. */
  bytes(): Uint8Array {
    return this.raw(this.varint());
  }

  /** A varint length, then UTF-8. */
  text(): string {
    const text = readUtf8(this.bytes());
    return text ?? this.fail("Text is not UTF-8");
  }

  /** A varint length of at most `sizeBytesMax`, then a string with one byte per character. */
  byteString(sizeBytesMax: number): string {
    const size = this.varint();
    if (size > sizeBytesMax) this.fail(`Length passes ${sizeBytesMax}`);
    const at = this.#take(size);
    return byteStringOf(this.#bytes, at, at + size);
  }

  /** Demands that nothing is left. */
  end(): void {
    if (this.#offset !== this.#bytes.length) this.fail("Bytes are left over");
  }

  /** Refuses the bytes at the present position. */
  fail(reason: string): never {
    throw new DecodeError(reason, this.#firstOffset + this.#offset);
  }

  #take(sizeBytes: number): number {
    const at = this.#offset;
    if (sizeBytes > this.#bytes.length - at) this.fail("Length passes the end");
    this.#offset = at + sizeBytes;
    return at;
  }
}

const VARINT_BYTES_MAX = 8;
const TWO_21 = 0x20_0000;
const TWO_32 = 0x1_0000_0000;
