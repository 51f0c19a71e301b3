/**
 * Time as the transport uses it: alarms only. No code here reads a clock, so a test that owns the
 * alarms owns time.
 *
 * @module
 */

/** Sets alarms; injected so that tests run in virtual time. */
export interface Timers {
  /**
   * Calls `ring` once after `delayMs` milliseconds.
   *
   * @returns A function that cancels the alarm; harmless once it has rung.
   */
  setTimer(delayMs: number, ring: () => void): () => void;
}

/** The host's own timers. */
export const systemTimers: Timers = {
  setTimer(delayMs, ring) {
    const timer = setTimeout(ring, delayMs);
    return () => clearTimeout(timer);
  },
};
