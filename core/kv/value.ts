/**
 * Values as the store keeps them. A small one is kept as a byte string: beside a million of them,
 * as many array buffers would take two fifths of the memory and keep the garbage collector busy.
 *
 * @module
 */

import { bytesOf, byteStringOf } from "../codec/byte_string.ts";
import type { ByteWriter } from "../codec/byte_writer.ts";

/** A value that belongs to the store alone: a byte string if small, else bytes. */
export type PackedValue = string | Uint8Array;

/** Up to this size a value is kept as a byte string. */
const PACKED_BYTES_MAX = 1_024;

/** A copy of `bytes` as the store keeps it. */
export function packValue(bytes: Uint8Array): PackedValue {
  return bytes.length <= PACKED_BYTES_MAX ? byteStringOf(bytes) : bytes.slice();
}

/** The bytes of a kept value; not to be changed. */
export function unpackValue(value: PackedValue): Uint8Array {
  return typeof value === "string" ? bytesOf(value) : value;
}

/** Writes a length and the bytes. */
export function writeValue(writer: ByteWriter, value: PackedValue): void {
  if (typeof value === "string") writer.byteString(value);
  else writer.bytes(value);
}
