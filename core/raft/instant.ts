/**
 * Time as the core sees it: an argument, never a clock.
 *
 * @module
 */

/** A reading of both clocks. */
export interface Instant {
  /** Milliseconds from any fixed start; never goes back. All timeouts count in it. */
  readonly monotonicMs: number;
  /** Milliseconds since 1970 by the wall clock; may jump. Only written into entries, never compared. */
  readonly wallMs: number;
}
