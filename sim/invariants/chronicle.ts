/**
 * What the rules remember together: every entry ever written, and which of them are committed. No
 * crash erases it.
 *
 * @module
 */

import { decodeConfiguration } from "@raftkv/core/codec";
import type { Configuration, Entry, LogIndex, NodeId, Term } from "@raftkv/core/raft";

/** An entry that some disk has held. */
export interface WrittenEntry {
  /** The entry. */
  readonly entry: Entry;
  /** The term of the entry before it, on the first disk that held it; null if that has none. */
  readonly previousTerm: Term | null;
}

/** The memory of all rules. */
export class Chronicle {
  /** Who has led in each term. */
  readonly leaders: Map<Term, NodeId> = new Map();
  /** Entries of an earlier term than that of the leader that committed them. */
  inherited = 0;
  readonly #written = new Map<number, WrittenEntry>();
  /** The term of each committed entry, and of the leader that found out; index 1 is at place 0. */
  readonly #committed: { readonly term: Term; readonly by: Term }[] = [];
  readonly #configurations: { readonly index: LogIndex; readonly configuration: Configuration }[] =
    [];

  /** The last entry known to be committed; 0 if there is none. */
  get committedIndex(): LogIndex {
    return this.#committed.length as LogIndex;
  }

  /** The term of a committed entry, or undefined. */
  committedTerm(index: LogIndex): Term | undefined {
    return this.#committed[index - 1]?.term;
  }

  /** The term of the leader that found out that an entry is committed, or undefined. */
  committedBy(index: LogIndex): Term | undefined {
    return this.#committed[index - 1]?.by;
  }

  /** What was written at a place, or undefined. */
  written(index: LogIndex, term: Term): WrittenEntry | undefined {
    return this.#written.get(placeOf(index, term));
  }

  /** A committed entry, if any disk has held it. */
  committedEntry(index: LogIndex): Entry | undefined {
    const term = this.committedTerm(index);
    return term === undefined ? undefined : this.written(index, term)?.entry;
  }

  /** The last committed configuration up to `index`; null if it is the first of all. */
  configurationAt(index: LogIndex): Configuration | null {
    return this.#configurations.findLast((each) => each.index <= index)?.configuration ?? null;
  }

  /** An entry is on a disk for the first time. */
  write(entry: Entry, previousTerm: Term | null): void {
    this.#written.set(placeOf(entry.index, entry.term), { entry, previousTerm });
  }

  /** The next entry, of `term`, is committed; the leader of term `by` has found out. */
  commit(term: Term, by: Term): void {
    const index = this.#committed.push({ term, by }) as LogIndex;
    const entry = this.written(index, term)?.entry;
    if (entry?.kind !== "configuration") return;
    this.#configurations.push({ index, configuration: decodeConfiguration(entry.payload) });
  }
}

function placeOf(index: LogIndex, term: Term): number {
  return term * 0x1_0000_0000 + index;
}
