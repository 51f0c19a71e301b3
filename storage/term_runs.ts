/**
 * Which term each stored entry has, without the entries: one number per change of term.
 *
 * @module
 */

import type { LogIndex, LogPosition, Term } from "@raftkv/core/raft";

/** The terms of the stored log. */
export class TermRuns {
  /** The first position of each run of one term; the first of all is the log's base. */
  #runs: LogPosition[];
  #lastIndex: LogIndex;

  /**
   * Starts with no entries.
   *
   * @param base The position right before the log.
   */
  constructor(base: LogPosition) {
    this.#runs = [base];
    this.#lastIndex = base.index;
  }

  /** The position right before the first stored entry. */
  get base(): LogPosition {
    return this.#runs[0]!;
  }

  /** The position of the last stored entry, or the base if there is none. */
  get last(): LogPosition {
    return { index: this.#lastIndex, term: this.#runs.at(-1)!.term };
  }

  /** The term of the entry at `index`, or null if it is not stored. */
  termAt(index: LogIndex): Term | null {
    if (index < this.base.index || index > this.#lastIndex) return null;
    return this.#runs.findLast((run) => run.index <= index)?.term ?? null;
  }

  /** Takes in contiguous entries, the first at most one after the last and after the base. */
  put(entries: readonly LogPosition[]): void {
    const first = entries[0];
    if (first === undefined) return;
    while (this.#runs.length > 1 && this.#runs.at(-1)!.index >= first.index) this.#runs.pop();
    for (const { index, term } of entries) {
      if (term !== this.#runs.at(-1)!.term) this.#runs.push({ index, term });
      this.#lastIndex = index;
    }
  }

  /** Lets go of entries up to and including `index`, which is stored. */
  dropThrough(index: LogIndex): void {
    const term = this.termAt(index);
    if (term === null) return;
    const kept = this.#runs.filter((run) => run.index > index);
    this.#runs = [{ index, term }, ...kept];
  }
}
