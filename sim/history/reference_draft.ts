/**
 * A commit of the reference store under way: what it would write, beside what stands.
 *
 * @module
 */

import { LIMITS } from "@raftkv/core";
import {
  type Branches,
  type Compare,
  type IncrementOperation,
  INT64_MAX,
  INT64_MIN,
  type Key,
  keyAfter,
  keyFromBytes,
  type KeyRange,
  keyToBytes,
  type KvRecord,
  type NestedResult,
  type Operation,
  type OperationResult,
  type PutOperation,
  type RefusalReason,
  type ValueEncoding,
} from "@raftkv/core/kv";
import { isWithin } from "./kv_operation.ts";

/** A lease in force. */
export interface ReferenceLease {
  /** Its id. */
  readonly id: number;
  /** How long it lives from its grant or last renewal, in milliseconds. */
  readonly ttlMs: number;
  /** When it ends, in the time of the log. */
  readonly expiresMs: number;
  /** Where in the log it was granted, or last renewed. */
  readonly sinceIndex: number;
  /** Whether it was made for one key alone. */
  readonly isPrivate: boolean;
}

/** What a commit finds. */
export interface ReferenceGround {
  /** The revision before it. */
  readonly revision: number;
  /** Where in the log it stands. */
  readonly index: number;
  /** The time of the log, in milliseconds. */
  readonly nowMs: number;
  /** The highest id that the store itself gave to a lease. */
  readonly leaseLast: number;
  /** What stands under each key. */
  readonly records: ReadonlyMap<Key, KvRecord>;
  /** The leases in force. */
  readonly leases: ReadonlyMap<number, ReferenceLease>;
}

/** The changes of one commit. */
export class ReferenceDraft {
  /** What is written: null for what is taken out. */
  readonly written: Map<Key, KvRecord | null> = new Map();
  /** The leases made for single keys. */
  readonly granted: ReferenceLease[] = [];
  /** The highest id that the store gave to a lease. */
  leaseLast: number;
  readonly #store: ReferenceGround;
  #answerBytes = 0;

  /** Begins without changes. */
  constructor(store: ReferenceGround) {
    this.#store = store;
    this.leaseLast = store.leaseLast;
  }

  /** Carries out the branch that the conditions choose, or says why that cannot be. */
  carryOut({ compares = [], operations, otherwise = [] }: Branches): NestedResult | RefusalReason {
    const succeeded = compares.every((compare) => this.#isTrue(compare));
    const results: OperationResult[] = [];
    for (const operation of succeeded ? operations : otherwise) {
      const result = this.#do(operation);
      if (typeof result === "string") return result;
      if (this.#answerBytes > LIMITS.commitAnswerBytesMax) return "range_too_large";
      results.push(result);
    }
    return { kind: "commit", succeeded, results };
  }

  #do(operation: Operation): OperationResult | RefusalReason {
    switch (operation.kind) {
      case "put":
        return this.#put(operation);
      case "increment":
        return this.#increment(operation);
      case "get":
        return { kind: "get", record: this.#shown(this.#get(operation.key)) };
      case "range": {
        const { limit, descending, keysOnly, countOnly } = operation;
        const found = this.#range(operation);
        const count = found.length;
        if (countOnly) return { kind: "range", records: [], count, more: false, keysOnly };
        const page = (descending ? found.toReversed() : found).slice(0, limit)
          .map((record) => keysOnly ? { ...record, value: NO_BYTES } : record);
        for (const record of page) this.#shown(record);
        return { kind: "range", records: page, count, more: count > limit, keysOnly };
      }
      case "delete":
        return this.#delete({ start: operation.key, end: keyAfter(operation.key) }, operation);
      case "delete_range":
        return this.#delete(operation, operation);
      case "commit":
        return this.carryOut(operation);
    }
  }

  #put(operation: PutOperation): OperationResult | RefusalReason {
    const { key, value, encoding, prevKv } = operation;
    const before = this.#get(key);
    const lease = this.#leaseFor(operation, before);
    if (typeof lease === "string") return lease;
    const place = this.#write(key, { value, encoding, ...lease });
    const shown = prevKv === true ? { prevKv: this.#shown(before) } : {};
    return { kind: "put", ...place, ...lease, ...shown };
  }

  #leaseFor(
    { lease, ttlMs }: PutOperation,
    before: KvRecord | null,
  ): { readonly lease?: number } | RefusalReason {
    const { index: sinceIndex, leases, nowMs } = this.#store;
    if (ttlMs !== undefined) {
      do this.leaseLast++; while (leases.has(this.leaseLast));
      const id = this.leaseLast;
      this.granted.push({ id, ttlMs, expiresMs: nowMs + ttlMs, sinceIndex, isPrivate: true });
      return { lease: id };
    }
    if (lease === undefined) return {};
    const known = leases.get(lease);
    if (known === undefined) return "lease_not_found";
    return known.isPrivate && before?.lease !== lease ? "lease_not_found" : { lease };
  }

  #increment({ key, delta, min = INT64_MIN, max = INT64_MAX }: IncrementOperation):
    | OperationResult
    | RefusalReason {
    const before = this.#get(key);
    const counted = before === null ? 0n : integerIn(before);
    if (counted === null) return "not_an_integer";
    const value = counted + delta;
    if (value < min || value > max) return "out_of_range";
    const lease = before?.lease === undefined ? {} : { lease: before.lease };
    const bytes = keyToBytes(`${value}` as Key);
    return {
      kind: "increment",
      value,
      ...this.#write(key, { value: bytes, encoding: "json", ...lease }),
    };
  }

  #write(
    key: Key,
    content: {
      readonly value: Uint8Array;
      readonly encoding: ValueEncoding;
      readonly lease?: number;
    },
  ): { createRevision: number; modRevision: number; version: number } {
    const before = this.#get(key);
    const modRevision = this.#store.revision + 1;
    const createRevision = before?.createRevision ?? modRevision;
    const place = { createRevision, modRevision, version: (before?.version ?? 0) + 1 };
    this.written.set(key, { key, ...content, ...place });
    return place;
  }

  #delete(range: KeyRange, { prevKv }: { readonly prevKv?: true }): OperationResult {
    const found = this.#range(range);
    for (const { key } of found) this.written.set(key, null);
    const deleted = found.length;
    if (prevKv !== true) return { kind: "delete", deleted };
    for (const record of found) this.#shown(record);
    return { kind: "delete", deleted, prevKvs: found };
  }

  #get(key: Key): KvRecord | null {
    const own = this.written.get(key);
    return own === undefined ? this.#store.records.get(key) ?? null : own;
  }

  #range(range: KeyRange): KvRecord[] {
    return [...new Set([...this.#store.records.keys(), ...this.written.keys()])]
      .filter((key) => isWithin(range, key))
      .sort()
      .map((key) => this.#get(key))
      .filter((record) => record !== null);
  }

  #shown(record: KvRecord | null): KvRecord | null {
    if (record !== null) this.#answerBytes += record.key.length + record.value.length;
    return record;
  }

  #isTrue(compare: Compare): boolean {
    const found = this.#range(compare);
    if (compare.target === "count") return stands(found.length, compare.relation, compare.operand);
    return found.length === 0
      ? isTrueOf(null, compare)
      : found.every((record) => isTrueOf(record, compare));
  }
}

function isTrueOf(record: KvRecord | null, compare: Compare): boolean {
  const { relation } = compare;
  switch (compare.target) {
    case "value": {
      if (record === null) return false;
      return stands(keyFromBytes(record.value), relation, keyFromBytes(compare.operand));
    }
    case "version":
      return stands(record?.version ?? 0, relation, compare.operand);
    case "create":
      return stands(record?.createRevision ?? 0, relation, compare.operand);
    case "mod":
      return stands(record?.modRevision ?? 0, relation, compare.operand);
    case "lease":
      return stands(record?.lease ?? 0, relation, compare.operand);
    case "count":
      throw new TypeError("Cannot compare the count of one record: It is one of a range");
  }
}

function stands<T>(left: T, relation: Compare["relation"], right: T): boolean {
  return { "=": left === right, "!=": left !== right, "<": left < right, ">": left > right }[
    relation
  ];
}

function integerIn({ value, encoding }: KvRecord): bigint | null {
  const text = keyFromBytes(value);
  if (encoding !== "json" || !/^(?:0|-?[1-9]\d{0,18})$/.test(text)) return null;
  const integer = BigInt(text);
  return integer < INT64_MIN || integer > INT64_MAX ? null : integer;
}

const NO_BYTES = new Uint8Array(0);
