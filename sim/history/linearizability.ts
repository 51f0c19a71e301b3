/**
 * Whether a concurrent history has a sequential explanation: an order of its operations that keeps
 * to real time and in which a sequential object would have given each of the answers
 * (Herlihy and Wing 1990).
 *
 * The search is that of Wing and Gong (1993) with Lowe's memory (2017): a list of calls and returns
 * from which operations are lifted, depth first, and a set of the situations already found hopeless.
 * An operation of unknown outcome has no return: it may be lifted at any time, or never. It is tried
 * last, since most of what is unknown explains nothing.
 *
 * @module
 */

import { answerOf, endOrderOf, type Operation } from "./operation.ts";

/** A sequential object: what each request does to each state. */
export interface Model<State, Request, Answer> {
  /** The state before the first operation. */
  readonly initial: State;

  /**
   * The states to which the operation may lead if it is carried out in `state`: none if it cannot
   * have given its answer there. One of unknown outcome may have given any.
   */
  step(state: State, operation: Operation<Request, Answer>): readonly State[];

  /** A text that is equal for equal states only. */
  fingerprint(state: State): string;
}

/** What a search came to. */
export type Linearization<State, Request, Answer> =
  | {
    /** There is an explanation. */
    readonly kind: "linearizable";
    /** One explanation: the operations in an order in which all answers are right. */
    readonly order: readonly Operation<Request, Answer>[];
  }
  | {
    /** There is none. */
    readonly kind: "refused";
    /** How far one can come, and why not farther. */
    readonly counterexample: Counterexample<State, Request, Answer>;
  }
  | {
    /** The search was ended before it was over: nothing is known, least of all that all is well. */
    readonly kind: "gave_up";
    /** How many situations were remembered by then. */
    readonly situations: number;
  };

/** The farthest that an explanation comes. */
export interface Counterexample<State, Request, Answer> {
  /** The operations that can be explained, in order. */
  readonly order: readonly Operation<Request, Answer>[];
  /** The state after them. */
  readonly state: State;
  /** The next of these must be one of those that were under way by then, and none can be. */
  readonly candidates: readonly Operation<Request, Answer>[];
  /** The first of them to be answered: it cannot wait any longer. */
  readonly due: Operation<Request, Answer>;
}

/** How hard to search. */
export interface SearchLimits {
  /** Most situations to remember; about 100 bytes each. */
  readonly situationsMax: number;
}

/** Enough for any history whose operations do not all overlap; a few dozen MiB at most. */
export const DEFAULT_LIMITS: SearchLimits = { situationsMax: 300_000 };

/** Where an operation probably stands in the order, beside others. */
export type PlaceOf = (operation: Operation<unknown, unknown>) => number;

/** How to search. */
export interface SearchOptions extends SearchLimits {
  /**
   * What is tried first where several answered operations may come next: the lowest place. It decides
   * nothing but how long the search takes. The order of their calls, if not given.
   */
  readonly likelyPlaceOf?: PlaceOf;
}

/** Searches for an explanation. Failed operations are no part of it. */
export function linearize<State, Request, Answer>(
  history: readonly Operation<Request, Answer>[],
  model: Model<State, Request, Answer>,
  { situationsMax, likelyPlaceOf = callOrderOf }: SearchOptions = DEFAULT_LIMITS,
): Linearization<State, Request, Answer> {
  const operations = history
    .filter(({ outcome }) => outcome.kind !== "failed")
    .sort((a, b) => a.invoked.order - b.invoked.order);
  return new Search(operations, { model, likelyPlaceOf }).run(situationsMax);
}

function callOrderOf({ invoked }: Operation<unknown, unknown>): number {
  return invoked.order;
}

/** One operation chosen, and what is still to be tried after it. */
interface Frame<State> {
  readonly state: State;
  /** The operation that led here; -1 at the start. */
  readonly operation: number;
  /** The highest number among the operations lifted so far. */
  readonly highest: number;
  readonly choices: readonly { readonly operation: number; readonly state: State }[];
  next: number;
}

class Search<State, Request, Answer> {
  readonly #operations: readonly Operation<Request, Answer>[];
  readonly #model: Model<State, Request, Answer>;
  readonly #calls: CallList;
  readonly #seen = new Set<string>();
  readonly #frames: Frame<State>[] = [];
  /** Answered operations not yet lifted. */
  #left: number;
  #fewestLeft = Infinity;
  #counterexample: Counterexample<State, Request, Answer> | null = null;
  readonly #likelyPlaces: readonly number[];

  constructor(
    operations: readonly Operation<Request, Answer>[],
    { model, likelyPlaceOf }: {
      readonly model: Model<State, Request, Answer>;
      readonly likelyPlaceOf: PlaceOf;
    },
  ) {
    this.#operations = operations;
    this.#likelyPlaces = operations.map(likelyPlaceOf);
    this.#model = model;
    this.#calls = new CallList(operations);
    this.#left = operations.filter((operation) => this.#isAnswered(operation)).length;
  }

  run(situationsMax: number): Linearization<State, Request, Answer> {
    this.#enter({ state: this.#model.initial, operation: -1, highest: -1 });
    while (this.#left > 0) {
      const frame = this.#frames.at(-1);
      if (frame === undefined) {
        return { kind: "refused", counterexample: this.#counterexample! };
      }
      const choice = frame.choices[frame.next++];
      if (choice === undefined) this.#leave();
      else if (!this.#maybeTake(frame, choice)) continue;
      if (this.#seen.size > situationsMax) {
        return { kind: "gave_up", situations: this.#seen.size };
      }
    }
    return { kind: "linearizable", order: this.#order() };
  }

  /** Takes a choice unless it leads to a situation that was seen before. */
  #maybeTake(
    frame: Frame<State>,
    { operation, state }: { readonly operation: number; readonly state: State },
  ): boolean {
    const highest = Math.max(frame.highest, operation);
    this.#calls.lift(operation);
    const situation = `${this.#calls.holesBefore(highest)}|${this.#model.fingerprint(state)}`;
    if (this.#seen.has(situation)) {
      this.#calls.unlift(operation);
      return false;
    }
    this.#seen.add(situation);
    if (this.#isAnswered(this.#operations[operation]!)) this.#left--;
    this.#enter({ state, operation, highest });
    return true;
  }

  #enter(at: Pick<Frame<State>, "state" | "operation" | "highest">): void {
    const { pending, due } = this.#calls.pending();
    const choices = this.#choicesOf(at.state, pending);
    this.#frames.push({ ...at, choices, next: 0 });
    if (this.#left === 0 || this.#left >= this.#fewestLeft || due === -1) return;
    this.#fewestLeft = this.#left;
    this.#counterexample = {
      order: this.#order(),
      state: at.state,
      candidates: pending.map((place) => this.#operations[place]!),
      due: this.#operations[due]!,
    };
  }

  #leave(): void {
    const { operation } = this.#frames.pop()!;
    if (operation === -1) return;
    this.#calls.unlift(operation);
    if (this.#isAnswered(this.#operations[operation]!)) this.#left++;
  }

  #choicesOf(state: State, pending: readonly number[]): Frame<State>["choices"] {
    const answered: { operation: number; state: State }[] = [];
    const unknown: { operation: number; state: State }[] = [];
    for (const operation of pending) {
      const candidate = this.#operations[operation]!;
      const isAnswered = this.#isAnswered(candidate);
      for (const next of this.#model.step(state, candidate)) {
        if (isAnswered) answered.push({ operation, state: next });
        // That it happened and changed nothing explains no more than that it never happened.
        else if (this.#differ(state, next)) unknown.push({ operation, state: next });
      }
    }
    const places = this.#likelyPlaces;
    answered.sort((a, b) => places[a.operation]! - places[b.operation]!);
    return unknown.length === 0 ? answered : [...answered, ...unknown];
  }

  #differ(a: State, b: State): boolean {
    return this.#model.fingerprint(a) !== this.#model.fingerprint(b);
  }

  #isAnswered(operation: Operation<Request, Answer>): boolean {
    return answerOf(operation) !== null;
  }

  #order(): Operation<Request, Answer>[] {
    return this.#frames.slice(1).map(({ operation }) => this.#operations[operation]!);
  }
}

/** Calls and returns in the order of their moments, from which operations are lifted and put back. */
class CallList {
  readonly #count: number;
  /** Node `i` is the call of operation `i`, `count + i` its return, `2 * count` the anchor. */
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #hasReturn: readonly boolean[];

  constructor(operations: readonly Operation<unknown, unknown>[]) {
    const count = operations.length;
    this.#count = count;
    this.#hasReturn = operations.map((operation) => endOrderOf(operation) !== Infinity);
    this.#next = new Int32Array(2 * count + 1);
    this.#previous = new Int32Array(2 * count + 1);
    const nodes = operations.flatMap((operation, place) => {
      const call = { node: place, order: operation.invoked.order };
      const end = { node: count + place, order: endOrderOf(operation) };
      return this.#hasReturn[place] ? [call, end] : [call];
    });
    nodes.sort((a, b) => a.order - b.order);
    let last = 2 * count;
    for (const { node } of nodes) {
      this.#link(last, node);
      last = node;
    }
    this.#link(last, 2 * count);
  }

  lift(operation: number): void {
    this.#unlink(operation);
    if (this.#hasReturn[operation]) this.#unlink(this.#count + operation);
  }

  /** Undoes the last `lift` that was not undone. */
  unlift(operation: number): void {
    if (this.#hasReturn[operation]) this.#relink(this.#count + operation);
    this.#relink(operation);
  }

  /** The operations that were called before the first return, and the one that returns there. */
  pending(): { readonly pending: readonly number[]; readonly due: number } {
    const pending: number[] = [];
    const anchor = 2 * this.#count;
    for (let node = this.#next[anchor]!; node !== anchor; node = this.#next[node]!) {
      if (node >= this.#count) return { pending, due: node - this.#count };
      pending.push(node);
    }
    return { pending, due: -1 };
  }

  /** Together with `highest`, says which operations are lifted: all up to it but these. */
  holesBefore(highest: number): string {
    let holes = `${highest}`;
    const anchor = 2 * this.#count;
    for (let node = this.#next[anchor]!; node !== anchor; node = this.#next[node]!) {
      if (node >= this.#count) continue;
      if (node > highest) break;
      holes += `,${node}`;
    }
    return holes;
  }

  #link(a: number, b: number): void {
    this.#next[a] = b;
    this.#previous[b] = a;
  }

  #unlink(node: number): void {
    this.#link(this.#previous[node]!, this.#next[node]!);
  }

  #relink(node: number): void {
    const [before, after] = [this.#previous[node]!, this.#next[node]!];
    this.#next[before] = node;
    this.#previous[after] = node;
  }
}
