/**
 * The envelope in which each file begins:
 *
 * ```text
 * 0   magic     8 bytes, by kind of file
 * 8   version   u32
 * 12  size      u32     of the whole header
 * 16  fields    ...     by kind of file
 * -4  checksum  u32     of all bytes before it
 * ```
 *
 * Magic and version stand before anything a later version may change, the checksum included.
 *
 * @module
 */

import { ByteReader, ByteWriter, DecodeError } from "@raftkv/core/codec";
import { checksumOf } from "./checksum.ts";

/** The newest format version written and read here. */
export const FORMAT_VERSION = 1;

/** No header is longer; a longer one is refused before room is made for it. */
export const HEADER_BYTES_MAX = 1_048_576;

/** What the first bytes of a file turned out to be. */
export type ParsedHeader<Fields> =
  | {
    readonly kind: "header";
    readonly fields: Fields;
    /** Where the header ends. */
    readonly sizeBytes: number;
    readonly checksum: number;
  }
  | { readonly kind: "newer"; readonly version: number }
  | { readonly kind: "damaged"; readonly offsetBytes: number; readonly reason: string };

/** Wraps header fields in the envelope. */
export function encodeFileHeader(
  magic: string,
  writeFields: (writer: ByteWriter) => void,
): Uint8Array {
  const writer = new ByteWriter(256);
  for (let i = 0; i < MAGIC_BYTES; i++) writer.u8(magic.charCodeAt(i));
  writer.u32(FORMAT_VERSION);
  writer.u32(0);
  writeFields(writer);
  const sizeBytes = writer.sizeBytes + CHECKSUM_BYTES;
  if (sizeBytes > HEADER_BYTES_MAX) {
    throw new RangeError(`Cannot write a file header of ${sizeBytes} bytes`);
  }
  writer.setU32(SIZE_OFFSET_BYTES, sizeBytes);
  writer.u32(checksumOf(writer.peek(0)));
  return writer.finish();
}

/** Opens the envelope of the file that begins with `bytes`. */
export function parseFileHeader<Fields>(
  bytes: Uint8Array,
  { magic, readFields }: { magic: string; readFields: (reader: ByteReader) => Fields },
): ParsedHeader<Fields> {
  const reader = new ByteReader(bytes);
  try {
    for (let i = 0; i < MAGIC_BYTES; i++) {
      if (reader.u8() !== magic.charCodeAt(i)) return damaged(i, "File is of another kind");
    }
    const version = reader.u32();
    if (version === 0 || (version > FORMAT_VERSION && isOurs(bytes))) {
      return damaged(MAGIC_BYTES, `Format version is ${version}, which the checksum contradicts`);
    }
    if (version > FORMAT_VERSION) return { kind: "newer", version };
    const sizeBytes = reader.u32();
    if (sizeBytes < FIELDS_OFFSET_BYTES + CHECKSUM_BYTES || sizeBytes > bytes.length) {
      return damaged(SIZE_OFFSET_BYTES, "Header passes the end of the file");
    }
    const fieldsEnd = sizeBytes - CHECKSUM_BYTES;
    const checksum = new ByteReader(bytes.subarray(fieldsEnd)).u32();
    if (checksum !== checksumOf(bytes.subarray(0, fieldsEnd))) {
      return damaged(0, "Checksum of the header does not match");
    }
    const fields = new ByteReader(bytes.subarray(FIELDS_OFFSET_BYTES, fieldsEnd));
    const header = { fields: readFields(fields), sizeBytes, checksum };
    fields.end();
    return { kind: "header", ...header };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return damaged(error.offsetBytes, error.reason);
  }
}

/** Whether the header is one of ours but for its version: then that is rot, and no later release's. */
function isOurs(bytes: Uint8Array): boolean {
  const sizeBytes = new ByteReader(bytes.subarray(SIZE_OFFSET_BYTES)).u32();
  if (sizeBytes < FIELDS_OFFSET_BYTES + CHECKSUM_BYTES || sizeBytes > bytes.length) return false;
  const header = new ByteWriter(sizeBytes);
  header.raw(bytes.subarray(0, sizeBytes - CHECKSUM_BYTES));
  header.setU32(MAGIC_BYTES, FORMAT_VERSION);
  const checksum = new ByteReader(bytes.subarray(sizeBytes - CHECKSUM_BYTES)).u32();
  return checksum === checksumOf(header.peek(0));
}

function damaged(
  offsetBytes: number,
  reason: string,
): { kind: "damaged"; offsetBytes: number; reason: string } {
  return { kind: "damaged", offsetBytes, reason };
}

const MAGIC_BYTES = 8;
const SIZE_OFFSET_BYTES = 12;
const FIELDS_OFFSET_BYTES = 16;
const CHECKSUM_BYTES = 4;
