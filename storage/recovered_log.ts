/**
 * Puts the log together from the runs of entries that its segments hold.
 *
 * @module
 */

import {
  type Entry,
  indexBefore,
  isLost,
  type LogIndex,
  type LogPosition,
  type StoredEntry,
  type Term,
} from "@raftkv/core/raft";
import type { EntryRun } from "./segment_scan.ts";

/** The log so far. */
export class RecoveredLog {
  #base: LogPosition;
  #entries: StoredEntry[] = [];

  /**
   * Starts with no entries.
   *
   * @param base The position right before the log.
   */
  constructor(base: LogPosition) {
    this.#base = base;
  }

  /** The position right before the first entry. */
  get base(): LogPosition {
    return this.#base;
  }

  /** All entries after the base. */
  get entries(): readonly StoredEntry[] {
    return this.#entries;
  }

  /** Where the log ends. */
  get last(): LogPosition {
    const { index, term } = this.#entries.at(-1) ?? this.#base;
    return { index, term };
  }

  /** The term of the entry at `index`, or null if the log does not know it. */
  termAt(index: LogIndex): Term | null {
    if (index === this.#base.index) return this.#base.term;
    return this.#entries[index - this.#base.index - 1]?.term ?? null;
  }

  /**
   * Adds a run, in place of what stood there.
   *
   * @returns Why it does not fit, or null if it does.
   */
  add(run: EntryRun): string | null {
    const previousIndex = indexBefore(run.entries[0]!.index);
    if (previousIndex > this.last.index) return "Entries are missing before this segment's";
    if (previousIndex < this.#base.index) {
      if (run.previousTerm === null) return "Entries are damaged before the log's first";
      // The run replaced entries of segments that were removed since; itself, it has no gap.
      this.#base = { index: previousIndex, term: run.previousTerm };
      this.#entries = [];
    } else if (run.previousTerm !== null && this.termAt(previousIndex) !== run.previousTerm) {
      return "Entries do not follow those before them";
    }
    this.#entries.length = previousIndex - this.#base.index;
    for (const entry of run.entries) this.#entries.push(entry);
    return null;
  }

  /** Puts in place what was lost and written again since. */
  repair(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const at = entry.index - this.#base.index - 1;
      const held = this.#entries[at];
      // Else the entry was replaced, or let go, after its repair.
      const isMeant = held !== undefined && isLost(held) && held.term === entry.term;
      if (isMeant) this.#entries[at] = entry;
    }
  }

  /** The positions of entries that are lost. */
  get lost(): readonly LogPosition[] {
    return this.#entries.filter(isLost);
  }
}
