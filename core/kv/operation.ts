/**
 * What one commit is made of: comparisons, and the operations of two branches. Commits nest.
 *
 * ```text
 * branches   count varint, compares; count varint, operations; count varint, operations
 * compare    start, end flag, [end], target u8, relation u8, operand (value bytes, else varint)
 * operation  kind u8
 *   1 put          key, encoding u8, value bytes, prevKv flag, lease varint or 0, ttlMs varint or 0
 *   2 delete       key, prevKv flag
 *   3 delete_range start, end flag, [end], prevKv flag
 *   4 get          key
 *   5 range        start, end flag, [end], limit varint, descending, keysOnly and countOnly flags
 *   6 increment    key, delta 8 bytes, min flag, [min 8 bytes], max flag, [max 8 bytes]
 *   7 commit       branches
 * ```
 *
 * @module
 */

import type { Key } from "./key.ts";
import type { KeyRange } from "./range.ts";
import type { ValueEncoding } from "./record.ts";

/** A condition and what follows from it. */
export interface Branches {
  /** All must hold; none if not given. */
  readonly compares?: readonly Compare[];
  /** What to do if they do, in order. */
  readonly operations: readonly Operation[];
  /** What to do if one does not; nothing if not given. */
  readonly otherwise?: readonly Operation[];
}

/** What is compared: of each key in the range, or, for `count`, how many there are. */
export type CompareTarget = "value" | "version" | "create" | "mod" | "lease" | "count";

/** How it must stand to the operand. */
export type Relation = "=" | "!=" | "<" | ">";

/**
 * One condition. For a range it must hold of every key in it. A range without keys is compared as
 * one key whose numbers are all 0; a comparison of values is then false.
 */
export type Compare =
  & KeyRange
  & { readonly relation: Relation }
  & (
    | { readonly target: "value"; readonly operand: Uint8Array }
    | { readonly target: Exclude<CompareTarget, "value">; readonly operand: number }
  );

/** One step of a commit. */
export type Operation =
  | PutOperation
  | DeleteOperation
  | DeleteRangeOperation
  | GetOperation
  | RangeOperation
  | IncrementOperation
  | NestedCommit;

/** Gives a key a value. */
export interface PutOperation {
  /** Tells it from other operations. */
  readonly kind: "put";
  /** Where to put it: 1 to 2,048 bytes. */
  readonly key: Key;
  /** At most 1 MiB. */
  readonly value: Uint8Array;
  /** What the value's bytes are. */
  readonly encoding: ValueEncoding;
  /** Whether to answer with what was there before. */
  readonly prevKv?: true;
  /** The lease that the key is to end with; none if neither this nor `ttlMs` is given. */
  readonly lease?: number;
  /** After which time the key is to end, by a lease made for it alone; not beside `lease`. */
  readonly ttlMs?: number;
}

/** Takes a key out, if it is there. */
export interface DeleteOperation {
  /** Tells it from other operations. */
  readonly kind: "delete";
  /** What to take out: 1 to 2,048 bytes. */
  readonly key: Key;
  /** Whether to answer with what was there. */
  readonly prevKv?: true;
}

/** Takes every key of a range out. */
export interface DeleteRangeOperation extends KeyRange {
  /** Tells it from other operations. */
  readonly kind: "delete_range";
  /** Whether to answer with what was there. */
  readonly prevKv?: true;
}

/** Reads a key as the operations before have left it. */
export interface GetOperation {
  /** Tells it from other operations. */
  readonly kind: "get";
  /** What to read: 1 to 2,048 bytes. */
  readonly key: Key;
}

/** Reads a range as the operations before have left it. */
export interface RangeOperation extends KeyRange {
  /** Tells it from other operations. */
  readonly kind: "range";
  /** Most records to answer with; at least 1. */
  readonly limit: number;
  /** Whether to begin with the last key. */
  readonly descending: boolean;
  /** Whether to leave the values empty. */
  readonly keysOnly: boolean;
  /** Whether to answer with their number alone. */
  readonly countOnly: boolean;
}

/**
 * Adds to a 64-bit signed integer, kept as JSON; a key that is not there counts as 0. Refused, with
 * the whole commit, if the result leaves the bounds.
 */
export interface IncrementOperation {
  /** Tells it from other operations. */
  readonly kind: "increment";
  /** What to add to: 1 to 2,048 bytes. */
  readonly key: Key;
  /** What to add. */
  readonly delta: bigint;
  /** The least result; that of 64 bits if not given. */
  readonly min?: bigint;
  /** The greatest result; that of 64 bits if not given. */
  readonly max?: bigint;
}

/** A commit within a commit. */
export interface NestedCommit extends Branches {
  /** Tells it from other operations. */
  readonly kind: "commit";
}

/** The least integer of 64 bits. */
export const INT64_MIN: bigint = -(2n ** 63n);

/** The greatest integer of 64 bits. */
export const INT64_MAX: bigint = 2n ** 63n - 1n;
