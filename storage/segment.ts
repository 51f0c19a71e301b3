/**
 * A segment, one file of the log: its name, its header and its first batch.
 *
 * ```text
 * envelope of file_header.ts, magic "RaftKVwl", with these fields:
 * cluster id         text
 * node id            text
 * sequence           u64   one more than that of the segment before it
 * starts anew        flag  the log before it is void: a received snapshot took its place
 * previous index     u64   the entry right before the first this segment can hold
 * previous term      u64
 * previous end       u64   where the segment before it ends, without its seal; 0 if it starts anew
 * previous checksum  u32   the checksum there
 * ```
 *
 * The first batch holds the hard state, because the segments that held it before get removed. The
 * file takes its name only when all of this is durable: a segment is never seen half begun.
 *
 * @module
 */

import type { ByteReader } from "@raftkv/core/codec";
import type { HardState, LogIndex, LogPosition, NodeId, Term } from "@raftkv/core/raft";
import { encodeFileHeader, type ParsedHeader, parseFileHeader } from "./file_header.ts";
import { type ChainLink, FrameWriter, readU32 } from "./frame.ts";
import type { NodeIdentity } from "./identity.ts";
import { addCommit, addHardState } from "./record.ts";

/** What a segment says about itself. */
export interface SegmentHeader {
  /** Whose it is. */
  readonly identity: NodeIdentity;
  /** Its place among the segments, from 1. */
  readonly sequence: number;
  /** Whether the log before it is void. */
  readonly startsAnew: boolean;
  /** The entry right before the first that this segment can hold. */
  readonly previous: LogPosition;
  /** Where the segment before it ends, without its seal; 0 if there is none or it is void. */
  readonly previousEndBytes: number;
  /** The checksum of that segment's last frame there; 0 likewise. */
  readonly previousChecksum: number;
}

/** The bytes that a segment begins with, and how they go on. */
export interface SegmentStart {
  /** Header and first batch. */
  readonly bytes: Uint8Array;
  /** What the first frame after them continues. */
  readonly link: ChainLink;
}

/** A segment's file name; the index in it is for the reader of a directory listing. */
export function segmentName(sequence: number, previous: LogPosition): string {
  const firstIndex = String(previous.index + 1).padStart(INDEX_DIGITS, "0");
  return `wal-${String(sequence).padStart(SEQUENCE_DIGITS, "0")}-${firstIndex}.log`;
}

/** The sequence in a segment's file name, or null if the name is none. */
export function sequenceOf(name: string): number | null {
  const match = /^wal-(\d{10})-\d{16}\.log$/.exec(name);
  return match === null ? null : Number(match[1]);
}

/** The name of a segment that is not complete yet. */
export const UNFINISHED_SEGMENT_NAME = "wal.new";

/** Builds a segment's header and first batch. */
export function encodeSegmentStart(header: SegmentHeader, hardState: HardState): SegmentStart {
  const headerBytes = encodeFileHeader(MAGIC, (writer) => {
    writer.text(header.identity.clusterId);
    writer.text(header.identity.nodeId);
    writer.u64(header.sequence);
    writer.flag(header.startsAnew);
    writer.u64(header.previous.index);
    writer.u64(header.previous.term);
    writer.u64(header.previousEndBytes);
    writer.u32(header.previousChecksum);
  });
  const salt = saltOf(headerBytes);
  const frames = new FrameWriter();
  frames.reset({ salt, checksum: salt });
  addHardState(frames, hardState);
  addCommit(frames, { durableBytes: headerBytes.length, last: header.previous });
  const bytes = new Uint8Array(headerBytes.length + frames.bytes.length);
  bytes.set(headerBytes);
  bytes.set(frames.bytes, headerBytes.length);
  return { bytes, link: { salt, checksum: frames.checksum } };
}

/** Reads a segment's header. */
export function parseSegmentHeader(bytes: Uint8Array): ParsedHeader<SegmentHeader> {
  return parseFileHeader(bytes, { magic: MAGIC, readFields });
}

const MAGIC = "RaftKVwl";
const SEQUENCE_DIGITS = 10;
const INDEX_DIGITS = 16;

function readFields(reader: ByteReader): SegmentHeader {
  return {
    identity: { clusterId: reader.text(), nodeId: reader.text() as NodeId },
    sequence: reader.u64(),
    startsAnew: reader.flag(),
    previous: { index: reader.u64() as LogIndex, term: reader.u64() as Term },
    previousEndBytes: reader.u64(),
    previousChecksum: reader.u32(),
  };
}

/** The header's checksum stands in its last four bytes. */
function saltOf(headerBytes: Uint8Array): number {
  return readU32(headerBytes, headerBytes.length - 4);
}
