/**
 * The place of a watch: what it is to be told next, whichever machine it is read from. It keeps no
 * events. A watch that is slow, or goes on at another node, reads what it missed from the past; and
 * if that was compacted, it is told so, for there is never a gap without a word.
 *
 * @module
 */

import type { KvEvent } from "./events.ts";
import type { Key } from "./key.ts";
import type { KeyRange } from "./range.ts";

/** What to be told of. */
export interface WatchScope extends KeyRange {
  /** Which kinds of events. */
  readonly kinds: readonly KvEvent["kind"][];
}

/** What a watch is told. */
export type WatchNotice =
  | {
    /** All that one revision changed of what is watched. */
    readonly kind: "events";
    /** Which revision. */
    readonly revision: number;
    /** In the order of the keys. */
    readonly events: readonly KvEvent[];
  }
  | {
    /** `bookmark`: all up to the revision was told. `compacted`: nothing up to it is kept. */
    readonly kind: "bookmark" | "compacted";
    /** Which revision. */
    readonly revision: number;
  };

/** What a watch is read from. */
export interface WatchSource {
  /** The last revision that can be read. */
  readonly revision: number;
  /** What lies before or at this revision can no longer be followed. */
  readonly compactRevision: number;
  /** What a revision that is kept changed: of the wanted keys, in their order. */
  eventsAt(revision: number, isWanted: (key: Key) => boolean): readonly KvEvent[];
}

/** The place of one watch. */
export class WatchCursor {
  readonly #scope: WatchScope;
  readonly #isWanted: (key: Key) => boolean;
  #next: number;
  /** Keys that were looked at. */
  #keys = 0;

  /**
   * Begins before any event.
   *
   * @param revision The first revision to tell of; may be still to come.
   */
  constructor(scope: WatchScope, revision: number) {
    const { start, end } = scope;
    this.#scope = scope;
    this.#isWanted = (key) => {
      this.#keys++;
      return key >= start && (end === null || key < end);
    };
    this.#next = revision;
  }

  /** The first revision that was not looked at. */
  get next(): number {
    return this.#next;
  }

  /**
   * What comes next; null if nothing more has come, or nothing was found in about `stepsMax` steps: a
   * revision is one, and so is each key that it changed. After `compacted` there is no going on with
   * this cursor.
   */
  take(source: WatchSource, stepsMax: number): WatchNotice | null {
    const keysMax = this.#keys + stepsMax;
    for (let looked = 0; this.#keys + looked < keysMax && this.#next <= source.revision; looked++) {
      const { compactRevision } = source;
      if (this.#next <= compactRevision) return { kind: "compacted", revision: compactRevision };
      const revision = this.#next++;
      const events = source.eventsAt(revision, this.#isWanted)
        .filter(({ kind }) => this.#scope.kinds.includes(kind));
      if (events.length > 0) return { kind: "events", revision, events };
    }
    return null;
  }

  /**
   * Says that everything before the next revision was told; null if the source has not come that far,
   * since of what is to come nothing can be promised.
   */
  bookmark({ revision }: WatchSource): WatchNotice | null {
    return this.#next - 1 > revision ? null : { kind: "bookmark", revision: this.#next - 1 };
  }
}
