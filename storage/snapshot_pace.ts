/**
 * How fast a snapshot is written. It has time; what waits for the thread or the disk beside it has
 * none.
 *
 * @module
 */

import { nextTurn } from "./event_loop.ts";

/** Gives way after work of so many milliseconds; for a turn only, if that is 0. */
export type Pause = (workedMs: number) => Promise<void>;

/** Rests for some times as long as was worked: three nodes of one machine do this at once. */
export const restAfter: Pause = (workedMs) => {
  if (workedMs <= 0) return nextTurn();
  const restMs = Math.min(REST_MS_MAX, REST_TIMES * workedMs);
  return new Promise((resolve) => setTimeout(resolve, restMs));
};

/** What a snapshot is to keep pace with. */
export interface PaceOptions {
  /** How many bytes the log has been given so far. */
  readonly loggedBytes: () => number;
  /** Whether the snapshot is waited for. */
  readonly isUrgent: () => boolean;
  /** Gives way. */
  readonly pause: Pause;
}

/** Of one snapshot. */
export class SnapshotPace {
  readonly #options: PaceOptions;
  /** What was logged, and written of the snapshot, when it last gave way. */
  #loggedBytes: number;
  #writtenBytes = 0;
  #startMs = performance.now();

  /** The snapshot begins. */
  constructor(options: PaceOptions) {
    this.#options = options;
    this.#loggedBytes = options.loggedBytes();
  }

  /**
   * Lets everything else run.
   *
   * @param writtenBytes How much of the snapshot is written.
   */
  async giveWay(writtenBytes: number): Promise<void> {
    const { isUrgent, pause } = this.#options;
    const loggedBytes = this.#options.loggedBytes();
    // All that is logged before the snapshot is done stays in memory and on the disk. Only what was
    // logged last counts: once a rush is over, nothing is left to hurry for.
    const isRush = AHEAD_TIMES * (loggedBytes - this.#loggedBytes) >
      writtenBytes - this.#writtenBytes;
    this.#loggedBytes = loggedBytes;
    this.#writtenBytes = writtenBytes;
    await pause(isRush || isUrgent() ? 0 : performance.now() - this.#startMs);
    this.#startMs = performance.now();
  }
}

/** Rests take this many times the work, and at most so long each. */
const REST_TIMES = 4;
const REST_MS_MAX = 100;

/** The log may grow by one byte for each so many of the snapshot; beyond that it is a rush. */
const AHEAD_TIMES = 8;
