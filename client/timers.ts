/**
 * The client's clock and timers, as a port: tests bring virtual time.
 *
 * @module
 */

/** A clock and one-shot timers. */
export interface Timers {
  /** Milliseconds from any fixed start; never goes back. */
  nowMs(): number;
  /** Calls back once after `delayMs`, unless the returned function is called before. */
  after(delayMs: number, callback: () => void): () => void;
}

/** The timers of the runtime. */
export const systemTimers: Timers = {
  nowMs: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
