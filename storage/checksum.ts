/**
 * The checksum of every file: CRC-32 as zlib computes it, because the runtime does that natively
 * (docs/adr/0002-wal-checksum.md).
 *
 * @module
 */

import { crc32 } from "node:zlib";

/**
 * CRC-32 of `bytes`, or of what `before` is the checksum of with `bytes` after it.
 *
 * @param before A checksum that this one continues.
 */
export function checksumOf(bytes: Uint8Array, before = 0): number {
  return crc32(bytes, before);
}
