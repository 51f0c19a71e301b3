/**
 * What a checksum of one log record costs: the measurement behind docs/adr/0002-wal-checksum.md.
 *
 * Run it with `deno bench bench/checksum_bench.ts`.
 *
 * @module
 */

import { crc32 } from "node:zlib";

const POLYNOMIAL = 0x82f6_3b78;
const TABLES = Array.from({ length: 8 }, () => new Uint32Array(256));
for (let byte = 0; byte < 256; byte++) {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) {
    remainder = (remainder >>> 1) ^ ((remainder & 1) * POLYNOMIAL);
  }
  TABLES[0]![byte] = remainder;
}
for (let byte = 0; byte < 256; byte++) {
  for (let table = 1; table < 8; table++) {
    const before = TABLES[table - 1]![byte]!;
    TABLES[table]![byte] = (before >>> 8) ^ TABLES[0]![before & 0xff]!;
  }
}
const [T0, T1, T2, T3, T4, T5, T6, T7] = TABLES as [
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
];

/** CRC-32C, a byte at a time. */
function crc32cByByte(bytes: Uint8Array): number {
  let crc = ~0;
  for (let i = 0; i < bytes.length; i++) crc = T0[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** CRC-32C, eight bytes at a time (Kounavis and Berry, 2005). */
function crc32cByEight(bytes: Uint8Array): number {
  let crc = ~0;
  let i = 0;
  for (; i + 8 <= bytes.length; i += 8) {
    const low = crc ^
      (bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24));
    crc = T7[low & 0xff]! ^ T6[(low >>> 8) & 0xff]! ^ T5[(low >>> 16) & 0xff]! ^ T4[low >>> 24]! ^
      T3[bytes[i + 4]!]! ^ T2[bytes[i + 5]!]! ^ T1[bytes[i + 6]!]! ^ T0[bytes[i + 7]!]!;
  }
  for (; i < bytes.length; i++) crc = T0[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

for (const size of [50, 100, 200, 500, 4_096, 1_048_576]) {
  const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 31) & 0xff);
  const group = `${size} bytes`;
  Deno.bench("CRC-32C by byte", { group }, () => {
    crc32cByByte(bytes);
  });
  Deno.bench("CRC-32C by eight", { group }, () => {
    crc32cByEight(bytes);
  });
  // With the view, which the log has to make of its buffer for each record.
  Deno.bench("CRC-32 native", { group, baseline: true }, () => {
    crc32(bytes.subarray(0, size), 1);
  });
}
