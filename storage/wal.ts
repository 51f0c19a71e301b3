/**
 * The write-ahead log: batches appended to the newest of a row of segments.
 *
 * @module
 */

import { StorageFullError } from "@raftkv/core";
import {
  type HardState,
  indexBefore,
  type LogIndex,
  type LogPosition,
  type PersistBatch,
  type Term,
} from "@raftkv/core/raft";
import { checkBatch } from "./batch_rules.ts";
import { FrameWriter } from "./frame.ts";
import type { NodeIdentity } from "./identity.ts";
import { addCommit, addEntries, addHardState, addRepair, addSeal } from "./record.ts";
import { type ActiveSegment, createSegment, type SegmentFile } from "./segment_files.ts";
import type { Mark } from "./segment_scan.ts";
import { TermRuns } from "./term_runs.ts";
import { type Directory, NoSpaceError } from "./vfs.ts";

/** What a log is made of when a directory is opened. */
export interface WalParts {
  /** Where its files are. */
  readonly directory: Directory;
  /** Whose it is. */
  readonly identity: NodeIdentity;
  /** Size at which a segment is closed. */
  readonly segmentBytesMax: number;
  /** The segments before the active one, in sequence. */
  readonly sealed: readonly SegmentFile[];
  /** The segment that takes batches. */
  readonly active: ActiveSegment;
  /** The terms of the stored entries. */
  readonly terms: TermRuns;
  /** The last durable term and vote. */
  readonly hardState: HardState;
}

/** The log of an open directory. Its methods are called one at a time. */
export class Wal {
  readonly #directory: Directory;
  readonly #identity: NodeIdentity;
  readonly #segmentBytesMax: number;
  readonly #frames = new FrameWriter();
  #sealed: SegmentFile[];
  #active: ActiveSegment;
  #end: Mark;
  /** How far the active segment is written, blank bytes included. */
  #writtenBytes: number;
  #terms: TermRuns;
  #hardState: HardState;
  #appendedBytes = 0;

  /** Takes over the parts. */
  constructor(parts: WalParts) {
    this.#directory = parts.directory;
    this.#identity = parts.identity;
    this.#segmentBytesMax = parts.segmentBytesMax;
    this.#sealed = [...parts.sealed];
    this.#active = parts.active;
    this.#end = parts.active.end;
    // What is blank behind it may be there already, and is written once more.
    this.#writtenBytes = this.#end.offsetBytes;
    this.#terms = parts.terms;
    this.#hardState = parts.hardState;
  }

  /** How many bytes it has been given since it was opened. */
  get appendedBytes(): number {
    return this.#appendedBytes;
  }

  /** The term of the durable entry at `index`, or null if there is none. */
  termAt(index: LogIndex): Term | null {
    return this.#terms.termAt(index);
  }

  /**
   * Writes one batch and makes it durable.
   *
   * @throws {StorageFullError} if the disk is full; nothing is changed then
   */
  async append(batch: PersistBatch): Promise<void> {
    const { base, last } = this.#terms;
    const termAt = (index: LogIndex) => this.#terms.termAt(index);
    checkBatch(batch, { base, last, hardState: this.#hardState, termAt });
    this.#encode(batch);
    const sizeBytes = this.#frames.bytes.length;
    const isEmpty = this.#end.offsetBytes === this.#active.startBytes;
    if (!isEmpty && this.#end.offsetBytes + sizeBytes > this.#segmentBytesMax) {
      await this.#rotate();
      // The chain starts from another header now.
      this.#encode(batch);
    }
    await this.#write({ isLast: false });
    this.#terms.put(batch.entries);
    if (batch.hardState !== null) this.#hardState = batch.hardState;
  }

  /** Removes segments in which every entry is at or before `limit`. */
  async compact(limit: LogIndex): Promise<void> {
    for (;;) {
      const oldest = this.#sealed[0];
      const next = this.#sealed[1] ?? this.#active;
      if (oldest === undefined || next.previous.index > limit) return;
      await this.#directory.remove(oldest.name);
      // One at a time: two removals may become durable in either order, and a gap would be refused.
      await this.#directory.sync();
      this.#sealed.shift();
      this.#terms.dropThrough(next.previous.index);
    }
  }

  /**
   * Makes the log empty after `position`, which a durable snapshot covers. A crash in between leaves
   * the old log and that snapshot, from which recovery comes to the same end.
   *
   * @throws {NoSpaceError} if the disk is full; nothing is changed then
   */
  async startAnew(position: LogPosition): Promise<void> {
    const obsolete = [...this.#sealed, this.#active];
    const header = {
      identity: this.#identity,
      sequence: this.#active.sequence + 1,
      startsAnew: true,
      previous: position,
      previousEndBytes: 0,
      previousChecksum: 0,
    };
    const next = await createSegment(this.#directory, { header, hardState: this.#hardState });
    this.#active.file.close();
    this.#sealed = [];
    this.#activate(next);
    this.#terms = new TermRuns(position);
    for (const { name } of obsolete) await this.#directory.remove(name);
    await this.#directory.sync();
  }

  /** Closes the file. */
  close(): void {
    this.#active.file.close();
  }

  #encode({ hardState, entries, repairs }: PersistBatch): void {
    const frames = this.#frames;
    frames.reset({ salt: this.#active.salt, checksum: this.#end.checksum });
    // The vote first: damage behind another record of the batch then cannot have been to it.
    if (hardState !== null) addHardState(frames, hardState);
    for (const entry of repairs) {
      addRepair(frames, { entry, previousTerm: this.#terms.termAt(indexBefore(entry.index))! });
    }
    const first = entries[0];
    if (first !== undefined) {
      const previousTerm = this.#terms.termAt(indexBefore(first.index))!;
      addEntries(frames, { entries, previousTerm });
    }
    const { index, term } = entries.at(-1) ?? this.#terms.last;
    addCommit(frames, { durableBytes: this.#end.offsetBytes, last: { index, term } });
  }

  /** Writes the batch in the buffer behind the last one; nothing follows the last of a segment. */
  async #write({ isLast }: { readonly isLast: boolean }): Promise<void> {
    const { file } = this.#active;
    const { bytes, checksum } = this.#frames;
    const offsetBytes = this.#end.offsetBytes;
    const sizeBytes = bytes.length;
    const endBytes = offsetBytes + sizeBytes;
    try {
      file.writeAt(offsetBytes, bytes);
    } catch (error) {
      if (!(error instanceof NoSpaceError)) throw error;
      this.#writtenBytes = offsetBytes;
      // What was written of the batch must not stand before the next one, nor come back behind it: a
      // power cut could keep a seal here and lose the cut.
      await file.truncate(offsetBytes);
      await file.syncData();
      throw new StorageFullError("Cannot write to the log: No space left on the disk");
    }
    if (!isLast && endBytes > this.#writtenBytes) await this.#writeAhead(endBytes, sizeBytes);
    await file.syncData();
    this.#end = { offsetBytes: endBytes, checksum };
    this.#appendedBytes += sizeBytes;
  }

  /**
   * Puts blank bytes behind a batch by which the file has grown. A sync of what lies within the file
   * takes half as long as one by which it grows, for then the file system has its own log to write as
   * well.
   */
  async #writeAhead(endBytes: number, batchBytes: number): Promise<void> {
    const { file } = this.#active;
    const { length } = BLANK;
    const roomBytes = this.#segmentBytesMax - endBytes;
    const sizeBytes = Math.min(length, Math.floor(this.#segmentBytesMax / 8), roomBytes);
    this.#writtenBytes = endBytes;
    // Another as large as that would grow the file all the same.
    if (sizeBytes <= 0 || batchBytes >= length) return;
    try {
      file.writeAt(endBytes, BLANK.subarray(0, sizeBytes));
      this.#writtenBytes = endBytes + sizeBytes;
    } catch (error) {
      if (!(error instanceof NoSpaceError)) throw error;
      // The batch is there, and so much blank room as there was any for: it is not written again.
      this.#writtenBytes = await file.sizeBytes();
    }
  }

  /** Begins the next segment, then seals this one; recovery.ts rests on that order. */
  async #rotate(): Promise<void> {
    const full = this.#active;
    const next = await this.#createNext();
    this.#frames.reset({ salt: full.salt, checksum: this.#end.checksum });
    addSeal(this.#frames);
    addCommit(this.#frames, { durableBytes: this.#end.offsetBytes, last: this.#terms.last });
    try {
      await this.#write({ isLast: true });
    } catch (error) {
      next.file.close();
      if (!(error instanceof StorageFullError)) throw error;
      // Batches go on in the old segment, and the new one says that there are none.
      await this.#directory.remove(next.name);
      await this.#directory.sync();
      throw error;
    }
    full.file.close();
    this.#sealed.push(full);
    this.#activate(next);
  }

  async #createNext(): Promise<ActiveSegment> {
    const header = {
      identity: this.#identity,
      sequence: this.#active.sequence + 1,
      startsAnew: false,
      previous: this.#terms.last,
      previousEndBytes: this.#end.offsetBytes,
      previousChecksum: this.#end.checksum,
    };
    try {
      return await createSegment(this.#directory, { header, hardState: this.#hardState });
    } catch (error) {
      if (!(error instanceof NoSpaceError)) throw error;
      throw new StorageFullError("Cannot begin a segment: No space left on the disk");
    }
  }

  #activate(segment: ActiveSegment): void {
    this.#active = segment;
    this.#end = segment.end;
    this.#writtenBytes = segment.end.offsetBytes;
  }
}

/** As much as a sync of a busy log takes along without being felt. */
const BLANK = new Uint8Array(262_144);
