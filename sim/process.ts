/**
 * The life of a simulated process: started, stopped, paused. What a stopped one had begun belongs to
 * nobody; what reaches a paused one waits.
 *
 * @module
 */

/** Says whether and when the work of a process may be done. */
export class SimulatedProcess {
  #life = 0;
  #waiting: (() => void)[] | null = null;

  /** Counts starts and stops: equal numbers mean the same run. */
  get life(): number {
    return this.#life;
  }

  /** Whether it stands still. */
  get isPaused(): boolean {
    return this.#waiting !== null;
  }

  /** Begins or ends a run. */
  renew(): void {
    this.#life++;
    this.#waiting = null;
  }

  /** Stands still from now on, like a process under SIGSTOP. */
  pause(): void {
    this.#waiting ??= [];
  }

  /** Goes on, with everything that has come meanwhile. */
  resume(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const work of waiting) this.run(work);
  }

  /** Does `work` now, or once the process goes on. */
  run(work: () => void): void {
    if (this.#waiting === null) work();
    else this.#waiting.push(work);
  }

  /** `work` for a later time: void if this run has ended by then. */
  during(work: () => void): () => void {
    const life = this.#life;
    const ifAlive = () => {
      if (this.#life === life) work();
    };
    return () => {
      if (this.#life === life) this.run(ifAlive);
    };
  }
}
