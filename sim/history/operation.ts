/**
 * What clients saw: one operation for each request, from the moment it was made to the moment its
 * answer came, if one came.
 *
 * @module
 */

/** A moment in a history. */
export interface Moment {
  /** Its place among all moments of the history: what has the smaller number came first. */
  readonly order: number;
  /** When it was, in milliseconds, for people to read; nothing is concluded from it. */
  readonly timeMs: number;
}

/** How a request ended, as far as its client knows. */
export type Outcome<Answer> =
  | {
    /** It took effect between its two moments, and this came of it. */
    readonly kind: "answered";
    /** What came of it. */
    readonly answer: Answer;
  }
  /** It certainly took no effect, and never will. */
  | { readonly kind: "failed" }
  /** It may have taken effect once, at any time since it was made, or may do so yet, or never. */
  | { readonly kind: "unknown" };

/** One request of one client. */
export interface Operation<Request, Answer> {
  /** Its number, different from those of all others in its history. */
  readonly id: number;
  /** Who made it. */
  readonly client: string;
  /** What was asked for. */
  readonly request: Request;
  /** When it was made. */
  readonly invoked: Moment;
  /** When the client learned of its end or gave up; null if it still waits. */
  readonly ended: Moment | null;
  /** How it ended. */
  readonly outcome: Outcome<Answer>;
}

/** The answer, or null if there is none. */
export function answerOf<Answer>({ outcome }: Operation<unknown, Answer>): Answer | null {
  return outcome.kind === "answered" ? outcome.answer : null;
}

/** The last moment at which it can have taken effect, as a place in the order of moments. */
export function endOrderOf({ outcome, ended }: Operation<unknown, unknown>): number {
  return outcome.kind === "answered" && ended !== null ? ended.order : Infinity;
}

/** Whether one was over before the other began. */
export function precedes(
  first: Operation<unknown, unknown>,
  second: Operation<unknown, unknown>,
): boolean {
  return endOrderOf(first) < second.invoked.order;
}
