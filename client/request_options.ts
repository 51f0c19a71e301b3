/**
 * What every request can be told.
 *
 * @module
 */

/** How long a request may take, and how its caller ends it early. */
export interface RequestOptions {
  /** Ends the request; it rejects with the signal's reason. A write may still be applied then. */
  readonly signal?: AbortSignal;
  /**
   * Milliseconds for the request with all its retries; the client's own if not given. `Infinity` goes
   * on through an outage of any length, until the signal ends it.
   */
  readonly timeoutMs?: number;
}
