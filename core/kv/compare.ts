/**
 * Whether a commit's conditions hold.
 *
 * @module
 */

import { keyAfter } from "./key.ts";
import type { Compare, Relation } from "./operation.ts";
import type { StoredRecord } from "./stored_record.ts";
import type { TreeReader } from "./tree.ts";

/** What it takes to look at some conditions, at the most. */
export interface CompareCost {
  /** Keys of ranges. */
  readonly keys: number;
  /** Bytes of values: of each key as many as it is compared with. */
  readonly valueBytes: number;
}

/** What the conditions would cost, of which none has been looked at. */
export function costOf(
  records: TreeReader<StoredRecord>,
  compares: readonly Compare[],
): CompareCost {
  let [keys, valueBytes] = [0, 0];
  for (const compare of compares) {
    const { start, end, target } = compare;
    if (target === "count") continue;
    const isKey = end === keyAfter(start);
    const count = isKey ? 1 : records.count(start, end);
    if (!isKey) keys += count;
    if (target === "value") valueBytes += count * compare.operand.length;
  }
  return { keys, valueBytes };
}

/** Whether a condition holds of the records as they are. */
export function holds(records: TreeReader<StoredRecord>, compare: Compare): boolean {
  const { start, end, relation } = compare;
  if (compare.target === "count") {
    return stands(records.count(start, end), relation, compare.operand);
  }
  let isEmpty = true;
  let isTrue = true;
  records.scan(start, (key, record) => {
    if (end !== null && key >= end) return false;
    isEmpty = false;
    isTrue = holdsOf(record, compare);
    return isTrue;
  });
  return isEmpty ? holdsOf(null, compare) : isTrue;
}

function holdsOf(record: StoredRecord | null, compare: Compare): boolean {
  const { relation } = compare;
  switch (compare.target) {
    case "value":
      if (record === null) return false;
      return stands(compareBytes(record.value, compare.operand), relation, 0);
    case "version":
      return stands(record?.version ?? 0, relation, compare.operand);
    case "create":
      return stands(record?.createRevision ?? 0, relation, compare.operand);
    case "mod":
      return stands(record?.modRevision ?? 0, relation, compare.operand);
    case "lease":
      return stands(record?.lease ?? 0, relation, compare.operand);
    case "count":
      return stands(0, relation, compare.operand);
  }
}

/** Below, at or above 0 as `a` comes before `b`, is the same, or comes after it. */
function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const size = Math.min(a.length, b.length);
  for (let at = 0; at < size; at++) {
    const difference = a[at]! - b[at]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function stands(left: number, relation: Relation, right: number): boolean {
  switch (relation) {
    case "=":
      return left === right;
    case "!=":
      return left !== right;
    case "<":
      return left < right;
    case ">":
      return left > right;
  }
}
