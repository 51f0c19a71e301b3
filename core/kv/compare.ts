/**
 * Whether a commit's conditions hold.
 *
 * @module
 */

import { byteStringOf } from "../codec/byte_string.ts";
import { keyAfter } from "./key.ts";
import type { Compare, Relation } from "./operation.ts";
import type { StoredRecord } from "./stored_record.ts";
import type { TreeReader } from "./tree.ts";

/** How many keys the comparisons look at, counted up to `max` and one more. */
export function keysCompared(
  records: TreeReader<StoredRecord>,
  compares: readonly Compare[],
): number {
  let keys = 0;
  for (const { start, end, target } of compares) {
    const isCounted = target !== "count" && end !== keyAfter(start);
    if (isCounted) keys += records.count(start, end);
  }
  return keys;
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
      // Values compare in the order of their bytes, which is that of byte strings.
      return stands(byteStringOf(record.value), relation, byteStringOf(compare.operand));
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

function stands<T extends string | number>(left: T, relation: Relation, right: T): boolean {
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
