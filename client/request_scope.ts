/**
 * The life of one request as the caller sees it: its deadline, and the signals that end it early.
 *
 * @module
 */

import { onAbort } from "./on_abort.ts";
import type { Timers } from "./timers.ts";

/** What {@linkcode RequestScope.limit} returns when the time ran out before the work was done. */
export const OUT_OF_TIME: unique symbol = Symbol("out of time");

/**
 * Counts down from the moment it is made. Listeners are added and taken away by hand rather than
 * through `AbortSignal.any`, which in several runtimes holds on to every signal ever derived from a
 * long-lived one.
 */
export class RequestScope {
  /** The caller's budget for the whole request, retries included. */
  readonly timeoutMs: number;
  readonly #timers: Timers;
  readonly #startedMs: number;
  readonly #ended = new AbortController();
  readonly #unlisten: (() => void)[] = [];

  constructor(timers: Timers, timeoutMs: number, signals: readonly (AbortSignal | undefined)[]) {
    this.#timers = timers;
    this.timeoutMs = timeoutMs;
    this.#startedMs = timers.nowMs();
    for (const signal of signals) {
      if (signal !== undefined) this.#follow(signal);
    }
  }

  /** Aborted, with the caller's reason, once the caller no longer wants the answer. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /** Milliseconds since the request began. */
  get elapsedMs(): number {
    return this.#timers.nowMs() - this.#startedMs;
  }

  /** Milliseconds left; negative once the deadline has passed. */
  get remainingMs(): number {
    return this.timeoutMs - this.elapsedMs;
  }

  /** Waits; rejects with the caller's reason if the caller gives up meanwhile. */
  async sleep(delayMs: number): Promise<void> {
    await this.limit(delayMs, (signal) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => resolve(undefined), { once: true });
      }));
  }

  /**
   * Does work whose signal is aborted after `limitMs`, or when the caller gives up.
   *
   * @returns What the work returned, however late; {@linkcode OUT_OF_TIME} if it failed after its
   *   time was over.
   * @throws The caller's reason if the caller gave up; else whatever the work throws.
   */
  async limit<T>(
    limitMs: number,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | typeof OUT_OF_TIME> {
    this.signal.throwIfAborted();
    const attempt = new AbortController();
    let late = false;
    const giveUp = () => attempt.abort(this.signal.reason);
    this.signal.addEventListener("abort", giveUp, { once: true });
    const cancel = this.#timers.after(Math.max(0, limitMs), () => {
      late = true;
      attempt.abort(new DOMException("No answer in time", "TimeoutError"));
    });
    try {
      const result = await work(attempt.signal);
      this.signal.throwIfAborted();
      return result;
    } catch (error) {
      this.signal.throwIfAborted();
      if (late) return OUT_OF_TIME;
      throw error;
    } finally {
      cancel();
      this.signal.removeEventListener("abort", giveUp);
    }
  }

  /** Lets go of the caller's signals. */
  dispose(): void {
    for (const unlisten of this.#unlisten) unlisten();
  }

  #follow(signal: AbortSignal): void {
    const end = () => this.#ended.abort(signal.reason);
    if (signal.aborted) return end();
    this.#unlisten.push(onAbort(signal, end));
  }
}
