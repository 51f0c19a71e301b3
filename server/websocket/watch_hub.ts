/**
 * All watches of all sockets of a node. Those that have been told everything are told the next
 * revision together: it is read once, and its message made once for all that watch the same keys. One
 * that is behind, because it began in the past or its client is slow, reads the past for itself until
 * it has caught up. None keeps more than its place, so a slow client costs no memory and misses
 * nothing.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import type { WatchSource } from "@raftkv/core/kv";
import type { EventFeed } from "../kv_port.ts";
import { bookmarkAt, compactedAt, eventsMessage } from "../watch_message.ts";
import { type Watcher, WatchGroups } from "./watch_groups.ts";

/** How the hub shares the event loop with everyone else. */
export interface HubPace {
  /** The monotonic clock in milliseconds. */
  readonly nowMs: () => number;
  /** How many watchers are told between two looks at it. */
  readonly toldPerStep: number;
}

const PACE: HubPace = { nowMs: () => performance.now(), toldPerStep: 100 };

/** The watches of a node. */
export class WatchHub {
  readonly #events: EventFeed;
  readonly #nowMs: () => number;
  readonly #toldPerStep: number;
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

  constructor(events: EventFeed, { nowMs, toldPerStep }: HubPace = PACE) {
    this.#events = events;
    this.#nowMs = nowMs;
    this.#toldPerStep = toldPerStep;
    this.#next = events.revision + 1;
    const toldRevision = () => this.#next - 1;
    this.#told = {
      get revision() {
        return toldRevision();
      },
      get compactRevision() {
        return events.compactRevision;
      },
      eventsAt: (revision, isWanted) => events.eventsAt(revision, isWanted),
    };
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
      const goesOn = this.#catchUp(watcher);
      // One that has caught up is behind no more: to count it among those that cannot go on would end
      // the round halfway through the row.
      if (goesOn || !this.#behind.has(watcher)) this.#idle = 0;
      else this.#idle++;
      // To the end of the row, which this loop comes to as well: nobody is passed over.
      if (this.#behind.delete(watcher)) this.#behind.add(watcher);
      if (this.#nowMs() >= untilMs) return this.#schedule();
    }
  }

  /** Tells one revision to all groups, some members at a time. */
  *#tell(revision: number): Generator<void> {
    if (revision <= this.#events.compactRevision) return this.#scatter();
    const events = this.#events.eventsAt(revision, everyKey);
    let told = 0;
    for (const { watch, members } of this.#groups.concernedBy(events)) {
      const message = eventsMessage(events, { revision, watch });
      if (message === null) continue;
      const nowMs = this.#nowMs();
      for (const watcher of members) {
        if (watcher.sink.isCongested) {
          this.#groups.leave(watcher);
          watcher.goTo(revision);
          this.#behind.add(watcher);
        } else {
          watcher.toldAtMs = nowMs;
          watcher.sink.onMessage(message);
        }
        if (++told % this.#toldPerStep === 0) yield;
      }
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
    const { watch, sink, cursor } = watcher;
    if (sink.isCongested) return false;
    const notice = cursor.take(this.#told, LOOK_STEPS);
    if (notice?.kind === "compacted") {
      this.#behind.delete(watcher);
      sink.onEnd(compactedAt(notice.revision));
      return false;
    }
    const { revision = 0 } = notice ?? {};
    const message = notice?.kind === "events"
      ? eventsMessage(notice.events, { revision, watch })
      : null;
    if (message !== null) {
      watcher.toldAtMs = this.#nowMs();
      sink.onMessage(message);
    }
    // While a revision is being told, a group may have had it already.
    if (cursor.next === this.#next && this.#telling === null) {
      this.#groups.join(watcher);
      this.#behind.delete(watcher);
    }
    return cursor.next < this.#next;
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
    for (const watcher of this.#behind) look(watcher, watcher.cursor.next);
    if (earliestMs < Infinity) this.#armTimer(earliestMs);
  }
}

function everyKey(): boolean {
  return true;
}

/** How long to tell of the present, and how long of the past, before others get a turn. */
const SLICE_MS = 3;
/** Revisions of the past, and keys that they changed, that one watch looks at in its turn. */
const LOOK_STEPS = 256;
/** Bookmarks go out no more often than this. */
const BOOKMARK_EVERY_MS = 100;
