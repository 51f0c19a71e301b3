/**
 * Log entries and the hard state as bytes: the same on the wire and in the log on disk.
 *
 * ```text
 * entry       kind u8 (1 noop, 2 command, 3 configuration), index varint, term varint,
 *             timeMs varint, payload bytes
 * hard state  term varint, votedFor text (empty: nobody)
 * ```
 *
 * Neither carries a version: what they are embedded in does.
 *
 * @module
 */

import type { Entry, EntryKind } from "../raft/entry.ts";
import type { HardState } from "../raft/persist.ts";
import type { ByteReader } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";
import { readLogIndex, readNodeIdOrNull, readTerm, writeNodeIdOrNull } from "./ids_codec.ts";
import { Tags } from "./tags.ts";

/** No entry takes more bytes than its payload and this. */
export const ENTRY_HEADER_BYTES_MAX: number = 1 + 4 * 8;

/** No entry takes fewer bytes than this. */
export const ENTRY_BYTES_MIN = 5;

/** Writes one entry. */
export function writeEntry(writer: ByteWriter, entry: Entry): void {
  writer.u8(KINDS.tagOf(entry.kind));
  writer.varint(entry.index);
  writer.varint(entry.term);
  writer.varint(entry.timeMs);
  writer.bytes(entry.payload);
}

/**
 * Reads one entry, whose payload is a view of the reader's bytes.
 *
 * @throws {DecodeError} if there is none
 */
export function readEntry(reader: ByteReader): Entry {
  const kind = KINDS.nameOf(reader.u8()) ?? reader.fail("Entry is of an unknown kind");
  const index = readLogIndex(reader);
  if (index === 0) reader.fail("Entry stands before the log");
  const term = readTerm(reader);
  if (term === 0) reader.fail("Entry has no term");
  const timeMs = reader.varint();
  const payload = reader.bytes();
  if (kind === "noop" && payload.length > 0) reader.fail("No-op carries a payload");
  return { index, term, kind, timeMs, payload };
}

/** Writes term and vote. */
export function writeHardState(writer: ByteWriter, hardState: HardState): void {
  writer.varint(hardState.term);
  writeNodeIdOrNull(writer, hardState.votedFor);
}

/**
 * Reads term and vote.
 *
 * @throws {DecodeError} if there are none
 */
export function readHardState(reader: ByteReader): HardState {
  const term = readTerm(reader);
  const votedFor = readNodeIdOrNull(reader);
  if (term === 0 && votedFor !== null) reader.fail("Vote was cast before any term");
  return { term, votedFor };
}

const KINDS = new Tags<EntryKind>({ noop: 1, command: 2, configuration: 3 });
