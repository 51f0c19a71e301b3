/**
 * The store's one way to change: a condition, and the operations of the branch that it chooses,
 * carried out together, at one revision, or not at all.
 *
 * @module
 */

import { unreachable } from "../assert.ts";
import { bytesOf } from "../codec/byte_string.ts";
import { LIMITS } from "../limits.ts";
import { noteEnded } from "./compaction.ts";
import { costOf, holds } from "./compare.ts";
import { freshLeaseId } from "./expiry.ts";
import { incremented } from "./increment.ts";
import type { Key } from "./key.ts";
import type { Lease } from "./lease.ts";
import type {
  Branches,
  DeleteRangeOperation,
  IncrementOperation,
  Operation,
  PutOperation,
  RangeOperation,
} from "./operation.ts";
import type {
  DeleteResult,
  NestedResult,
  OperationResult,
  RangeResult,
  Written,
} from "./operation_result.ts";
import { type KeyRange, readRange } from "./range.ts";
import type { KvRecord } from "./record.ts";
import type { Committed, RefusalReason } from "./result.ts";
import type { KvState } from "./state.ts";
import type { NewRecord, StoredRecord } from "./stored_record.ts";

/** Carries out a commit as the next revision; a refused one leaves no trace. */
export function commit(state: KvState, branches: Branches): Committed | RefusalReason {
  state.revision++;
  const draft = new Draft(state);
  const outcome = draft.carryOut(branches);
  if (typeof outcome === "string") {
    draft.undo();
    state.revision--;
    return outcome;
  }
  draft.settle();
  const { succeeded, results } = outcome;
  return { kind: "committed", revision: state.revision, succeeded, results };
}

/** What a commit hangs on a lease. */
interface Attached {
  keys: number;
  bytes: number;
  /** Of the keys that hung on it before, once they were looked at. */
  bytesBefore: number | null;
}

/** A key that the commit has written. */
interface Change {
  readonly key: Key;
  /** What was there before. */
  readonly before: StoredRecord | undefined;
  /** The lease that it now has. */
  readonly lease: number;
}

const NO_LEASE = 0;

/** A commit under way: what it has changed so far, and what was there before. */
class Draft {
  readonly #state: KvState;
  readonly #leaseLast: number;
  /** No way through a commit writes a key twice, so each is here once. */
  readonly #changes: Change[] = [];
  /** Made for single keys; in force only once the commit is. */
  #granted: Lease[] | null = null;
  /** The keys that each lease gets. */
  #attached: Map<number, Attached> | null = null;
  #rangeKeys = 0;
  #rangeKeyBytes = 0;
  #comparedKeys = 0;
  #comparedBytes = 0;
  #answerBytes = 0;
  #answerRecords = 0;

  constructor(state: KvState) {
    this.#state = state;
    this.#leaseLast = state.leaseLast;
  }

  carryOut({ compares = [], operations, otherwise = [] }: Branches): NestedResult | RefusalReason {
    const { records } = this.#state;
    const { keys, valueBytes } = costOf(records, compares);
    this.#comparedKeys += keys;
    this.#comparedBytes += valueBytes;
    const isTooMuch = this.#comparedKeys > LIMITS.commitRangeKeysMax ||
      this.#comparedBytes > LIMITS.commitCompareBytesMax;
    if (isTooMuch) return "range_too_large";
    const succeeded = compares.every((compare) => holds(records, compare));
    const results: OperationResult[] = [];
    for (const operation of succeeded ? operations : otherwise) {
      const result = this.#do(operation);
      if (typeof result === "string") return result;
      if (this.#isAnswerTooLarge) return "range_too_large";
      results.push(result);
    }
    return { kind: "commit", succeeded, results };
  }

  get #isAnswerTooLarge(): boolean {
    return this.#answerBytes > LIMITS.commitAnswerBytesMax ||
      this.#answerRecords > LIMITS.commitAnswerRecordsMax;
  }

  /** Puts everything back. */
  undo(): void {
    const { records, arena } = this.#state;
    this.#state.leaseLast = this.#leaseLast;
    for (const { key, before } of this.#changes) {
      const written = records.get(key);
      if (before === undefined) records.delete(key);
      else records.place(key, before.address);
      if (written !== undefined) arena.free(written.address, written.sizeBytes);
    }
  }

  /** Keeps what the commit ended, and notes what it changed. */
  settle(): void {
    const { leases } = this.#state;
    if (this.#granted !== null) { for (const lease of this.#granted) leases.set(lease); }
    for (const { key, before, lease } of this.#changes) {
      noteEnded(this.#state, key, before);
      const leaseBefore = before?.lease ?? NO_LEASE;
      if (leaseBefore !== NO_LEASE && leaseBefore !== lease) leases.detach(leaseBefore, key);
      if (lease !== NO_LEASE) leases.attach(lease, key);
    }
  }

  #do(operation: Operation): OperationResult | RefusalReason {
    switch (operation.kind) {
      case "put":
        return this.#put(operation);
      case "delete": {
        const { key, prevKv } = operation;
        const stored = this.#state.records.get(key);
        return this.#delete(stored === undefined ? [] : [stored], { prevKv: prevKv === true });
      }
      case "delete_range":
        return this.#deleteRange(operation);
      case "get": {
        const stored = this.#state.records.get(operation.key);
        return { kind: "get", record: stored === undefined ? null : this.#answer(stored) };
      }
      case "range":
        return this.#range(operation);
      case "increment":
        return this.#increment(operation);
      case "commit":
        return this.carryOut(operation);
      default:
        return unreachable(operation);
    }
  }

  #put(operation: PutOperation): OperationResult | RefusalReason {
    const { key, value, encoding, prevKv } = operation;
    const before = this.#state.records.get(key);
    const lease = this.#leaseFor(operation, before);
    if (typeof lease === "string") return lease;
    const { createRevision, modRevision, version } = this.#write(before, {
      key,
      encoding,
      lease,
      value,
    });
    const put = { kind: "put", createRevision, modRevision, version } as const;
    if (lease === NO_LEASE && prevKv !== true) return put;
    return {
      ...put,
      ...(lease === NO_LEASE ? {} : { lease }),
      ...(prevKv !== true ? {} : { prevKv: before === undefined ? null : this.#answer(before) }),
    };
  }

  #leaseFor(
    { key, lease, ttlMs }: PutOperation,
    before: StoredRecord | undefined,
  ): number | RefusalReason {
    const { leases, clock } = this.#state;
    if (ttlMs !== undefined) {
      const id = freshLeaseId(this.#state);
      this.#granted ??= [];
      this.#granted.push({ id, ttlMs, expiresMs: clock.nowMs + ttlMs, isPrivate: true });
      return id;
    }
    if (lease === undefined) return NO_LEASE;
    const known = leases.get(lease);
    const isOther = before?.lease !== lease;
    // The lease of one key cannot be joined by another: it goes with its own.
    if (known === undefined || (known.isPrivate && isOther)) return "lease_not_found";
    if (isOther && !this.#attach(lease, key)) return "lease_full";
    return lease;
  }

  /** Whether there is room for one more key on a lease. */
  #attach(lease: number, key: Key): boolean {
    const { leases } = this.#state;
    this.#attached ??= new Map();
    const attached = this.#attached.get(lease) ?? { keys: 0, bytes: 0, bytesBefore: null };
    this.#attached.set(lease, attached);
    attached.keys++;
    attached.bytes += key.length;
    const keys = leases.countOf(lease) + attached.keys;
    if (keys > LIMITS.leaseKeysMax) return false;
    // So few that they cannot be too long need no looking at.
    if (keys * LIMITS.keyBytesMax <= LIMITS.leaseKeyBytesMax) return true;
    attached.bytesBefore ??= leases.keyBytesOf(lease);
    return attached.bytesBefore + attached.bytes <= LIMITS.leaseKeyBytesMax;
  }

  #increment(operation: IncrementOperation): OperationResult | RefusalReason {
    const { key } = operation;
    const before = this.#state.records.get(key);
    const value = incremented(before, operation);
    if (typeof value === "string") return value;
    const written = this.#write(before, {
      key,
      encoding: "json",
      // A counter that was given a time to live keeps it, however often it is counted up.
      lease: before?.lease ?? NO_LEASE,
      value: bytesOf(`${value}`),
    });
    return { kind: "increment", value, ...written };
  }

  #write(
    before: StoredRecord | undefined,
    content: Pick<NewRecord, "key" | "encoding" | "lease" | "value">,
  ): Written {
    const { records, revision: modRevision } = this.#state;
    const { key, encoding, lease, value } = content;
    const createRevision = before === undefined ? modRevision : before.createRevision;
    const version = before === undefined ? 1 : before.version + 1;
    records.write({ key, encoding, createRevision, modRevision, version, lease, value });
    this.#changes.push({ key, before, lease });
    return { createRevision, modRevision, version };
  }

  #deleteRange({ start, end, prevKv }: DeleteRangeOperation): DeleteResult | RefusalReason {
    this.#rangeKeys += this.#state.records.count(start, end);
    if (this.#rangeKeys > LIMITS.commitRangeKeysMax) return "range_too_large";
    const found = this.#find({ start, end });
    for (const { key } of found) this.#rangeKeyBytes += key.length;
    if (this.#rangeKeyBytes > LIMITS.commitRangeKeyBytesMax) return "range_too_large";
    return this.#delete(found, { prevKv: prevKv === true });
  }

  #find({ start, end }: KeyRange): StoredRecord[] {
    const found: StoredRecord[] = [];
    this.#state.records.scan(start, (key, record) => {
      if (end !== null && key >= end) return false;
      found.push(record);
      return true;
    });
    return found;
  }

  #delete(
    found: readonly StoredRecord[],
    { prevKv }: { readonly prevKv: boolean },
  ): DeleteResult {
    for (const before of found) {
      const { key } = before;
      this.#state.records.delete(key);
      this.#changes.push({ key, before, lease: NO_LEASE });
    }
    const deleted = found.length;
    if (!prevKv) return { kind: "delete", deleted };
    const prevKvs: KvRecord[] = [];
    for (const record of found) {
      // Such a commit is refused: what is left, gigabytes perhaps, is not even copied.
      if (this.#isAnswerTooLarge) break;
      prevKvs.push(this.#answer(record));
    }
    return { kind: "delete", deleted, prevKvs };
  }

  #range(operation: RangeOperation): RangeResult {
    const { records } = this.#state;
    const { start, end, limit, descending, keysOnly, countOnly } = operation;
    const count = records.count(start, end);
    if (countOnly) return { kind: "range", records: [], count, more: false, keysOnly };
    const page = readRange(this.#state, {
      start,
      end,
      limit,
      descending,
      keysOnly,
      bytesMax: LIMITS.commitAnswerBytesMax,
    });
    this.#answerRecords += page.records.length;
    for (const { key, value } of page.records) this.#answerBytes += key.length + value.length;
    return { kind: "range", records: page.records, count, more: page.next !== null, keysOnly };
  }

  /** A record for the answer, which is counted. */
  #answer(stored: StoredRecord): KvRecord {
    this.#answerRecords++;
    this.#answerBytes += stored.contentBytes;
    return stored.toRecord();
  }
}
