/**
 * Snapshots on their way to a simulated disk, which takes one at a time: those that the replica asks
 * for, and those that an operator does.
 *
 * @module
 */

import type { SnapshotMeta } from "@raftkv/core/raft";
import type { StateCapture } from "@raftkv/core/replica";
import type { NodeStorage } from "./node_storage.ts";

/** The snapshots of one node. */
export class SaveQueue {
  readonly #storage: NodeStorage;
  readonly #onEnd: (meta: SnapshotMeta | null) => void;
  #waiting: StateCapture[] = [];

  /** Begins empty. `onEnd` is told of each what it became; null if there was no room for it. */
  constructor(storage: NodeStorage, onEnd: (meta: SnapshotMeta | null) => void) {
    this.#storage = storage;
    this.#onEnd = onEnd;
  }

  /** Whether none is on its way. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Saves a state, after those that wait. */
  add(capture: StateCapture): void {
    if (this.#waiting.push(capture) === 1) this.#begin(capture);
  }

  /** The node ended, and its disk forgets what it was about to do. */
  crash(): void {
    this.#waiting = [];
  }

  #begin(capture: StateCapture): void {
    this.#storage.saveSnapshot(capture, (meta) => {
      // It counts as on its way until whoever is told has had its say: that may be the next one.
      this.#onEnd(meta);
      this.#waiting.shift();
      const [next] = this.#waiting;
      if (next !== undefined) this.#begin(next);
    });
  }
}
