/**
 * Searches all that may happen to a small cluster, breadth first: every state that so many events can
 * lead to is visited, and the rules are checked on the way to it.
 *
 * @module
 */

import { RuleBroken } from "./rule_broken.ts";
import { Visited } from "./visited.ts";
import { LANES } from "./fingerprint.ts";
import type { Mark } from "./locals.ts";
import { narrate } from "./narrative.ts";
import { type StartName, startOf } from "./starts.ts";
import { type Bounds, type Change, type State, World } from "./world.ts";

/** What to search. */
export interface ExploreOptions extends Bounds {
  /** Where to begin. */
  readonly start: StartName;
  /** Events after which to stop; Infinity to go on until nothing is new. */
  readonly depth: number;
  /** Distinct states after which to stop, between two depths or within one. */
  readonly states: number;
  /** Called after each depth that is complete. */
  readonly onDepth?: (report: ExploreReport) => void;
}

/** What a search came to. */
export interface ExploreReport {
  /** Every state that this many events lead to was visited. */
  readonly depth: number;
  /** Distinct states, up to the names of the nodes. */
  readonly states: number;
  /** Distinct states that were found at the last depth, complete or not. */
  readonly frontier: number;
  /** Changes from state to state, each within the bounds. */
  readonly steps: number;
  /** Distinct states of single nodes. */
  readonly nodeStates: number;
  /** Distinct messages. */
  readonly messages: number;
  /** Inputs that were given to the core. */
  readonly coreSteps: number;
  /** How many of the states were first reached by something worth telling. */
  readonly marks: ReadonlyMap<Mark, number>;
  /** Whether nothing within the bounds was left to visit. */
  readonly isExhausted: boolean;
  /** The rule that was broken, and the events that lead there; null if none was. */
  readonly violation: Violation | null;
}

/** A broken rule and the way to it. */
export interface Violation {
  /** What was broken. */
  readonly error: RuleBroken;
  /** The events, packed, from the start on. */
  readonly path: readonly number[];
}

/** A search from one start. */
export class Explorer {
  readonly #world: World;
  readonly #start: State;
  readonly #options: ExploreOptions;
  readonly #visited = new Visited();
  /** How each state was reached: from which one, and by which event. */
  readonly #parents: number[] = [];
  readonly #events: number[] = [];
  readonly #sum = new Uint32Array(LANES);
  readonly #marks = new Map<Mark, number>();
  #steps = 0;

  /** Makes the start. */
  constructor(options: ExploreOptions) {
    this.#options = options;
    this.#world = new World(options);
    this.#start = startOf(this.#world, options.start);
  }

  /** Searches as far as the options say, or up to the first broken rule. */
  run(): ExploreReport {
    const { depth, onDepth } = this.#options;
    let layer: Layer = [{ state: this.#start, number: this.#add(-1, -1) }];
    this.#isNew(this.#world.sumOf(this.#start));
    let reached = 0;
    while (reached < depth && layer.length > 0) {
      const next: Layer = [];
      const violation = this.#expand(layer, next);
      const isCut = violation !== null || this.#isFull;
      if (!isCut) reached++;
      layer = next;
      const report = this.#report({ depth: reached, frontier: next.length, violation });
      if (isCut) return report;
      onDepth?.(report);
    }
    return this.#report({ depth: reached, frontier: layer.length, violation: null });
  }

  /** Tells a way from the start on, so that a person can follow it. */
  tell(path: readonly number[]): string[] {
    return narrate(this.#world, this.#start, path);
  }

  get #isFull(): boolean {
    return this.#visited.size >= this.#options.states;
  }

  #expand(layer: Layer, next: Layer): Violation | null {
    for (const { number, state } of layer) {
      if (this.#isFull) return null;
      const sum = this.#world.sumOf(state);
      try {
        this.#world.changes(state, (change) => {
          this.#steps++;
          if (!this.#isNewAfter(sum, state, change)) return;
          for (const mark of change.marks) this.#marks.set(mark, (this.#marks.get(mark) ?? 0) + 1);
          next.push({
            state: this.#world.apply(state, change),
            number: this.#add(number, change.event),
          });
        });
      } catch (error) {
        if (!(error instanceof RuleBroken)) throw error;
        return { error, path: [...this.#pathTo(number), error.event] };
      }
    }
    return null;
  }

  #isNewAfter(before: Uint32Array, state: State, change: Change): boolean {
    this.#sum.set(before);
    this.#world.move(this.#sum, state, change);
    return this.#isNew(this.#sum);
  }

  /** Of the sums under each renaming of the nodes, the smallest stands for all. */
  #isNew(sum: Uint32Array): boolean {
    let high = sum[0] as number;
    let low = sum[1] as number;
    for (let at = 2; at < LANES; at += 2) {
      const otherHigh = sum[at] as number;
      const otherLow = sum[at + 1] as number;
      if (otherHigh > high || (otherHigh === high && otherLow >= low)) continue;
      high = otherHigh;
      low = otherLow;
    }
    return this.#visited.add(high, low);
  }

  #add(parent: number, event: number): number {
    this.#parents.push(parent);
    return this.#events.push(event) - 1;
  }

  #pathTo(number: number): number[] {
    const path: number[] = [];
    for (let at = number; (this.#parents[at] as number) >= 0; at = this.#parents[at] as number) {
      path.push(this.#events[at] as number);
    }
    return path.reverse();
  }

  #report(
    { depth, frontier, violation }: Pick<ExploreReport, "depth" | "frontier" | "violation">,
  ): ExploreReport {
    return {
      depth,
      states: this.#visited.size,
      frontier,
      steps: this.#steps,
      nodeStates: this.#world.locals.count,
      messages: this.#world.messages.count,
      coreSteps: this.#world.locals.coreSteps,
      marks: this.#marks,
      isExhausted: frontier === 0 && violation === null,
      violation,
    };
  }
}

type Layer = { readonly state: State; readonly number: number }[];
