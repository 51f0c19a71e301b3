/**
 * Reads a segment's bytes: what they hold, and where and how they stop making sense. Pure; what is
 * to be done about it is decided in recovery.ts.
 *
 * @module
 */

import type { Entry, HardState, LogPosition, Term } from "@raftkv/core/raft";
import { FRAME_HEADER_BYTES, FRAME_TYPES, readFrame, readU32 } from "./frame.ts";
import {
  type Commit,
  COMMIT_BODY_BYTES,
  COMMIT_FRAME_BYTES,
  decodeRecord,
  type LogRecord,
} from "./record.ts";
import { parseSegmentHeader, type SegmentHeader } from "./segment.ts";

/** Contiguous entries as they stand in a segment. */
export interface EntryRun {
  /** Term of the entry right before the first. */
  readonly previousTerm: Term;
  /** At least one. */
  readonly entries: Entry[];
}

/** A place between two frames. */
export interface Mark {
  /** Its offset in the segment. */
  readonly offsetBytes: number;
  /** The checksum right before it. */
  readonly checksum: number;
}

/** Where a segment stops making sense. */
export interface Damage {
  /** The first byte of the frame that is wrong. */
  readonly offsetBytes: number;
  /** What is wrong. */
  readonly reason: string;
  /**
   * Whether a write that a crash cut short explains it: no later commit says that the place had been
   * durable, and no checksum holds over a record that should not be there.
   */
  readonly couldBeTorn: boolean;
}

/** A segment whose header and first batch are whole. */
export interface SegmentScan {
  readonly kind: "scanned";
  /** What it says about itself. */
  readonly header: SegmentHeader;
  /** The checksum of its header. */
  readonly salt: number;
  /** The entries of its whole batches. */
  readonly runs: readonly EntryRun[];
  /** The last hard state in a whole batch. */
  readonly hardState: HardState;
  /** Where the log ends after the last whole batch. */
  readonly last: LogPosition;
  /** Where the first batch ends. */
  readonly startBytes: number;
  /** Where the last whole batch ends, the seal not counted. */
  readonly end: Mark;
  /** Whether the segment says that another follows. */
  readonly isSealed: boolean;
  /** What comes after the last whole batch, or null if nothing does. */
  readonly damage: Damage | null;
}

/** What came of reading a segment. */
export type SegmentReading =
  | SegmentScan
  | { readonly kind: "newer"; readonly version: number }
  | { readonly kind: "unreadable"; readonly offsetBytes: number; readonly reason: string };

/** Reads a segment. Payloads of the entries are views of `bytes`. */
export function scanSegment(bytes: Uint8Array): SegmentReading {
  const header = parseSegmentHeader(bytes);
  if (header.kind === "newer") return header;
  if (header.kind === "damaged") return { ...header, kind: "unreadable" };
  const start: Mark = { offsetBytes: header.sizeBytes, checksum: header.checksum };
  const scanner = new Scanner(bytes, header.fields, start);
  const damage = scanner.run();
  const { hardState, startBytes } = scanner;
  if (startBytes === null || hardState === null) {
    const { offsetBytes, reason } = damage ?? { ...start, reason: "Segment has no hard state" };
    return { kind: "unreadable", offsetBytes, reason };
  }
  return {
    kind: "scanned",
    header: header.fields,
    salt: header.checksum,
    runs: scanner.runs,
    hardState,
    last: scanner.last,
    startBytes,
    end: scanner.end,
    isSealed: scanner.isSealed,
    damage,
  };
}

class Scanner {
  runs: EntryRun[] = [];
  hardState: HardState | null = null;
  last: LogPosition;
  end: Mark;
  isSealed = false;
  /** Where the first batch ends, once it does. */
  startBytes: number | null = null;

  readonly #bytes: Uint8Array;
  readonly #salt: number;
  #at: Mark;
  #batch: LogRecord[] = [];
  #batchLast: LogPosition;

  constructor(bytes: Uint8Array, header: SegmentHeader, start: Mark) {
    this.#bytes = bytes;
    this.#salt = start.checksum;
    this.#at = start;
    this.end = start;
    this.last = header.previous;
    this.#batchLast = header.previous;
  }

  /** Reads batch after batch; returns what stopped it before the end. */
  run(): Damage | null {
    while (this.#at.offsetBytes < this.#bytes.length) {
      if (this.isSealed) return this.#contradiction("Something follows the segment's end");
      const frame = readFrame(this.#bytes, {
        offsetBytes: this.#at.offsetBytes,
        link: { salt: this.#salt, checksum: this.#at.checksum },
      });
      if (typeof frame === "string") return this.#unreadable(frame);
      const record = decodeRecord(frame);
      if (typeof record === "string") return this.#contradiction(record);
      const objection = this.#take(record);
      if (objection !== null) return this.#contradiction(objection);
      this.#at = { offsetBytes: frame.endBytes, checksum: frame.checksum };
      if (record.kind === "commit") this.#closeBatch();
    }
    return this.#batch.length === 0 ? null : this.#unreadable("Batch is cut off");
  }

  /** Checks that a record fits what came before. */
  #take(record: LogRecord): string | null {
    if (record.kind === "commit") return this.#objectionTo(record.commit);
    if (record.kind === "entry") {
      const { entry, previousTerm } = record;
      if (entry.index > this.#batchLast.index + 1) return "Entries are missing before this one";
      if (entry.term < previousTerm) return "Entry has an older term than the one before it";
      const follows = entry.index === this.#batchLast.index + 1;
      if (follows && previousTerm !== this.#batchLast.term) {
        return "Entry does not follow the one before it";
      }
      this.#batchLast = { index: entry.index, term: entry.term };
    }
    this.#batch.push(record);
    return null;
  }

  #objectionTo(commit: Commit): string | null {
    const { index, term } = commit.last;
    if (commit.durableBytes !== this.end.offsetBytes) return "Commit belongs to another place";
    if (index !== this.#batchLast.index || term !== this.#batchLast.term) {
      return "Commit belongs to another batch";
    }
    return null;
  }

  #closeBatch(): void {
    for (const record of this.#batch) {
      if (record.kind === "hard_state") this.hardState = record.hardState;
      if (record.kind === "seal") this.isSealed = true;
      if (record.kind === "entry") this.#addEntry(record.entry, record.previousTerm);
    }
    this.#batch = [];
    if (!this.isSealed) this.end = this.#at;
    this.startBytes ??= this.#at.offsetBytes;
  }

  #addEntry(entry: Entry, previousTerm: Term): void {
    const run = this.runs.at(-1);
    if (run !== undefined && entry.index === this.last.index + 1) run.entries.push(entry);
    else this.runs.push({ previousTerm, entries: [entry] });
    this.last = { index: entry.index, term: entry.term };
  }

  /** A checksum holds over what should not be there: no crash of ours leaves that. */
  #contradiction(reason: string): Damage {
    return { offsetBytes: this.#at.offsetBytes, reason, couldBeTorn: false };
  }

  #unreadable(reason: string): Damage {
    const { offsetBytes } = this.#at;
    // After a seal nothing is ever written, and the first batch is durable before the name is.
    const isTail = this.startBytes !== null && !this.isSealed;
    const couldBeTorn = isTail && !this.#isKnownDurable(offsetBytes);
    return { offsetBytes, reason, couldBeTorn };
  }

  /** Whether a commit beyond `fromBytes` says that the batch begun at the end had been durable. */
  #isKnownDurable(fromBytes: number): boolean {
    const bytes = this.#bytes;
    const lastStart = bytes.length - COMMIT_FRAME_BYTES;
    let at = bytes.indexOf(FRAME_TYPES.commit, fromBytes);
    for (; at >= 0 && at <= lastStart; at = bytes.indexOf(FRAME_TYPES.commit, at + 1)) {
      if (readU32(bytes, at + FRAME_HEADER_BYTES - 4) !== COMMIT_BODY_BYTES) continue;
      const link = { salt: this.#salt, checksum: readU32(bytes, at - 4) };
      const frame = readFrame(bytes, { offsetBytes: at, link });
      if (typeof frame === "string") continue;
      const record = decodeRecord(frame);
      if (typeof record === "string" || record.kind !== "commit") continue;
      if (record.commit.durableBytes > this.end.offsetBytes) return true;
    }
    return false;
  }
}
