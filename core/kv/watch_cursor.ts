/**
 * The place of a watch: what it is to be told next, whichever machine it is read from. It keeps no
 * events but those of a revision that is being read. A watch that is slow, or goes on at another node, reads what it missed from the past; and
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
export type WatchNotice = EventsNotice | PlaceNotice;

/** All that one revision changed of what is watched. */
export interface EventsNotice {
  /** Tells it from others. */
  readonly kind: "events";
  /** Which revision. */
  readonly revision: number;
  /** In the order of the keys. */
  readonly events: readonly KvEvent[];
}

/** How far a watch has come. */
export interface PlaceNotice {
  /** `bookmark`: all up to the revision was told. `compacted`: nothing up to it is kept. */
  readonly kind: "bookmark" | "compacted";
  /** Which revision. */
  readonly revision: number;
}

/** What a watch is read from. */
export interface WatchSource {
  /** The last revision that can be read. */
  readonly revision: number;
  /** What lies before or at this revision can no longer be followed. */
  readonly compactRevision: number;
  /**
   * What a revision that is kept changed: of the wanted keys, in their order, each read when it is
   * asked for. Nothing may be asked for once the revision is compacted.
   */
  eventsAt(revision: number, isWanted: (key: Key) => boolean): Iterator<KvEvent, undefined>;
}

/** The place of one watch. */
export class WatchCursor {
  readonly #scope: WatchScope;
  readonly #isWanted: (key: Key) => boolean;
  #next: number;
  /** What has been read of the next revision, and the rest of it; null if it was not begun. */
  #begun: {
    readonly events: KvEvent[];
    readonly rest: Iterator<KvEvent, undefined>;
  } | null = null;
  /** Revisions and keys that were looked at, and events that were read. */
  #steps = 0;

  /**
   * Begins before any event.
   *
   * @param revision The first revision to tell of; may be still to come.
   */
  constructor(scope: WatchScope, revision: number) {
    const { start, end } = scope;
    this.#scope = scope;
    this.#isWanted = (key) => {
      this.#steps++;
      return key >= start && (end === null || key < end);
    };
    this.#next = revision;
  }

  /** The first revision that was not told, or had nothing to tell. */
  get next(): number {
    return this.#next;
  }

  /** Whether it keeps a part of the next revision. */
  get isMidway(): boolean {
    return this.#begun !== null;
  }

  /**
   * What comes next; null if nothing more has come, or it was not found in about `stepsMax` steps: a
   * revision is one, so is each key that it changed, and each event that is read. One revision may
   * take several calls, and is told whole or not at all. After `compacted` there is no going on with
   * this cursor.
   */
  take(source: WatchSource, stepsMax: number): WatchNotice | null {
    const lastStep = this.#steps + stepsMax;
    while (this.#steps < lastStep && this.#next <= source.revision) {
      const { compactRevision } = source;
      if (this.#next <= compactRevision) {
        this.#begun = null;
        return { kind: "compacted", revision: compactRevision };
      }
      const events = this.#read(source, lastStep);
      if (events === null) return null;
      const revision = this.#next++;
      if (events.length > 0) return { kind: "events", revision, events };
    }
    return null;
  }

  /** What the next revision changed; null if not all of it could be read before the last step. */
  #read(source: WatchSource, lastStep: number): readonly KvEvent[] | null {
    this.#steps++;
    this.#begun ??= { events: [], rest: source.eventsAt(this.#next, this.#isWanted) };
    const { events, rest } = this.#begun;
    for (let read = rest.next(); read.done !== true; read = rest.next()) {
      this.#steps++;
      if (this.#scope.kinds.includes(read.value.kind)) events.push(read.value);
      if (this.#steps >= lastStep) return null;
    }
    this.#begun = null;
    return events;
  }

  /**
   * Says that everything before the next revision was told; null if the source has not come that far,
   * since of what is to come nothing can be promised.
   */
  bookmark({ revision }: WatchSource): PlaceNotice | null {
    return this.#next - 1 > revision ? null : { kind: "bookmark", revision: this.#next - 1 };
  }
}
