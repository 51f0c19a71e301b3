/**
 * Invariants that stay on in production. A broken one ends the node: a replica that has left its
 * specification must not go on promising things.
 *
 * @module
 */

/** Thrown when the code has left its own specification; never caught to go on. */
export class InvariantViolation extends Error {
  /** The name of the class. */
  override readonly name = "InvariantViolation";
  /** The values that broke the rule, for the operator's report. */
  readonly detail: unknown;

  /**
   * Says which rule was broken.
   *
   * @param rule The rule in positive form ("commit index never goes back").
   */
  constructor(rule: string, detail?: unknown) {
    super(detail === undefined ? rule : `${rule}: ${JSON.stringify(detail)}`);
    this.detail = detail;
  }
}

/**
 * Demands that a rule holds. One condition per call; `detail` is only called on failure, so that
 * the check costs a comparison.
 *
 * @throws {InvariantViolation} if the condition is false
 */
export function invariant(
  condition: boolean,
  rule: string,
  detail?: () => unknown,
): asserts condition {
  if (!condition) throw new InvariantViolation(rule, detail?.());
}

/** Marks the arm of a switch that the type checker has proven empty. */
export function unreachable(value: never): never {
  throw new InvariantViolation("closed union is exhausted", value);
}
