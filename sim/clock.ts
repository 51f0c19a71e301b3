/**
 * The clocks of one simulated node: one that only goes on, a little too fast or too slow, and one on
 * the wall that somebody may put forward or back.
 *
 * @module
 */

import type { Instant } from "@raftkv/core/raft";
import type { EventQueue } from "./event_queue.ts";

/** What the wall clocks show when a simulation begins, in milliseconds since 1970. */
export const WALL_AT_START_MS: number = 1_700_000_000_000;

/** A node's clocks, which run at a rate of their own beside the simulation's time. */
export class NodeClock {
  readonly #queue: EventQueue;
  #rate = 1;
  #anchor = { trueMs: 0, ownMs: 0 };
  #wallAheadMs = 0;
  #wasPut = false;

  /** Right at first. */
  constructor(queue: EventQueue) {
    this.#queue = queue;
  }

  /** Milliseconds of the monotonic clock, which begins anew with every run of the node. */
  get monotonicMs(): number {
    const { trueMs, ownMs } = this.#anchor;
    return ownMs + (this.#queue.nowMs - trueMs) * this.#rate;
  }

  /** Own milliseconds in one true one. */
  get rate(): number {
    return this.#rate;
  }

  /** Runs at another rate from now on. */
  set rate(rate: number) {
    this.#anchor = { trueMs: this.#queue.nowMs, ownMs: this.monotonicMs };
    this.#rate = rate;
  }

  /** Both clocks, as the node reads them. */
  now(): Instant {
    const wallMs = WALL_AT_START_MS + this.#queue.nowMs + this.#wallAheadMs;
    return { monotonicMs: this.monotonicMs, wallMs: Math.floor(wallMs) };
  }

  /** A machine that starts counts from another moment than the one before. */
  restart(ownMs: number): void {
    this.#anchor = { trueMs: this.#queue.nowMs, ownMs };
  }

  /** Whether the clock on the wall has always told true time. */
  get isWallRight(): boolean {
    return !this.#wasPut;
  }

  /** Puts the clock on the wall forward, or back if negative. */
  jumpWall(byMs: number): void {
    this.#wasPut = true;
    this.#wallAheadMs += byMs;
  }

  /** True milliseconds until the monotonic clock shows `ownMs`. */
  trueMsUntil(ownMs: number): number {
    return (ownMs - this.monotonicMs) / this.#rate;
  }
}
