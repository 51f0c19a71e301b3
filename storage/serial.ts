/**
 * Runs asynchronous work one piece after another.
 *
 * @module
 */

/** A queue of one lane. */
export class Serial {
  #tail: Promise<void> = Promise.resolve();

  /** Runs `work` when all that came before has ended, well or badly. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work);
    this.#tail = result.then(() => {}, () => {});
    return result;
  }
}
