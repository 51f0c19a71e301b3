/**
 * Writes a history down while it happens.
 *
 * @module
 */

import type { Moment, Operation, Outcome } from "./operation.ts";

/** An operation under way. */
interface Draft<Request, Answer> {
  readonly id: number;
  readonly client: string;
  readonly request: Request;
  readonly invoked: Moment;
  ended: Moment | null;
  outcome: Outcome<Answer>;
}

/** A history in the making: to be told of everything in the order in which it happens. */
export class HistoryRecorder<Request, Answer> {
  readonly #operations: Draft<Request, Answer>[] = [];
  readonly #nowMs: () => number;
  #moments = 0;

  /**
   * Begins with nothing.
   *
   * @param nowMs The time that is written beside each moment.
   */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Everything so far; what has not ended is of unknown outcome. */
  get operations(): readonly Operation<Request, Answer>[] {
    return this.#operations;
  }

  /** A client makes a request. Returns the number of the operation. */
  invoke(client: string, request: Request): number {
    const id = this.#operations.length;
    const outcome = { kind: "unknown" } as const;
    this.#operations.push({ id, client, request, invoked: this.moment(), ended: null, outcome });
    return id;
  }

  /**
   * A request has ended. Its first end counts.
   *
   * @throws {RangeError} if there is no such operation
   */
  end(id: number, outcome: Outcome<Answer>): void {
    const draft = this.#operations[id];
    if (draft === undefined) throw new RangeError(`Cannot end operation ${id}: It never began`);
    if (draft.ended !== null) return;
    draft.ended = this.moment();
    draft.outcome = outcome;
  }

  /** The next moment, for what is not an operation but must be put in order with them. */
  moment(): Moment {
    return { order: ++this.#moments, timeMs: this.#nowMs() };
  }
}
