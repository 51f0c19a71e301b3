/**
 * Reads a segment's bytes: what they hold, and where and how they stop making sense. Pure; what is
 * to be done about it is decided in recovery.ts.
 *
 * @module
 */

import type {
  Entry,
  HardState,
  LogPosition,
  LostEntry,
  StoredEntry,
  Term,
} from "@raftkv/core/raft";
import { type Frame, readFrame, readFrameByNext, readU32 } from "./frame.ts";
import { commitsFrom, type Gap, gapAt, lostIn } from "./gap.ts";
import { type Commit, decodeRecord, type LogRecord } from "./record.ts";
import { parseSegmentHeader, type SegmentHeader } from "./segment.ts";

/** Contiguous entries as they stand in a segment. */
export interface EntryRun {
  /** Term of the entry right before the first; null if that is unknown, because the first is lost. */
  readonly previousTerm: Term | null;
  /** At least one. */
  readonly entries: StoredEntry[];
}

/** A place between two frames. */
export interface Mark {
  /** Its offset in the segment. */
  readonly offsetBytes: number;
  /** The checksum right before it. */
  readonly checksum: number;
}

/** A damaged stretch before a batch that is whole. */
export interface Scar {
  /** Its first byte. */
  readonly offsetBytes: number;
  /** Where it ends. */
  readonly endBytes: number;
  /** What is wrong. */
  readonly reason: string;
  /** The entries whose bytes it has taken. */
  readonly lost: readonly LogPosition[];
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
  /** Entries written again because they had been lost to damage, here or in segments before. */
  readonly repairs: readonly Entry[];
  /** What is damaged before a later whole batch. */
  readonly scars: readonly Scar[];
  /** The last hard state in a whole batch; null if a later one may have been lost to damage. */
  readonly hardState: HardState | null;
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
  const { startBytes } = scanner;
  if (startBytes === null) {
    const { offsetBytes, reason } = damage ?? { ...start, reason: "Segment has no hard state" };
    return { kind: "unreadable", offsetBytes, reason };
  }
  return {
    kind: "scanned",
    header: header.fields,
    salt: header.checksum,
    runs: scanner.runs,
    repairs: scanner.repairs,
    scars: scanner.scars,
    hardState: scanner.hardState,
    last: scanner.last,
    startBytes,
    end: scanner.end,
    isSealed: scanner.isSealed,
    damage,
  };
}

/** A record of a batch, or entries that were in it and are lost. */
type BatchItem = LogRecord | { readonly kind: "lost"; readonly entries: readonly LostEntry[] };

/** A gap of which it is not known yet what was lost in it. */
interface OpenGap {
  readonly gap: Gap;
  readonly reason: string;
  /** The log's last position before it. */
  readonly before: LogPosition;
  /** Whether an entry of the batch that goes on behind it stands before it. */
  readonly isContiguous: boolean;
  /** Whether any record of that batch does: the vote comes first in its batch. */
  readonly isWithinBatch: boolean;
}

class Scanner {
  runs: EntryRun[] = [];
  repairs: Entry[] = [];
  scars: Scar[] = [];
  /** null if the last one may have been lost. */
  hardState: HardState | null = null;
  last: LogPosition;
  end: Mark;
  isSealed = false;
  /** Where the first batch ends, once it does. */
  startBytes: number | null = null;

  readonly #bytes: Uint8Array;
  readonly #salt: number;
  #at: Mark;
  #batch: BatchItem[] = [];
  #batchLast: LogPosition;
  #gap: OpenGap | null = null;

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
      if (this.#isBlankFromHere()) return null;
      if (this.isSealed) return this.#passBlank();
      const frame = readFrame(this.#bytes, this.#place);
      const damage = typeof frame === "string" ? this.#skip(frame) : this.#read(frame);
      if (damage !== null) return damage;
    }
    return this.#batch.length === 0 ? null : this.#tail("Batch is cut off");
  }

  /** Whether nothing was ever written behind the last batch. */
  #isBlankFromHere(): boolean {
    return this.#batch.length === 0 && blankEnd(this.#bytes, this.#at.offsetBytes) === null;
  }

  /** Rot among the blank bytes behind a seal takes nothing; a frame that holds good there is no rot. */
  #passBlank(): Damage | null {
    const bytes = this.#bytes;
    const reason = "Something follows the segment's end";
    const [commit] = commitsFrom(bytes, { offsetBytes: this.#at.offsetBytes, salt: this.#salt });
    const isWritten = commit !== undefined || typeof readFrame(bytes, this.#place) !== "string";
    if (isWritten) return this.#contradiction(reason);
    const offsetBytes = blankEnd(bytes, this.#at.offsetBytes)!;
    this.scars.push({ offsetBytes, endBytes: bytes.length, reason, lost: [] });
    return null;
  }

  get #place() {
    const { offsetBytes, checksum } = this.#at;
    return { offsetBytes, link: { salt: this.#salt, checksum } };
  }

  #read(frame: Frame): Damage | null {
    const record = decodeRecord(frame);
    if (typeof record === "string") return this.#contradiction(record);
    const objection = this.#take(record);
    if (objection !== null) return this.#contradiction(objection);
    this.#at = { offsetBytes: frame.endBytes, checksum: frame.checksum };
    if (record.kind === "commit") this.#closeBatch();
    return null;
  }

  /** Checks that a record fits what came before. */
  #take(record: LogRecord): string | null {
    if (record.kind === "commit") {
      return this.#resolve(record.commit.last) ?? this.#objectionTo(record.commit);
    }
    if (record.kind === "entry") {
      const { entry, previousTerm } = record;
      const index = (entry.index - 1) as LogPosition["index"];
      const objection = this.#resolve({ index, term: previousTerm });
      if (objection !== null) return objection;
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
    this.#keepBatch();
    if (!this.isSealed) this.end = this.#at;
    this.startBytes ??= this.#at.offsetBytes;
  }

  #keepBatch(): void {
    for (const item of this.#batch) {
      if (item.kind === "hard_state") this.hardState = item.hardState;
      if (item.kind === "seal") this.isSealed = true;
      if (item.kind === "repair") this.repairs.push(item.entry);
      if (item.kind === "entry") this.#addEntry(item.entry, item.previousTerm);
      if (item.kind === "lost") { for (const entry of item.entries) this.#addEntry(entry, null); }
    }
    this.#batch = [];
  }

  #addEntry(entry: StoredEntry, previousTerm: Term | null): void {
    const run = this.runs.at(-1);
    const { last } = this;
    this.last = { index: entry.index, term: entry.term };
    if (entry.index !== last.index + 1) this.runs.push({ previousTerm, entries: [entry] });
    else if (run !== undefined) run.entries.push(entry);
    else this.runs.push({ previousTerm: previousTerm ?? last.term, entries: [entry] });
  }

  /** Gets over bytes that hold no frame, if a later commit says that they did. */
  #skip(reason: string): Damage | null {
    const { offsetBytes } = this.#at;
    const gap = this.#isKnownDurable()
      ? gapAt(this.#bytes, { offsetBytes, salt: this.#salt })
      : null;
    if (gap === null) return this.#tail(reason);
    const intact = readFrameByNext(this.#bytes, this.#place);
    if (intact !== null) {
      const { endBytes } = intact;
      this.scars.push({ offsetBytes: endBytes - 4, endBytes, reason, lost: [] });
      return this.#read(intact);
    }
    this.#open(gap, reason);
    return null;
  }

  #open(gap: Gap, reason: string): void {
    const isWithinBatch = !gap.crossesBatches && this.#batch.length > 0;
    const isContiguous = isWithinBatch &&
      this.#batch.some(({ kind }) => kind === "entry" || kind === "lost");
    if (gap.crossesBatches) {
      // Its commit is gone, but a later one says that it had been durable.
      this.#keepBatch();
      this.end = { offsetBytes: gap.batchStartBytes, checksum: 0 };
    }
    const { endBytes } = gap;
    this.#at = { offsetBytes: endBytes, checksum: readU32(this.#bytes, endBytes - 4) };
    const open = this.#gap;
    // Two gaps with nothing between them that would say what was lost in the first are one.
    this.#gap = open === null
      ? { gap, reason, before: this.#batchLast, isContiguous, isWithinBatch }
      : {
        ...open,
        gap: { ...gap, offsetBytes: open.gap.offsetBytes, entryFrames: null },
        isContiguous: open.isContiguous && isContiguous,
        isWithinBatch: open.isWithinBatch && isWithinBatch,
      };
  }

  /** What was lost in the open gap, now that it is known what stands right before `target`. */
  #resolve(target: LogPosition): string | null {
    const open = this.#gap;
    if (open === null) return null;
    const { gap, reason } = open;
    const lost = lostIn(gap, { ...open, target });
    if (lost === null) return `${reason}, and what stood there cannot be told`;
    this.#gap = null;
    const { offsetBytes, endBytes } = gap;
    this.scars.push({ offsetBytes, endBytes, reason, lost });
    const last = lost.at(-1);
    if (last !== undefined) {
      this.#batch.push({ kind: "lost", entries: lost });
      this.#batchLast = { index: last.index, term: last.term };
    }
    // A hard state behind it, in the same batch even, is later than any that it held.
    const heldVote = !open.isWithinBatch && gap.entryFrames !== lost.length;
    if (heldVote && !this.#batch.some(({ kind }) => kind === "hard_state")) this.hardState = null;
    return null;
  }

  /** A checksum holds over what should not be there: no crash of ours leaves that. */
  #contradiction(reason: string): Damage {
    const { offsetBytes } = this.#gap?.gap ?? this.#at;
    return { offsetBytes, reason, couldBeTorn: false };
  }

  /** The end of what can be read. */
  #tail(reason: string): Damage {
    if (this.#gap !== null) return this.#contradiction(`${reason}, and nothing whole follows`);
    const { offsetBytes } = this.#at;
    // After a seal nothing is ever written, and the first batch is durable before the name is.
    const couldBeTorn = this.startBytes !== null && !this.isSealed;
    return { offsetBytes, reason, couldBeTorn };
  }

  /** Whether a later commit says that the batch begun at the end had been durable. */
  #isKnownDurable(): boolean {
    const place = { offsetBytes: this.#at.offsetBytes, salt: this.#salt };
    return commitsFrom(this.#bytes, place).some(({ durableBytes }) =>
      durableBytes > this.end.offsetBytes
    );
  }
}

/** The first byte from an offset on that is not zero, as no frame begins; null if all are. */
function blankEnd(bytes: Uint8Array, offsetBytes: number): number | null {
  for (let at = offsetBytes; at < bytes.length; at++) if (bytes[at] !== 0) return at;
  return null;
}
