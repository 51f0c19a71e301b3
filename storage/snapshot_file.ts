/**
 * A snapshot file: its name and its header, after which the state's bytes stand unframed.
 *
 * ```text
 * envelope of file_header.ts, magic "RaftKVsn", with these fields:
 * cluster id   text
 * node id      text
 * log reaches  flag   the log held the snapshot's last entry durably when the file got its name
 * point        as in core/codec/snapshot_codec.ts
 * size         u64    of the state
 * digest       32 B   SHA-256 of the state
 * ```
 *
 * Size and digest are known last, so the header is written last, into room left for it: its length
 * depends on identity and point alone.
 *
 * @module
 */

import {
  type ByteReader,
  type ByteWriter,
  readSnapshotPoint,
  writeSnapshotPoint,
} from "@raftkv/core/codec";
import type { LogIndex, NodeId, SnapshotMeta } from "@raftkv/core/raft";
import { encodeFileHeader, type ParsedHeader, parseFileHeader } from "./file_header.ts";
import type { NodeIdentity } from "./identity.ts";

/** What a snapshot file says about itself. */
export interface SnapshotHeader {
  /** Whose it is. */
  readonly identity: NodeIdentity;
  /**
   * Whether the log held the snapshot's last entry, durably, when the file got its name. If so, a log
   * without it has lost something; if not, the snapshot takes the log's place.
   */
  readonly logReaches: boolean;
  /** What the state is. */
  readonly meta: SnapshotMeta;
}

/** A snapshot's file name. */
export function snapshotName(index: LogIndex): string {
  return `snapshot-${String(index).padStart(INDEX_DIGITS, "0")}.bin`;
}

/** The index in a snapshot's file name, or null if the name is none. */
export function snapshotIndexOf(name: string): LogIndex | null {
  const match = /^snapshot-(\d{16})\.bin$/.exec(name);
  return match === null ? null : Number(match[1]) as LogIndex;
}

/** The name of a snapshot that this node is writing. */
export const SAVING_SNAPSHOT_NAME = "snapshot.saving";

/** The name of a snapshot that a leader is sending. */
export const STAGED_SNAPSHOT_NAME = "snapshot.staged";

/** What a damaged snapshot's name ends in: it is kept for whoever looks into the damage. */
export const QUARANTINE_SUFFIX = ".damaged";

/** Builds a snapshot's header. */
export function encodeSnapshotHeader(header: SnapshotHeader): Uint8Array {
  const { identity, logReaches, meta } = header;
  return encodeFileHeader(MAGIC, (writer) => {
    writer.text(identity.clusterId);
    writer.text(identity.nodeId);
    writer.flag(logReaches);
    writeSnapshotPoint(writer, meta);
    writer.u64(meta.sizeBytes);
    writeDigest(writer, meta.digest);
  });
}

/** Reads a snapshot's header. */
export function parseSnapshotHeader(bytes: Uint8Array): ParsedHeader<SnapshotHeader> {
  return parseFileHeader(bytes, { magic: MAGIC, readFields });
}

const MAGIC = "RaftKVsn";
const INDEX_DIGITS = 16;
const DIGEST_BYTES = 32;

function readFields(reader: ByteReader): SnapshotHeader {
  const identity = { clusterId: reader.text(), nodeId: reader.text() as NodeId };
  const logReaches = reader.flag();
  const point = readSnapshotPoint(reader);
  const sizeBytes = reader.u64();
  const digest = readDigest(reader);
  return { identity, logReaches, meta: { ...point, sizeBytes, digest } };
}

function writeDigest(writer: ByteWriter, digest: string): void {
  for (let at = 0; at < digest.length; at += 2) {
    writer.u8(Number.parseInt(digest.slice(at, at + 2), 16));
  }
}

function readDigest(reader: ByteReader): string {
  let digest = "";
  for (const byte of reader.raw(DIGEST_BYTES)) digest += byte.toString(16).padStart(2, "0");
  return digest;
}
