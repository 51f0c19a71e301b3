/**
 * The replicated log as one node holds it in memory: everything after the compaction point.
 * Storage keeps the same entries; which of them are durable is {@linkcode Durability}'s business.
 *
 * @module
 */

import { invariant } from "../assert.ts";
import { type Entry, entrySizeBytes, isLost, type StoredEntry } from "./entry.ts";
import { indexAfter, indexBefore, type LogIndex, type LogPosition, type Term } from "./ids.ts";

/**
 * The entries after {@linkcode RaftLog.base}, contiguous and with terms that never go back. Of some,
 * lost to damage, only index and term are known until they are had from elsewhere: the log can be
 * compared and voted upon as ever, but nothing at or behind such a place may be used.
 */
export class RaftLog {
  #base: LogPosition;
  #entries: StoredEntry[];
  /** The places of lost entries, in order; hardly ever any. */
  #lost: LogIndex[] = [];

  /** @param entries Contiguous, beginning right after `base`. */
  constructor(base: LogPosition, entries: readonly StoredEntry[]) {
    this.#base = base;
    this.#entries = [];
    for (const entry of entries) this.append(entry);
  }

  /** The positions of the lost entries, in order. */
  get lost(): readonly LogPosition[] {
    return this.#lost.map((index) => ({ index, term: this.termAt(index) as Term }));
  }

  /** The last entry that is whole and behind none that is lost. */
  get wholeIndex(): LogIndex {
    const first = this.#lost[0];
    return first === undefined ? this.lastIndex : indexBefore(first);
  }

  /** Whether the entry at `index` is held and lost. */
  isLost(index: LogIndex): boolean {
    return this.#lost.includes(index);
  }

  /** Puts a lost entry back; returns whether it was one. */
  maybeRestore(entry: Entry): boolean {
    if (!this.isLost(entry.index) || this.termAt(entry.index) !== entry.term) return false;
    this.#entries[entry.index - this.#base.index - 1] = entry;
    this.#lost = this.#lost.filter((index) => index !== entry.index);
    return true;
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
    invariant(!isLost(entry), "the entry is whole", () => entry);
    return entry;
  }

  /** Adds one entry right after the last. */
  append(entry: StoredEntry): void {
    const last = this.last;
    invariant(entry.index === last.index + 1, "the log has no gap", () => ({ last, entry }));
    invariant(entry.term >= last.term, "terms in the log never go back", () => ({ last, entry }));
    this.#entries.push(entry);
    if (isLost(entry)) this.#lost.push(entry.index);
  }

  /** Drops the entry at `from` and all after it. */
  truncateFrom(from: LogIndex): void {
    invariant(from > this.#base.index, "the compacted log is never cut", () => ({ from }));
    this.#entries.length = Math.min(this.#entries.length, from - this.#base.index - 1);
    if (this.#lost.length > 0) this.#lost = this.#lost.filter((index) => index < from);
  }

  /**
   * The held entries in (after, through], none of which may be lost; `after` must not lie before the
   * base.
   */
  between(after: LogIndex, through: LogIndex): Entry[] {
    invariant(after >= this.#base.index, "the entries asked for are held", () => ({ after }));
    invariant(
      !this.#lost.some((index) => index > after && index <= through),
      "the entries asked for are whole",
      () => ({ after, through, lost: this.#lost }),
    );
    const slice = this.#entries.slice(after - this.#base.index, through - this.#base.index);
    return slice as Entry[];
  }

  /** The held entries after `after` that are not lost. */
  wholeAfter(after: LogIndex): Entry[] {
    const held = this.#entries.slice(Math.max(0, after - this.#base.index));
    return held.filter((entry): entry is Entry => !isLost(entry));
  }

  /** Entries from `first` on, up to `bytesMax` in all but at least one if there is any. */
  batchFrom(first: LogIndex, bytesMax: number): Entry[] {
    const start = first - this.#base.index - 1;
    invariant(start >= 0, "the entries asked for are held", () => ({ first }));
    invariant(this.#lost.length === 0, "only a whole log is sent", () => this.#lost);
    let end = start;
    for (let bytes = 0; end < this.#entries.length; end++) {
      bytes += entrySizeBytes(this.#entries[end] as Entry);
      if (bytes > bytesMax && end > start) break;
    }
    return this.#entries.slice(start, end) as Entry[];
  }

  /**
   * The last position at or before `from` whose term is at most `term`: the furthest place at which
   * this log may agree with one that has `term` at `from.index`. Each refusal thus skips a whole
   * diverging term instead of one entry (§5.3, end).
   */
  lastAtOrBelow(from: LogIndex, term: Term): LogPosition {
    let index = from < this.lastIndex ? from : this.lastIndex;
    while (index > this.#base.index) {
      const held = this.termAt(index) as Term;
      if (held <= term) return { index, term: held };
      index = indexBefore(index);
    }
    return this.#base;
  }

  /** The first place from which the held entries up to `through` take at most `bytesMax`. */
  startOfLast(bytesMax: number, through: LogIndex): LogIndex {
    let at = through - this.#base.index;
    for (let bytes = 0; at > 0; at--) {
      const entry = this.#entries[at - 1];
      if (entry !== undefined && !isLost(entry)) bytes += entrySizeBytes(entry);
      if (bytes > bytesMax) break;
    }
    return indexAfter(this.#base.index, Math.max(0, at));
  }

  /** Lets go of the entries up to and including `through`, which must be held. */
  compact(through: LogIndex): void {
    if (through <= this.#base.index) return;
    const term = this.termAt(through);
    invariant(term !== null, "the entry is held", () => ({ through, base: this.#base.index }));
    this.#entries = this.#entries.slice(through - this.#base.index);
    this.#base = { index: through, term };
    if (this.#lost.length > 0) this.#lost = this.#lost.filter((index) => index > through);
  }

  /** Everything it holds, as plain data. */
  toJSON(): object {
    return { base: this.#base, entries: this.#entries, lost: this.#lost };
  }

  /** Replaces everything by a snapshot that ends at `base`. */
  reset(base: LogPosition): void {
    this.#base = base;
    this.#entries = [];
    this.#lost = [];
  }
}
