/**
 * A running 64-bit digest. It tells accidental differences apart, between replicas and between a
 * snapshot and what is left of it; it is no defence against someone who looks for collisions.
 *
 * @module
 */

import type { ByteReader } from "../codec/byte_reader.ts";
import type { ByteWriter } from "../codec/byte_writer.ts";

/**
 * Two 32-bit lanes. Each step is a bijection of the lane for a given word, and of the word for a
 * given lane: a single changed word always changes the digest.
 */
export class Digest {
  #a = 0x243f_6a88;
  #b = 0x1319_8a2e;

  /** Takes in an integer from 0 to 2^53 - 1. */
  addInteger(value: number): void {
    this.#add(value | 0);
    this.#add(Math.floor(value / 0x1_0000_0000));
  }

  /** Takes in bytes and their number, so that runs of bytes cannot be cut differently. */
  addBytes(bytes: Uint8Array): void {
    const size = bytes.length;
    this.addInteger(size);
    const whole = size & ~3;
    let a = this.#a;
    let b = this.#b;
    for (let i = 0; i < whole; i += 4) {
      const word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
      a = stepA(a, word);
      b = stepB(b, word);
    }
    this.#a = a;
    this.#b = b;
    for (let i = whole; i < size; i++) this.#add(bytes[i]!);
  }

  /** Whether both have taken in the same, but for an accident of 1 in 2^64. */
  equals(other: Digest): boolean {
    return this.#a === other.#a && this.#b === other.#b;
  }

  /** The digest so far as 16 hex digits. */
  toString(): string {
    return [this.#a, this.#b].map((lane) => (lane >>> 0).toString(16).padStart(8, "0")).join("");
  }

  /** Writes the digest, to be gone on with elsewhere. */
  writeTo(writer: ByteWriter): void {
    writer.u32(this.#a);
    writer.u32(this.#b);
  }

  /** The digest that {@linkcode Digest.writeTo} wrote. */
  static readFrom(reader: ByteReader): Digest {
    const digest = new Digest();
    digest.#a = reader.u32() | 0;
    digest.#b = reader.u32() | 0;
    return digest;
  }

  #add(word: number): void {
    this.#a = stepA(this.#a, word);
    this.#b = stepB(this.#b, word);
  }
}

function stepA(lane: number, word: number): number {
  const a = lane ^ word;
  return Math.imul((a << 15) | (a >>> 17), 0x9e37_79b1) + 0x7ed5_5d16 | 0;
}

function stepB(lane: number, word: number): number {
  const b = lane + word | 0;
  return Math.imul((b << 13) | (b >>> 19), 0x85eb_ca77) ^ 0x61c8_8647;
}
