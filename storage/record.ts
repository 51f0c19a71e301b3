/**
 * The records of the log: the bodies of frames, and the batches they form.
 *
 * ```text
 * hard state  as in core/codec/entry_codec.ts
 * entry       term of the entry before it varint, then the entry as in core/codec/entry_codec.ts
 * commit      durable offset u64, last index u64, last term u64
 * seal        empty
 * repair      as entry
 * ```
 *
 * A batch is any number of records and the commit that closes it; only whole batches count. The
 * commit's durable offset is where the batch before it ends: everything up to there had been synced
 * before this batch was written. So a commit that holds good proves that damage before its durable
 * offset is no torn write, and must never be cut away.
 *
 * An entry whose index is not after the last one replaces that entry and all that follow it. A repair
 * is an entry again of which the log knows only index and term, because its own bytes are damaged:
 * what follows it stays.
 *
 * @module
 */

import {
  type ByteReader,
  DecodeError,
  readEntry,
  readHardState,
  writeEntry,
  writeHardState,
} from "@raftkv/core/codec";
import type { Entry, HardState, LogIndex, LogPosition, Term } from "@raftkv/core/raft";
import {
  bodyReaderOf,
  type Frame,
  FRAME_OVERHEAD_BYTES,
  FRAME_TYPES,
  type FrameWriter,
} from "./frame.ts";

/** What closes a batch. */
export interface Commit {
  /** Where in this segment the batch before ends. */
  readonly durableBytes: number;
  /** Where the log ends after this batch. */
  readonly last: LogPosition;
}

/** One record of the log. */
export type LogRecord =
  | { readonly kind: "hard_state"; readonly hardState: HardState }
  | { readonly kind: "entry" | "repair"; readonly entry: Entry; readonly previousTerm: Term }
  | { readonly kind: "commit"; readonly commit: Commit }
  | { readonly kind: "seal" };

/** Adds a hard state to the batch. */
export function addHardState(frames: FrameWriter, hardState: HardState): void {
  frames.begin(FRAME_TYPES.hardState);
  writeHardState(frames.body, hardState);
  frames.end();
}

/** Adds contiguous entries, the first of which follows an entry of `previousTerm`. */
export function addEntries(
  frames: FrameWriter,
  { entries, previousTerm }: { readonly entries: readonly Entry[]; readonly previousTerm: Term },
): void {
  let previous = previousTerm;
  for (const entry of entries) {
    addEntry(frames, { type: FRAME_TYPES.entry, entry, previousTerm: previous });
    previous = entry.term;
  }
}

/** Adds an entry that was lost to damage, again. */
export function addRepair(
  frames: FrameWriter,
  { entry, previousTerm }: { readonly entry: Entry; readonly previousTerm: Term },
): void {
  addEntry(frames, { type: FRAME_TYPES.repair, entry, previousTerm });
}

function addEntry(
  frames: FrameWriter,
  { type, entry, previousTerm }: {
    readonly type: number;
    readonly entry: Entry;
    readonly previousTerm: Term;
  },
): void {
  frames.begin(type);
  frames.body.varint(previousTerm);
  writeEntry(frames.body, entry);
  frames.end();
}

/** Closes the batch. */
export function addCommit(frames: FrameWriter, commit: Commit): void {
  frames.begin(FRAME_TYPES.commit);
  frames.body.u64(commit.durableBytes);
  frames.body.u64(commit.last.index);
  frames.body.u64(commit.last.term);
  frames.end();
}

/** Says that the segment is complete and another follows. */
export function addSeal(frames: FrameWriter): void {
  frames.begin(FRAME_TYPES.seal);
  frames.end();
}

/** The record in a frame, or why it is none although the checksum holds. */
export function decodeRecord(frame: Frame): LogRecord | string {
  const reader = bodyReaderOf(frame);
  try {
    const record = readRecord(frame.type, reader);
    reader.end();
    return record;
  } catch (error) {
    if (error instanceof DecodeError) return error.reason;
    throw error;
  }
}

/** How long every commit's body is: what a search for one can go by. */
export const COMMIT_BODY_BYTES = 24;

/** How long every commit's frame is. */
export const COMMIT_FRAME_BYTES: number = FRAME_OVERHEAD_BYTES + COMMIT_BODY_BYTES;

function readRecord(type: number, reader: ByteReader): LogRecord {
  switch (type) {
    case FRAME_TYPES.hardState:
      return { kind: "hard_state", hardState: readHardState(reader) };
    case FRAME_TYPES.entry:
    case FRAME_TYPES.repair: {
      const previousTerm = reader.varint() as Term;
      const kind = type === FRAME_TYPES.entry ? "entry" : "repair";
      return { kind, previousTerm, entry: readEntry(reader) };
    }
    case FRAME_TYPES.commit: {
      const durableBytes = reader.u64();
      const last = { index: reader.u64() as LogIndex, term: reader.u64() as Term };
      return { kind: "commit", commit: { durableBytes, last } };
    }
    case FRAME_TYPES.seal:
      return { kind: "seal" };
    default:
      return reader.fail(`Record is of unknown type ${type}`);
  }
}
