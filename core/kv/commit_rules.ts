/**
 * What a commit must keep to before anyone looks at the state: how large and how deep it may be, and
 * that no way through it writes a key twice.
 *
 * @module
 */

import { LIMITS } from "../limits.ts";
import type { Key } from "./key.ts";
import { KeySet } from "./key_set.ts";
import type { Branches, Operation } from "./operation.ts";
import type { KeyRange } from "./range.ts";

/** What is wrong with a commit. */
export type CommitFault = "too_many_operations" | "nested_too_deep" | "duplicate_key";

/** The first rule that a commit breaks, or null. */
export function commitFault(branches: Branches): CommitFault | null {
  if (isSingle(branches)) return null;
  const { operations, compares, depth } = sizeOf(branches);
  if (depth > LIMITS.commitDepthMax) return "nested_too_deep";
  const isTooLarge = operations > LIMITS.commitOperationsMax ||
    compares > LIMITS.commitComparesMax;
  if (isTooLarge) return "too_many_operations";
  const isClear = writesOf(branches.operations) !== null &&
    writesOf(branches.otherwise ?? []) !== null;
  return isClear ? null : "duplicate_key";
}

/** Almost every commit: one operation that nothing else can get in the way of. */
function isSingle({ compares, operations, otherwise }: Branches): boolean {
  return operations.length === 1 && operations[0]!.kind !== "commit" &&
    compares === undefined && otherwise === undefined;
}

interface CommitSize {
  readonly operations: number;
  readonly compares: number;
  readonly depth: number;
}

function sizeOf({ compares = [], operations, otherwise = [] }: Branches): CommitSize {
  const size = { operations: 0, compares: compares.length, depth: 1 };
  for (const branch of [operations, otherwise]) {
    size.operations += branch.length;
    for (const operation of branch) {
      if (operation.kind !== "commit") continue;
      const nested = sizeOf(operation);
      size.operations += nested.operations;
      size.compares += nested.compares;
      size.depth = Math.max(size.depth, nested.depth + 1);
    }
  }
  return size;
}

/** What may be written: a set compares single keys without looking at all pairs. */
interface Writes {
  readonly keys: KeySet;
  readonly ranges: KeyRange[];
}

/** All that one branch may write, or null if it may write a key twice. */
function writesOf(operations: readonly Operation[]): Writes | null {
  const writes: Writes = { keys: new KeySet(), ranges: [] };
  for (const operation of operations) if (!addWrites(writes, operation)) return null;
  return writes;
}

/** Returns whether none of it was there before. */
function addWrites(writes: Writes, operation: Operation): boolean {
  switch (operation.kind) {
    case "put":
    case "delete":
    case "increment":
      return addKey(writes, operation.key);
    case "delete_range":
      return addRange(writes, operation);
    case "get":
    case "range":
      return true;
    case "commit": {
      // Only one of the two will be taken, so what they have in common is written once.
      const taken = writesOf(operation.operations);
      const other = writesOf(operation.otherwise ?? []);
      if (taken === null || other === null) return false;
      const keys = [...taken.keys.keys(), ...other.keys.keys()];
      const ranges = [...taken.ranges, ...other.ranges];
      const isClear = keys.every((key) => isFree(writes, key)) &&
        ranges.every((range) => isClearOf(writes, range));
      for (const key of keys) writes.keys.add(key);
      writes.ranges.push(...ranges);
      return isClear;
    }
  }
}

function addKey(writes: Writes, key: Key): boolean {
  if (!isFree(writes, key)) return false;
  writes.keys.add(key);
  return true;
}

function addRange(writes: Writes, range: KeyRange): boolean {
  if (!isClearOf(writes, range)) return false;
  writes.ranges.push(range);
  return true;
}

function isFree({ keys, ranges }: Writes, key: Key): boolean {
  return !keys.has(key) && !ranges.some((range) => contains(range, key));
}

function isClearOf({ keys, ranges }: Writes, range: KeyRange): boolean {
  return !ranges.some((other) => overlap(other, range)) &&
    !keys.keys().some((key) => contains(range, key));
}

function contains({ start, end }: KeyRange, key: Key): boolean {
  return key >= start && (end === null || key < end);
}

function overlap(a: KeyRange, b: KeyRange): boolean {
  return (b.end === null || a.start < b.end) && (a.end === null || b.start < a.end);
}
