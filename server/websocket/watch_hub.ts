/**
 * All watches of all sockets of a node. Those that have been told everything are told the next
 * revision together: it is read once, and its message made once for all that watch the same keys. One
 * that is behind, because it began in the past or its client is slow, reads the past for itself until
 * it has caught up. None keeps more than its place, so a slow client costs no memory and misses
 * nothing.
 *
 * One revision may change thousands of keys. It is read, and its message made, in several turns, and
 * then told as a whole: one such message of the present is in the making at a time, and one of the
 * past.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import {
  KEY_FIRST,
  WatchCursor,
  type WatchNotice,
  type WatchScope,
  type WatchSource,
} from "@raftkv/core/kv";
import type { EventFeed } from "../kv_port.ts";
import { bookmarkAt, compactedAt, eventsMessage } from "../watch_message.ts";
import { type Watcher, WatchGroups } from "./watch_groups.ts";

/** How the hub shares the event loop with everyone else. */
export interface HubPace {
  /** The monotonic clock in milliseconds. */
  readonly nowMs: () => number;
  /**
   * How many steps are taken between two looks at it: to look at what one key was changed to is one,
   * to tell one watcher of it another, and so is each KiB that it is told.
   */
  readonly stepsPerLook: number;
}

const PACE: HubPace = { nowMs: () => performance.now(), stepsPerLook: 256 };

/** The watches of a node. */
export class WatchHub {
  readonly #events: EventFeed;
  readonly #nowMs: () => number;
  readonly #stepsPerLook: number;
  readonly #groups = new WatchGroups();
  readonly #behind = new Set<Watcher>();
  /** The next revision to tell of to all that are in groups. */
  #next: number;
  /** A revision that is being told. */
  #telling: Iterator<void> | null = null;
  /** What the groups have been told: those that are behind come no further by themselves. */
  readonly #told: WatchSource;
  /** How many of those that are behind were looked at in a row and could not go on. */
  #idle = 0;
  #isScheduled = false;
  #isStopped = false;
  #timer: { readonly id: ReturnType<typeof setTimeout>; readonly atMs: number } | null = null;

  constructor(events: EventFeed, { nowMs, stepsPerLook }: HubPace = PACE) {
    this.#events = events;
    this.#nowMs = nowMs;
    this.#stepsPerLook = stepsPerLook;
    this.#next = events.revision + 1;
    this.#told = upTo(events, () => this.#next - 1);
  }

  /** How many watches there are. */
  get size(): number {
    return this.#groups.size + this.#behind.size;
  }

  /** Begins to tell. */
  add(watcher: Watcher): void {
    if (this.#isStopped) return;
    watcher.toldAtMs = this.#nowMs();
    this.#behind.add(watcher);
    this.#idle = 0;
    this.#armTimer(watcher.toldAtMs + watcher.watch.bookmarkMs);
    this.#schedule();
  }

  /** Tells no more. */
  remove(watcher: Watcher): void {
    this.#behind.delete(watcher);
    this.#groups.leave(watcher);
  }

  /** The store may have gone on. */
  onTurn(): void {
    if (this.#next <= this.#events.revision && this.size > 0) this.#schedule();
  }

  /** A client has taken what it was sent: its watches go on. */
  onDrained(): void {
    this.#idle = 0;
    if (this.#behind.size > 0) this.#schedule();
  }

  /** The node stops. */
  stop(): void {
    this.#isStopped = true;
    this.#behind.clear();
    this.#groups.clear();
    if (this.#timer !== null) clearTimeout(this.#timer.id);
    this.#timer = null;
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isStopped) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      if (this.#isStopped) return;
      const nowMs = this.#nowMs();
      this.#tellPresent(nowMs + SLICE_MS);
      this.#tellPast(nowMs + 2 * SLICE_MS);
    });
  }

  /** Tells what is new until `untilMs`, then lets others have a turn. */
  #tellPresent(untilMs: number): void {
    while (this.#telling !== null || this.#next <= this.#events.revision) {
      if (this.#groups.size === 0) {
        this.#telling = null;
        this.#next = this.#events.revision + 1;
        this.#idle = 0;
        return;
      }
      // Who waited for this may go on.
      this.#idle = 0;
      this.#telling ??= this.#tell(this.#next);
      if (this.#telling.next().done === true) {
        this.#telling = null;
        this.#next++;
      }
      if (this.#nowMs() >= untilMs) return this.#schedule();
    }
  }

  /** Lets those that are behind read the past in turns, until `untilMs` or until nobody can go on. */
  #tellPast(untilMs: number): void {
    for (const watcher of this.#behind) {
      if (this.#idle >= this.#behind.size) return;
      // In the middle of a revision it stays in front, over several turns if need be: so no two keep
      // more than their place.
      let goesOn = this.#catchUp(watcher);
      while (watcher.isMidway && this.#nowMs() < untilMs) goesOn = this.#catchUp(watcher);
      if (watcher.isMidway) return this.#schedule();
      // One that has caught up is behind no more: to count it among those that cannot go on would end
      // the round halfway through the row.
      if (goesOn || !this.#behind.has(watcher)) this.#idle = 0;
      else this.#idle++;
      // To the end of the row, which this loop comes to as well: nobody is passed over.
      if (this.#behind.delete(watcher)) this.#behind.add(watcher);
      if (this.#nowMs() >= untilMs) return this.#schedule();
    }
  }

  /** Tells one revision to all groups, some steps at a time. */
  *#tell(revision: number): Generator<void> {
    const notice = yield* this.#read(revision);
    if (notice?.kind === "compacted") return this.#scatter();
    if (notice?.kind !== "events") return;
    const { events } = notice;
    let steps = 0;
    const isTimeToLook = (more: number) => {
      steps = steps >= this.#stepsPerLook ? more : steps + more;
      return steps >= this.#stepsPerLook;
    };
    for (const { watch, members } of this.#groups.concernedBy(events)) {
      const message = yield* eventsMessage(events, { revision, watch });
      if (isTimeToLook(events.length)) yield;
      if (message === null) continue;
      const nowMs = this.#nowMs();
      const stepsEach = 1 + Math.floor(message.length / 1_024);
      for (const watcher of members) {
        if (watcher.sink.isCongested) {
          this.#groups.leave(watcher);
          watcher.goTo(revision);
          this.#behind.add(watcher);
        } else {
          watcher.toldAtMs = nowMs;
          watcher.sink.onMessage(message);
        }
        if (isTimeToLook(stepsEach)) yield;
      }
    }
  }

  /** What a revision changed, read some steps at a time; null if it changed nothing. */
  *#read(revision: number): Generator<void, WatchNotice | null> {
    const cursor = new WatchCursor(EVERYTHING, revision);
    const source = upTo(this.#events, () => revision);
    for (;;) {
      const notice = cursor.take(source, this.#stepsPerLook);
      if (notice !== null || cursor.next > revision) return notice;
      yield;
    }
  }

  /** The compaction has overtaken us: each is told so for itself. */
  #scatter(): void {
    for (const watcher of this.#groups.watchers()) {
      watcher.goTo(this.#next);
      this.#behind.add(watcher);
    }
    this.#groups.clear();
  }

  /** Tells of the past, one revision at most; whether there is more of it to tell. */
  #catchUp(watcher: Watcher): boolean {
    const { watch, sink } = watcher;
    if (sink.isCongested) {
      if (watcher.isMidway) watcher.goTo(watcher.untold);
      return false;
    }
    if (watcher.making === null) {
      const notice = watcher.cursor.take(this.#told, LOOK_STEPS);
      if (notice?.kind === "compacted") {
        this.#behind.delete(watcher);
        sink.onEnd(compactedAt(notice.revision));
        return false;
      }
      if (notice?.kind === "events") {
        const { revision, events } = notice;
        watcher.making = { revision, slices: eventsMessage(events, { revision, watch }) };
      }
    }
    const made = watcher.making?.slices.next();
    if (made !== undefined && made.done !== true) return true;
    watcher.making = null;
    if (made !== undefined && made.value !== null) {
      watcher.toldAtMs = this.#nowMs();
      sink.onMessage(made.value);
    }
    // While a revision is being told, a group may have had it already.
    const isPresent = watcher.cursor.next === this.#next && this.#telling === null;
    if (isPresent && this.#behind.has(watcher)) {
      this.#groups.join(watcher);
      this.#behind.delete(watcher);
    }
    return watcher.cursor.next < this.#next;
  }

  #armTimer(atMs: number): void {
    if (this.#isStopped) return;
    const nowMs = this.#nowMs();
    const dueMs = Math.max(atMs, nowMs + BOOKMARK_EVERY_MS);
    if (this.#timer !== null) {
      if (this.#timer.atMs <= dueMs) return;
      clearTimeout(this.#timer.id);
    }
    const id = setTimeout(() => {
      this.#timer = null;
      this.#bookmark();
    }, dueMs - nowMs);
    this.#timer = { id, atMs: dueMs };
  }

  /** Tells those that have heard nothing for long how far all has been told. */
  #bookmark(): void {
    const nowMs = this.#nowMs();
    let earliestMs = Infinity;
    const look = (watcher: Watcher, next: number) => {
      const { watch: { bookmarkMs }, sink } = watcher;
      if (watcher.toldAtMs + bookmarkMs <= nowMs) {
        watcher.toldAtMs = nowMs;
        const message = bookmarkAt(this.#events, next);
        if (message !== null && !sink.isCongested) sink.onMessage(message);
      }
      earliestMs = Math.min(earliestMs, watcher.toldAtMs + bookmarkMs);
    };
    for (const watcher of this.#groups.watchers()) look(watcher, this.#next);
    for (const watcher of this.#behind) look(watcher, watcher.untold);
    if (earliestMs < Infinity) this.#armTimer(earliestMs);
  }
}

/** A feed as it is up to some revision. */
function upTo(events: EventFeed, revision: () => number): WatchSource {
  return {
    get revision() {
      return revision();
    },
    get compactRevision() {
      return events.compactRevision;
    },
    eventsAt: (at, isWanted) => events.eventsAt(at, isWanted),
  };
}

/** What all groups together may watch. */
const EVERYTHING: WatchScope = { start: KEY_FIRST, end: null, kinds: ["put", "delete"] };

/** How long to tell of the present, and how long of the past, before others get a turn. */
const SLICE_MS = 3;
/** Revisions of the past, and keys that they changed, that one watch looks at in its turn. */
const LOOK_STEPS = 256;
/** Bookmarks go out no more often than this. */
const BOOKMARK_EVERY_MS = 100;
