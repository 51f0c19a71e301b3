/**
 * The conditions of a transaction.
 *
 * @module
 */

import { type Selection, selectionFields } from "./selection.ts";
import { type Value, valueFields } from "./value.ts";

/** How two things are compared. */
export type Relation = "=" | "!=" | "<" | ">";

/** One condition. */
export interface Compare {
  /** As it travels. */
  readonly json: Readonly<Record<string, unknown>>;
}

/** Conditions on a key, or on every key of a selection. */
export interface Comparable {
  /** It is there. */
  exists(): Compare;
  /** It is not there. */
  isMissing(): Compare;
  /** Its value, by its bytes as stored. */
  value(relation: Relation, value: Value): Compare;
  /** The revision of its last change. */
  modRevision(relation: Relation, revision: number): Compare;
  /** The revision at which it came into being; 0 if it is not there. */
  createRevision(relation: Relation, revision: number): Compare;
  /** How many times it was written; 0 if it is not there. */
  version(relation: Relation, version: number): Compare;
  /** Its lease; 0 if it has none. */
  lease(relation: Relation, lease: string): Compare;
}

/** A condition on how many there are. */
export interface Countable {
  /** Compares their number. */
  is(relation: Relation, count: number): Compare;
}

/** Begins a condition on one key: `when("a").isMissing()`. */
export function when(key: string): Comparable {
  return comparable({ key });
}

/** Begins a condition that every key of a selection must meet. */
export function whenEvery(selection: Selection): Comparable {
  return comparable(selectionFields(selection));
}

/** Begins a condition on how many keys a selection has: `whenCount({ prefix: "a/" }).is("<", 10)`. */
export function whenCount(selection: Selection): Countable {
  const keys = selectionFields(selection);
  return { is: (result, value) => compare({ ...keys, target: "count", result, value }) };
}

function comparable(keys: Readonly<Record<string, unknown>> | Selection): Comparable {
  const of = (target: string) => (result: Relation, value: unknown) =>
    compare({ ...keys, target, result, value });
  return {
    exists: () => of("version")(">", 0),
    isMissing: () => of("version")("=", 0),
    value: (result, value) => compare({ ...keys, target: "value", result, ...valueFields(value) }),
    modRevision: of("mod"),
    createRevision: of("create"),
    version: of("version"),
    lease: (result, lease) => of("lease")(result, Number(lease)),
  };
}

function compare(json: Readonly<Record<string, unknown>>): Compare {
  return { json };
}
