/**
 * Reachability marks: what came about in a run, and how often. A batch of runs that never hits one
 * has tested less than it seems, and fails as vacuous.
 *
 * @module
 */

/** Counts what came about. */
export class Marks {
  readonly #counts = new Map<string, number>();

  /** It came about (once more). */
  hit(mark: string): void {
    this.#counts.set(mark, (this.#counts.get(mark) ?? 0) + 1);
  }

  /** How often it came about. */
  count(mark: string): number {
    return this.#counts.get(mark) ?? 0;
  }

  /** All that came about, by name. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** Takes in what came about in another run. */
  add(counts: Iterable<readonly [string, number]>): void {
    for (const [mark, count] of counts) {
      this.#counts.set(mark, (this.#counts.get(mark) ?? 0) + count);
    }
  }
}
