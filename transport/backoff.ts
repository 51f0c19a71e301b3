/**
 * How long to wait before dialing again.
 *
 * @module
 */

/** The bounds of the waiting time. */
export interface BackoffLimits {
  /** Longest wait before the first retry, in milliseconds. */
  readonly delayMsBase: number;
  /** Longest wait before any retry, in milliseconds. */
  readonly delayMsMax: number;
}

/**
 * Exponential backoff with full jitter: each delay is drawn from zero up to a ceiling that doubles
 * per failure. A fixed delay would make every node of a restarted cluster knock at the same moment,
 * again and again.
 */
export class Backoff {
  readonly #limits: BackoffLimits;
  readonly #random: () => number;
  #failures = 0;

  /** @param random A source of numbers in [0, 1). */
  constructor(limits: BackoffLimits, random: () => number) {
    this.#limits = limits;
    this.#random = random;
  }

  /** Counts one more failure and draws the delay before the next attempt, in milliseconds. */
  nextDelayMs(): number {
    const ceiling = Math.min(
      this.#limits.delayMsMax,
      this.#limits.delayMsBase * 2 ** this.#failures,
    );
    this.#failures += 1;
    return this.#random() * ceiling;
  }

  /** Forgets the failures: the link has proven itself. */
  reset(): void {
    this.#failures = 0;
  }
}
