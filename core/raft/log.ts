/**
 * The replicated log as one node holds it in memory: everything after the compaction point.
 * Storage keeps the same entries; which of them are durable is {@linkcode Durability}'s business.
 *
 * @module
 */

import { invariant } from "../assert.ts";
import { type Entry, entrySizeBytes } from "./entry.ts";
import { indexAfter, indexBefore, type LogIndex, type LogPosition, type Term } from "./ids.ts";

/** The entries after {@linkcode RaftLog.base}, contiguous and with terms that never go back. */
export class RaftLog {
  #base: LogPosition;
  #entries: Entry[];

  /** @param entries Contiguous, beginning right after `base`. */
  constructor(base: LogPosition, entries: readonly Entry[]) {
    this.#base = base;
    this.#entries = [];
    for (const entry of entries) this.append(entry);
  }

  /** The position right before the first held entry: the last one that was compacted away. */
  get base(): LogPosition {
    return this.#base;
  }

  /** Index of the last entry, or of the base if none is held. */
  get lastIndex(): LogIndex {
    return indexAfter(this.#base.index, this.#entries.length);
  }

  /** Position of the last entry, or the base if none is held. */
  get last(): LogPosition {
    return this.#entries.at(-1) ?? this.#base;
  }

  /** The term at `index`, or null if it lies before the base or beyond the end. */
  termAt(index: LogIndex): Term | null {
    if (index === this.#base.index) return this.#base.term;
    return this.#entries[index - this.#base.index - 1]?.term ?? null;
  }

  /** Whether the entry at this position is held (or is the base) with this very term. */
  matches(position: LogPosition): boolean {
    return this.termAt(position.index) === position.term;
  }

  /** The entry at `index`, which must be held. */
  entry(index: LogIndex): Entry {
    const entry = this.#entries[index - this.#base.index - 1];
    invariant(entry !== undefined, "the entry is held", () => ({ index, base: this.#base.index }));
    return entry;
  }

  /** Adds one entry right after the last. */
  append(entry: Entry): void {
    const last = this.last;
    invariant(entry.index === last.index + 1, "the log has no gap", () => ({ last, entry }));
    invariant(entry.term >= last.term, "terms in the log never go back", () => ({ last, entry }));
    this.#entries.push(entry);
  }

  /** Drops the entry at `from` and all after it. */
  truncateFrom(from: LogIndex): void {
    invariant(from > this.#base.index, "the compacted log is never cut", () => ({ from }));
    this.#entries.length = Math.min(this.#entries.length, from - this.#base.index - 1);
  }

  /** The held entries in (after, through]; `after` must not lie before the base. */
  between(after: LogIndex, through: LogIndex): Entry[] {
    invariant(after >= this.#base.index, "the entries asked for are held", () => ({ after }));
    return this.#entries.slice(after - this.#base.index, through - this.#base.index);
  }

  /** Entries from `first` on, up to `bytesMax` in all but at least one if there is any. */
  batchFrom(first: LogIndex, bytesMax: number): Entry[] {
    const start = first - this.#base.index - 1;
    invariant(start >= 0, "the entries asked for are held", () => ({ first }));
    let end = start;
    for (let bytes = 0; end < this.#entries.length; end++) {
      bytes += entrySizeBytes(this.#entries[end] as Entry);
      if (bytes > bytesMax && end > start) break;
    }
    return this.#entries.slice(start, end);
  }

  /**
   * The last position at or before `from` whose term is at most `term`: the furthest place at which
   * this log may agree with one that has `term` at `from.index`. Each refusal thus skips a whole
   * diverging term instead of one entry (§5.3, end).
   */
  lastAtOrBelow(from: LogIndex, term: Term): LogPosition {
    let index = from < this.lastIndex ? from : this.lastIndex;
    while (index > this.#base.index) {
      const held = this.entry(index).term;
      if (held <= term) return { index, term: held };
      index = indexBefore(index);
    }
    return this.#base;
  }

  /** Lets go of the entries up to and including `through`, which must be held. */
  compact(through: LogIndex): void {
    if (through <= this.#base.index) return;
    const term = this.entry(through).term;
    this.#entries = this.#entries.slice(through - this.#base.index);
    this.#base = { index: through, term };
  }

  /** Everything it holds, as plain data. */
  toJSON(): { readonly base: LogPosition; readonly entries: readonly Entry[] } {
    return { base: this.#base, entries: this.#entries };
  }

  /** Replaces everything by a snapshot that ends at `base`. */
  reset(base: LogPosition): void {
    this.#base = base;
    this.#entries = [];
  }
}
