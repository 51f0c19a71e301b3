/**
 * Watches that have been told everything, by what they watch: those of the same keys are told of a
 * revision together, and those of other keys are not even looked at.
 *
 * @module
 */

import { type Key, keyAfter, type KvEvent, WatchCursor } from "@raftkv/core/kv";
import { keyOf, type Watch } from "../watch_message.ts";

/** Who is told. */
export interface WatchSink {
  /** Whether more had better wait. */
  readonly isCongested: boolean;
  /** Takes a message. */
  onMessage(json: string): void;
  /** The watch has ended: what was to come next is no longer kept. */
  onEnd(json: string): void;
}

/** One watch and its place. */
export class Watcher {
  readonly watch: Watch;
  readonly sink: WatchSink;
  /** Its place, unless it goes with the others: then that is the hub's. */
  cursor: WatchCursor;
  /** The message of the revision before its place, if that is being made. */
  making: { readonly revision: number; readonly slices: Iterator<void, string | null> } | null =
    null;
  /** When something was told last, in milliseconds. */
  toldAtMs = 0;

  constructor(watch: Watch, sink: WatchSink) {
    this.watch = watch;
    this.sink = sink;
    this.cursor = new WatchCursor({ ...watch.range, kinds: watch.kinds }, watch.revision);
  }

  /** The first revision of which it has not been told, if it does not go with the others. */
  get untold(): number {
    return this.making?.revision ?? this.cursor.next;
  }

  /** Whether it keeps more than its place: a part of the revision that it is told next. */
  get isMidway(): boolean {
    return this.making !== null || this.cursor.isMidway;
  }

  /** Takes a place of its own again, and keeps nothing else. */
  goTo(revision: number): void {
    const { range, kinds } = this.watch;
    this.cursor = new WatchCursor({ ...range, kinds }, revision);
    this.making = null;
  }
}

/** Watchers of the same keys in the same manner. */
export interface Group {
  /** What they watch, as a text. */
  readonly name: string;
  /** What they watch. */
  readonly watch: Watch;
  /** Who they are. */
  readonly members: Set<Watcher>;
}

/** All groups of a node. */
export class WatchGroups {
  readonly #groups = new Map<string, Group>();
  readonly #groupOf = new Map<Watcher, Group>();
  /** The groups that watch one key: however many there are, a revision is looked at by few. */
  readonly #ofKey = new Map<Key, Set<Group>>();
  readonly #ofRanges = new Set<Group>();

  /** How many watchers there are. */
  get size(): number {
    return this.#groupOf.size;
  }

  /** All watchers. */
  watchers(): Iterable<Watcher> {
    return this.#groupOf.keys();
  }

  /** The groups that may watch one of the keys. */
  concernedBy(events: readonly KvEvent[]): ReadonlySet<Group> {
    const concerned = new Set(this.#ofRanges);
    for (const event of events) {
      for (const group of this.#ofKey.get(keyOf(event)) ?? []) concerned.add(group);
    }
    return concerned;
  }

  /** Takes a watcher in. */
  join(watcher: Watcher): void {
    const { range: { start, end }, kinds, prevKv } = watcher.watch;
    const name = JSON.stringify([start, end, kinds, prevKv]);
    const group = this.#groups.get(name) ?? this.#add(name, watcher.watch);
    group.members.add(watcher);
    this.#groupOf.set(watcher, group);
  }

  /** Lets a watcher go, if it is in a group. */
  leave(watcher: Watcher): void {
    const group = this.#groupOf.get(watcher);
    if (group === undefined) return;
    this.#groupOf.delete(watcher);
    group.members.delete(watcher);
    if (group.members.size > 0) return;
    this.#groups.delete(group.name);
    this.#ofRanges.delete(group);
    const key = onlyKeyOf(group.watch);
    const ofKey = key === null ? undefined : this.#ofKey.get(key);
    ofKey?.delete(group);
    if (key !== null && ofKey?.size === 0) this.#ofKey.delete(key);
  }

  /** Lets everyone go. */
  clear(): void {
    this.#groups.clear();
    this.#groupOf.clear();
    this.#ofKey.clear();
    this.#ofRanges.clear();
  }

  #add(name: string, watch: Watch): Group {
    const group: Group = { name, watch, members: new Set() };
    this.#groups.set(name, group);
    const key = onlyKeyOf(watch);
    if (key === null) this.#ofRanges.add(group);
    else this.#ofKey.set(key, (this.#ofKey.get(key) ?? new Set()).add(group));
    return group;
  }
}

/** The key that is watched, if it is one. */
function onlyKeyOf({ range: { start, end } }: Watch): Key | null {
  return end === keyAfter(start) ? start : null;
}
