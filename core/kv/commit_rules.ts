/**
 * What a commit must keep to before anyone looks at the state: how large and how deep it may be, and
 * that no way through it writes a key twice.
 *
 * @module
 */

import { LIMITS } from "../limits.ts";
import { type Key, keyAfter } from "./key.ts";
import type { Branches, Operation } from "./operation.ts";
import type { KeyRange } from "./range.ts";

/** What is wrong with a commit. */
export type CommitFault = "too_many_operations" | "nested_too_deep" | "duplicate_key";

/** The first rule that a commit breaks, or null. */
export function commitFault(branches: Branches): CommitFault | null {
  const { operations, compares, depth } = sizeOf(branches);
  if (depth > LIMITS.commitDepthMax) return "nested_too_deep";
  const isTooLarge = operations > LIMITS.commitOperationsMax ||
    compares > LIMITS.commitComparesMax;
  if (isTooLarge) return "too_many_operations";
  const isClear = writesOf(branches.operations) !== null &&
    writesOf(branches.otherwise ?? []) !== null;
  return isClear ? null : "duplicate_key";
}

interface CommitSize {
  readonly operations: number;
  readonly compares: number;
  readonly depth: number;
}

function sizeOf({ compares = [], operations, otherwise = [] }: Branches): CommitSize {
  const size = { operations: 0, compares: compares.length, depth: 1 };
  for (const operation of [...operations, ...otherwise]) {
    size.operations++;
    if (operation.kind !== "commit") continue;
    const nested = sizeOf(operation);
    size.operations += nested.operations;
    size.compares += nested.compares;
    size.depth = Math.max(size.depth, nested.depth + 1);
  }
  return size;
}

/** All that one branch may write, or null if it may write a key twice. */
function writesOf(operations: readonly Operation[]): readonly KeyRange[] | null {
  // Almost every commit is of single keys, which a set compares without looking at all pairs.
  const keys = new Set<Key>();
  const ranges: KeyRange[] = [];
  for (const operation of operations) {
    const written = writtenBy(operation);
    if (written === null) return null;
    for (const range of written) {
      const isKey = "key" in operation;
      if (isKey ? keys.has(operation.key) : [...keys].some((key) => contains(range, key))) {
        return null;
      }
      if (ranges.some((other) => overlap(other, range))) return null;
    }
    if ("key" in operation && written.length > 0) keys.add(operation.key);
    else ranges.push(...written);
  }
  return [...ranges, ...[...keys].map(rangeOf)];
}

function writtenBy(operation: Operation): readonly KeyRange[] | null {
  switch (operation.kind) {
    case "put":
    case "delete":
    case "increment":
      return [rangeOf(operation.key)];
    case "delete_range":
      return [operation];
    case "get":
    case "range":
      return [];
    case "commit": {
      // Only one of the two will be taken, so what they have in common is written once.
      const taken = writesOf(operation.operations);
      const other = writesOf(operation.otherwise ?? []);
      return taken === null || other === null ? null : [...taken, ...other];
    }
  }
}

function rangeOf(key: Key): KeyRange {
  return { start: key, end: keyAfter(key) };
}

function contains({ start, end }: KeyRange, key: Key): boolean {
  return key >= start && (end === null || key < end);
}

function overlap(a: KeyRange, b: KeyRange): boolean {
  return (b.end === null || a.start < b.end) && (a.end === null || b.start < a.end);
}
