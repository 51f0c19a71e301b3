/**
 * Wakes those who follow the store when it goes on. They keep nothing here but their place, and read
 * what they missed from the past: one who is slow costs no more memory than one who is not.
 *
 * @module
 */

import type { Key, KvEvent, KvStateMachine } from "@raftkv/core/kv";
import type { EventFeed } from "./kv_port.ts";

/** The feed of one state machine. */
export class MachineFeed implements EventFeed {
  readonly #machine: KvStateMachine;
  readonly #waiting = new Map<() => void, number>();
  #isStopped = false;

  constructor(machine: KvStateMachine) {
    this.#machine = machine;
  }

  /** How many wait for a revision to come. */
  get waitingCount(): number {
    return this.#waiting.size;
  }

  get revision(): number {
    return this.#machine.revision;
  }

  get compactRevision(): number {
    return this.#machine.compactRevision;
  }

  eventsAt(revision: number, isWanted: (key: Key) => boolean): Iterator<KvEvent, undefined> {
    return this.#machine.eventsAt(revision, isWanted);
  }

  reached(
    revision: number,
    { waitMsMax, signal }: { readonly waitMsMax: number; readonly signal: AbortSignal },
  ): Promise<void> {
    const isOver = this.#isStopped || signal.aborted || this.revision >= revision;
    if (isOver) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", wake);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, waitMsMax);
      signal.addEventListener("abort", wake);
      this.#waiting.set(wake, revision);
    });
  }

  /** The state machine may have gone on. */
  onTurn(): void {
    const { revision } = this;
    for (const [wake, awaited] of this.#waiting) if (awaited <= revision) wake();
  }

  /** The node stops: nobody waits any longer. */
  stop(): void {
    this.#isStopped = true;
    for (const wake of this.#waiting.keys()) wake();
  }
}
