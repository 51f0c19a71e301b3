/**
 * Time that passes only when everything waits for it.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import type { Timers } from "@raftkv/client";

interface Alarm {
  readonly atMs: number;
  readonly ring: () => void;
}

/** No work takes longer: what still waits then waits for ever. */
const DAY_MS = 24 * 3_600 * 1_000;

/** A clock that jumps to the next alarm once no other work is left. */
export class VirtualTime implements Timers {
  #nowMs = 0;
  readonly #alarms = new Set<Alarm>();

  /** Alarms set and neither rung nor cancelled. */
  get pending(): number {
    return this.#alarms.size;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, ring: () => void): () => void {
    if (delayMs === Infinity) return () => {};
    const alarm = { atMs: this.#nowMs + delayMs, ring };
    this.#alarms.add(alarm);
    return () => void this.#alarms.delete(alarm);
  }

  /** Lets time pass until the work is done. */
  async run<T>(work: Promise<T>): Promise<T> {
    let done = false;
    work.then(() => done = true, () => done = true);
    for (;;) {
      await quiet();
      if (done) return await work;
      if (this.#nowMs > DAY_MS || !this.#ringNext()) {
        throw new Error("The work waits for something that is not time");
      }
    }
  }

  /** Lets everything happen that needs no time. */
  async settle(): Promise<void> {
    await quiet();
  }

  #ringNext(): boolean {
    let next: Alarm | undefined;
    for (const alarm of this.#alarms) {
      if (next === undefined || alarm.atMs < next.atMs) next = alarm;
    }
    if (next === undefined) return false;
    this.#alarms.delete(next);
    this.#nowMs = Math.max(this.#nowMs, next.atMs);
    next.ring();
    return true;
  }
}

/** Resolves after promises and the stream machinery of bodies in memory have run dry. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }
}
