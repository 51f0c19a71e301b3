/**
 * What is wrong with a history, in a form that a person can follow.
 *
 * @module
 */

/** One promise that a history breaks. */
export interface Finding {
  /** The promise, by its number and name. */
  readonly rule: string;
  /** How it is broken, in one or more lines. */
  readonly evidence: string;
  /** The operations that cannot all be right, by their numbers. */
  readonly operations: readonly number[];
}

/** The promises that histories are held to; {@linkcode Finding.rule} is one of them. */
export const HISTORY_RULES = {
  acknowledged: "I20 acknowledged writes stay",
  phantom: "I21 no phantom values",
  exactlyOnce: "I22 exactly once",
  serializable: "I23 strict serializability",
  fresh: "I24 reads see what was acknowledged",
  freshByLease: "I25 lease reads see what was acknowledged",
  revision: "I26 one revision for each change",
  watch: "I27 watches tell everything once, in order",
  lease: "I28 leases live as long as promised",
  fencing: "I29 fencing tokens grow",
  atomic: "I30 transactions are atomic",
  vacuous: "enough happened to learn from",
} as const satisfies Readonly<Record<string, string>>;
