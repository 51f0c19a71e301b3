/**
 * When to take a snapshot, and how much log to keep behind it.
 *
 * @module
 */

import { type Entry, entrySizeBytes } from "../raft/entry.ts";
import { INDEX_ZERO, type LogIndex } from "../raft/ids.ts";
import type { Random } from "../random.ts";
import type { SnapshotDemand } from "../raft/own_snapshots.ts";
import type { SnapshotMeta } from "../raft/snapshot.ts";

/** How much more log than usual, in memory, too, may come together while a follower is sent a snapshot. */
const PUT_OFF_TIMES = 4;

/** The part of the log between two snapshots that stays in memory of what the newest covers. */
const TRAILING_PART = 4;

/**
 * The least part of the distance between two snapshots after which the next may come. All nodes apply
 * one log, and would else write their snapshots at the same moment, none of them free to answer.
 */
const DISTANCE_PART_MIN = 0.75;

/**
 * Counts the log since the last snapshot. On disk it is kept back to the snapshot before the newest:
 * if the newest turns out damaged, the older one and the log together still hold everything. In
 * memory less is kept, so that a follower that is a little behind is served entries, not the whole
 * state.
 */
export class SnapshotPolicy {
  readonly #logBytesMin: number;
  readonly #random: Random;
  #bytesSince: number;
  /** The part of the distance after which the next one comes; drawn once that matters. */
  #distancePart: number | null = null;
  #newest: SnapshotMeta | null;
  #saving = false;

  /**
   * @param logBytesMin Applied bytes of log after which a snapshot is due at the latest; a large state
   *   waits for a quarter of its own size, so that snapshots never cost more than a few times what was
   *   written.
   * @param random Draws how much sooner each of them comes.
   */
  constructor(logBytesMin: number, newest: SnapshotMeta | null, random: Random) {
    this.#logBytesMin = logBytesMin;
    this.#newest = newest;
    this.#bytesSince = 0;
    this.#random = random;
  }

  /** How many bytes of entries stay in memory of those that the newest snapshot covers. */
  get trailingBytesMax(): number {
    return this.#logBytesMin / TRAILING_PART;
  }

  /** An entry has been applied. */
  onApplied(entry: Entry): void {
    this.#bytesSince += entrySizeBytes(entry);
  }

  /**
   * Whether one should be taken now.
   *
   * @param demand What followers want of it. One that is being sent the snapshot before the newest would
   *   have to begin again with the next; if it took longer for each than it takes until the next is due,
   *   for ever: that is put off until the log has grown by a multiple. One that nothing helps but a new
   *   snapshot gets it at once, whoever must begin again for it.
   */
  isDue({ isOlderOnItsWay, isNeeded }: SnapshotDemand): boolean {
    if (this.#saving) return false;
    if (isNeeded) return true;
    const quarter = (this.#newest?.sizeBytes ?? 0) / 4;
    const distanceBytes = Math.max(this.#logBytesMin, quarter) *
      (isOlderOnItsWay ? PUT_OFF_TIMES : 1);
    if (this.#bytesSince < distanceBytes * DISTANCE_PART_MIN) return false;
    this.#distancePart ??= 1 - (1 - DISTANCE_PART_MIN) * this.#random();
    return this.#bytesSince >= distanceBytes * this.#distancePart;
  }

  /** One is being taken of the state as it is now. */
  onBegin(): void {
    this.#saving = true;
    this.#bytesSince = 0;
    this.#distancePart = null;
  }

  /**
   * One is durable.
   *
   * @returns Up to where the log may be let go.
   */
  onSaved(meta: SnapshotMeta): LogIndex {
    this.#saving = false;
    const older = this.#newest?.last.index ?? INDEX_ZERO;
    if (meta.last.index > older) this.#newest = meta;
    return older;
  }

  /** There was no room for one: the next is due of itself when as much again has been applied. */
  onFailed(): void {
    this.#saving = false;
  }

  /** A leader's snapshot replaced the state. */
  onInstalled(meta: SnapshotMeta): void {
    this.#newest = meta;
    this.#bytesSince = 0;
  }
}
