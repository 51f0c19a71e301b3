/**
 * The client's clock and timers, as a port: tests bring virtual time.
 *
 * @module
 */

/** A clock and one-shot timers. */
export interface Timers {
  /** Milliseconds from any fixed start; never goes back. */
  nowMs(): number;
  /** Calls back once after `delayMs`, never if infinite, unless the returned function is called before. */
  after(delayMs: number, callback: () => void): () => void;
}

/** The timers of the runtime. */
export const systemTimers: Timers = {
  nowMs: () => performance.now(),
  after: (delayMs, callback) => {
    if (delayMs === Infinity) return () => {};
    let timer: ReturnType<typeof setTimeout>;
    const wait = (leftMs: number): void => {
      timer = leftMs > TIMER_MS_MAX
        ? setTimeout(() => wait(leftMs - TIMER_MS_MAX), TIMER_MS_MAX)
        : setTimeout(callback, leftMs);
    };
    wait(delayMs);
    return () => clearTimeout(timer);
  },
};

/** Timers of all runtimes take a longer time, 25 days, for none at all. */
const TIMER_MS_MAX = 2 ** 31 - 1;
