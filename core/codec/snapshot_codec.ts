/**
 * What a snapshot says about itself, as bytes; the bytes of the state are the state machine's.
 *
 * ```text
 * point  last position (index varint, term varint), configuration
 * meta   point, sizeBytes varint, SHA-256 digest (32 bytes)
 * chunk  meta, offsetBytes varint, data bytes
 * ```
 *
 * @module
 */

import type { SnapshotChunk, SnapshotMeta, SnapshotPoint } from "../raft/snapshot.ts";
import type { ByteReader } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";
import { readConfiguration, writeConfiguration } from "./configuration_codec.ts";
import { readLogPosition, writeLogPosition } from "./ids_codec.ts";

/** Writes where a snapshot stands. */
export function writeSnapshotPoint(writer: ByteWriter, point: SnapshotPoint): void {
  writeLogPosition(writer, point.last);
  writeConfiguration(writer, point.configuration);
}

/**
 * Reads where a snapshot stands.
 *
 * @throws {DecodeError} if the bytes do not say
 */
export function readSnapshotPoint(reader: ByteReader): SnapshotPoint {
  const last = readLogPosition(reader);
  return { last, configuration: readConfiguration(reader) };
}

/**
 * Writes a snapshot's description.
 *
 * @throws {RangeError} if the digest is not 64 lower-case hex digits
 */
export function writeSnapshotMeta(writer: ByteWriter, meta: SnapshotMeta): void {
  writeSnapshotPoint(writer, meta);
  writer.varint(meta.sizeBytes);
  if (!/^[0-9a-f]{64}$/.test(meta.digest)) {
    throw new RangeError(`Cannot encode a digest: ${meta.digest}`);
  }
  for (let i = 0; i < meta.digest.length; i += 2) {
    writer.u8(Number.parseInt(meta.digest.slice(i, i + 2), 16));
  }
}

/**
 * Reads a snapshot's description.
 *
 * @throws {DecodeError} if there is none
 */
export function readSnapshotMeta(reader: ByteReader): SnapshotMeta {
  const { last, configuration } = readSnapshotPoint(reader);
  const sizeBytes = reader.varint();
  let digest = "";
  for (const byte of reader.raw(DIGEST_BYTES)) digest += byte.toString(16).padStart(2, "0");
  return { last, configuration, sizeBytes, digest };
}

/** Writes one slice of a snapshot. */
export function writeSnapshotChunk(writer: ByteWriter, chunk: SnapshotChunk): void {
  writeSnapshotMeta(writer, chunk.meta);
  writer.varint(chunk.offsetBytes);
  writer.bytes(chunk.data);
}

/**
 * Reads one slice of a snapshot, whose data is a view of the reader's bytes.
 *
 * @throws {DecodeError} if there is none, or it does not lie inside its snapshot
 */
export function readSnapshotChunk(reader: ByteReader): SnapshotChunk {
  const meta = readSnapshotMeta(reader);
  const offsetBytes = reader.varint();
  const data = reader.bytes();
  if (offsetBytes + data.length > meta.sizeBytes) reader.fail("Chunk passes its snapshot's end");
  if (data.length === 0 && meta.sizeBytes > 0) reader.fail("Chunk is empty");
  return { meta, offsetBytes, data };
}

const DIGEST_BYTES = 32;
