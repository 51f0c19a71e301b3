/**
 * How many requests a listener has not answered yet.
 *
 * @module
 */

/** Counts requests, and says when none is left. */
export class RequestsUnderWay {
  #count = 0;
  #onNone: (() => void) | null = null;

  /** Counts a request from its call to the end of its promise. */
  async during<T>(answer: () => T | Promise<T>): Promise<T> {
    this.#count++;
    try {
      return await answer();
    } finally {
      this.#count--;
      if (this.#count === 0) this.#onNone?.();
    }
  }

  /** Resolves to whether none is left, after `waitMsMax` at the latest. To be called once. */
  async none(waitMsMax: number): Promise<boolean> {
    if (this.#count === 0) return true;
    return await new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), waitMsMax);
      this.#onNone = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
}
