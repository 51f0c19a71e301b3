/**
 * The operations of a transaction, each a value that knows what its answer will be.
 *
 * @module
 */

import type { Json, KeyValueJson } from "@raftkv/core/api";
import { type Selection, selectionFields } from "./selection.ts";
import { type Value, valueFields } from "./value.ts";

/** What a write says of the key it wrote. */
export interface Written {
  /** The revision at which the key last came into being. */
  readonly createRevision: number;
  /** The revision of this write. */
  readonly modRevision: number;
  /** How many times it was written since it came into being; 1 when new. */
  readonly version: number;
}

/** A key and its value, as a program wants it. */
export interface Entry<T = Json> extends Omit<KeyValueJson, "value"> {
  /** The value; base64 text if `encoding` says so, for {@linkcode bytesOf}. */
  readonly value: T;
}

/** An operation that answers with a `Result`. */
export interface TxnOperation<Result> {
  /** As it travels. */
  readonly json: Readonly<Record<string, unknown>>;
  /** Makes the result of what the store said. */
  readonly read: (answer: never) => Result;
}

/** What became of a key that was put. */
export interface PutResult<T = Json> extends Written {
  /** Its lease, if it has one. */
  readonly lease?: string;
  /** What stood there before, if that was asked for; null if nothing did. */
  readonly prevKv?: Entry<T> | null;
}

/** What became of keys that were deleted. */
export interface DeleteResult<T = Json> {
  /** How many there were. */
  readonly deleted: number;
  /** What they were, if that was asked for. */
  readonly prevKvs?: readonly Entry<T>[];
}

/** Keys of a range. */
export interface RangeResult<T = Json> {
  /** Up to the limit. */
  readonly items: readonly Entry<T>[];
  /** Of the whole range. */
  readonly count: number;
  /** Whether there are more than the limit. */
  readonly more: boolean;
}

/** What became of a counter. */
export interface IncrementResult extends Written {
  /** What it holds now. */
  readonly value: bigint;
}

/** How long a key is to live. */
export interface Lifetime {
  /** Whole seconds after which the key ends. Not together with `lease`. */
  readonly ttl?: number;
  /** The lease with which the key ends. */
  readonly lease?: { readonly id: string } | string;
}

/** Puts a value under a key. */
export function put<T = Json>(
  key: string,
  value: Value,
  options: Lifetime & { readonly prevKv?: boolean } = {},
): TxnOperation<PutResult<T>> {
  const { prevKv } = options;
  return operation("put", { key, ...valueFields(value), ...lifetimeFields(options), prevKv });
}

/** Reads a key; null if there is none. */
export function get<T = Json>(key: string): TxnOperation<Entry<T> | null> {
  return {
    json: { get: { key } },
    read: ({ kv }: { readonly kv: Entry<T> | null }) => kv,
  };
}

/** Deletes a key. */
export function remove<T = Json>(
  key: string,
  { prevKv }: { readonly prevKv?: boolean } = {},
): TxnOperation<DeleteResult<T>> {
  return operation("delete", { key, prevKv });
}

/** Deletes all keys of a selection. */
export function removeAll<T = Json>(
  selection: Selection,
  { prevKv }: { readonly prevKv?: boolean } = {},
): TxnOperation<DeleteResult<T>> {
  return operation("delete", { ...selectionFields(selection), prevKv });
}

/** Reads keys of a selection. */
export function range<T = Json>(
  selection: Selection & {
    /** Most keys, from 1 to 1,000; 100 if not given. */
    readonly limit?: number;
    /** Whether to begin at the end. */
    readonly reverse?: boolean;
    /** Whether to leave the values away. */
    readonly keysOnly?: boolean;
  },
): TxnOperation<RangeResult<T>> {
  const { limit, reverse, keysOnly } = selection;
  const order = reverse === true ? "desc" : undefined;
  return operation("range", { ...selectionFields(selection), limit, order, keysOnly });
}

/** What a counter is counted by, and between which bounds: whole numbers of 64 bits. */
export interface IncrementBounds {
  /** How much is added; 1 if not given. */
  readonly delta?: bigint | number;
  /** The least it may come to. */
  readonly min?: bigint | number;
  /** The most it may come to. */
  readonly max?: bigint | number;
}

/** Adds to a counter; a key that is not there counts as 0. */
export function increment(
  key: string,
  bounds: IncrementBounds = {},
): TxnOperation<IncrementResult> {
  return {
    json: { increment: { key, ...incrementFields(bounds) } },
    read: incrementResultOf,
  };
}

/** The fields of an increment: as texts, which keep all 64 bits. */
export function incrementFields(
  { delta, min, max }: IncrementBounds,
): Readonly<Record<string, string>> {
  return {
    ...delta === undefined ? {} : { delta: `${delta}` },
    ...min === undefined ? {} : { min: `${min}` },
    ...max === undefined ? {} : { max: `${max}` },
  };
}

/** The result of an increment, whose value came as a text. */
export function incrementResultOf(
  answer: Written & { readonly value: string },
): IncrementResult {
  return { ...answer, value: BigInt(answer.value) };
}

/** The fields of a lifetime. */
export function lifetimeFields({ ttl, lease }: Lifetime): {
  readonly ttl?: number;
  readonly lease?: string;
} {
  return {
    ...ttl === undefined ? {} : { ttl },
    ...lease === undefined ? {} : { lease: typeof lease === "string" ? lease : lease.id },
  };
}

function operation<Result>(
  kind: string,
  fields: Readonly<Record<string, unknown>>,
): TxnOperation<Result> {
  return { json: { [kind]: fields }, read: (answer: Result) => answer };
}
