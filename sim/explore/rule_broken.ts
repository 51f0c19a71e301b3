/**
 * A rule that was broken, with the event that broke it.
 *
 * @module
 */

import { InvariantViolation } from "@raftkv/core";

/** Thrown when an event breaks a rule. */
export class RuleBroken extends Error {
  /** The name of the class. */
  override readonly name = "RuleBroken";
  /** The event, packed. */
  readonly event: number;

  /** Blames an event for breaking a rule, be it the explorer's or one that the core keeps itself. */
  constructor(event: number, violation: InvariantViolation) {
    super(violation.message, { cause: violation });
    this.event = event;
  }
}

/** Does something that an event causes; if that breaks a rule, the event is to blame. */
export function blaming<T>(event: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof InvariantViolation) throw new RuleBroken(event, error);
    throw error;
  }
}
