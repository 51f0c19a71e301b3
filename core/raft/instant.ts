/**
 * Time as the core sees it: an argument, never a clock.
 *
 * @module
 */

/** A reading of both clocks. */
export interface Instant {
  /**
   * Milliseconds from any fixed start; never goes back. All timeouts count in it. Lease reads rely on
   * it going on while the process is paused.
   */
  readonly monotonicMs: number;
  /**
   * Milliseconds since 1970 by the wall clock; may jump. Written into entries; that it jumps ahead may
   * cost a leader its lease, and nothing else depends on it.
   */
  readonly wallMs: number;
}
