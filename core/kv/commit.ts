/**
 * The store's one way to change: a condition, and the operations of the branch that it chooses,
 * carried out together, at one revision, or not at all.
 *
 * @module
 */

import { unreachable } from "../assert.ts";
import { LIMITS } from "../limits.ts";
import { holds, keysCompared } from "./compare.ts";
import { incremented } from "./increment.ts";
import { type Key, keyAfter } from "./key.ts";
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
} from "./operation_result.ts";
import { type KeyRange, readRange } from "./range.ts";
import { type KvRecord, recordOf, recordSizeBytes, type StoredRecord } from "./record.ts";
import type { Committed, RefusalReason } from "./result.ts";
import type { KvState } from "./state.ts";
import { type PackedValue, packValue } from "./value.ts";

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

/** A commit under way: what it has changed so far, and what was there before. */
class Draft {
  readonly #state: KvState;
  /** No way through a commit writes a key twice, so each is here once. */
  readonly #before: { readonly key: Key; readonly record: StoredRecord | undefined }[] = [];
  #rangeKeys = 0;
  #answerBytes = 0;

  constructor(state: KvState) {
    this.#state = state;
  }

  carryOut({ compares = [], operations, otherwise = [] }: Branches): NestedResult | RefusalReason {
    const { records } = this.#state;
    if (keysCompared(records, compares) > LIMITS.commitRangeKeysMax) return "range_too_large";
    const succeeded = compares.every((compare) => holds(records, compare));
    const results: OperationResult[] = [];
    for (const operation of succeeded ? operations : otherwise) {
      const result = this.#do(operation);
      if (typeof result === "string") return result;
      if (this.#answerBytes > LIMITS.commitAnswerBytesMax) return "range_too_large";
      results.push(result);
    }
    return { kind: "commit", succeeded, results };
  }

  /** Puts everything back. */
  undo(): void {
    const { records } = this.#state;
    for (const { key, record } of this.#before) {
      if (record === undefined) records.delete(key);
      else records.set(key, record);
    }
  }

  /** Keeps what the commit ended, and notes what it changed. */
  settle(): void {
    const { changes, history, revision } = this.#state;
    for (const { key, record } of this.#before) {
      changes.add(revision, key);
      if (record === undefined) continue;
      history.add({ record, endRevision: revision });
      this.#state.historyBytes += recordSizeBytes(record);
    }
  }

  #do(operation: Operation): OperationResult | RefusalReason {
    switch (operation.kind) {
      case "put":
        return this.#put(operation);
      case "delete": {
        const { key, prevKv } = operation;
        return this.#delete({ start: key, end: keyAfter(key) }, { prevKv: prevKv === true });
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

  #put({ key, value, encoding, prevKv }: PutOperation): OperationResult {
    const before = this.#state.records.get(key);
    // The operation's value is a view of a whole batch of entries, which it would keep in memory
    // for as long as the key lives: the record gets its own.
    const written = this.#write(key, { packed: packValue(value), encoding });
    if (prevKv !== true) return { kind: "put", ...written };
    return { kind: "put", ...written, prevKv: before === undefined ? null : this.#answer(before) };
  }

  #increment(operation: IncrementOperation): OperationResult | RefusalReason {
    const { key } = operation;
    const value = incremented(this.#state.records.get(key), operation);
    if (typeof value === "string") return value;
    const written = this.#write(key, { packed: `${value}`, encoding: "json" });
    return { kind: "increment", value, ...written };
  }

  #write(
    key: Key,
    content: { readonly packed: PackedValue; readonly encoding: KvRecord["encoding"] },
  ): { readonly createRevision: number; readonly modRevision: number; readonly version: number } {
    const { records, revision: modRevision } = this.#state;
    const before = records.get(key);
    const createRevision = before?.createRevision ?? modRevision;
    const version = (before?.version ?? 0) + 1;
    const { packed, encoding } = content;
    const own = before?.key ?? key;
    records.set(own, { key: own, packed, encoding, createRevision, modRevision, version });
    this.#before.push({ key: own, record: before });
    return { createRevision, modRevision, version };
  }

  #deleteRange({ start, end, prevKv }: DeleteRangeOperation): DeleteResult | RefusalReason {
    this.#rangeKeys += this.#state.records.count(start, end);
    if (this.#rangeKeys > LIMITS.commitRangeKeysMax) return "range_too_large";
    return this.#delete({ start, end }, { prevKv: prevKv === true });
  }

  #delete({ start, end }: KeyRange, { prevKv }: { readonly prevKv: boolean }): DeleteResult {
    const { records } = this.#state;
    const found: StoredRecord[] = [];
    records.scan(start, (key, record) => {
      if (end !== null && key >= end) return false;
      found.push(record);
      return true;
    });
    for (const record of found) {
      records.delete(record.key);
      this.#before.push({ key: record.key, record });
    }
    const deleted = found.length;
    if (!prevKv) return { kind: "delete", deleted };
    return { kind: "delete", deleted, prevKvs: found.map((record) => this.#answer(record)) };
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
    for (const { key, value } of page.records) this.#answerBytes += key.length + value.length;
    return { kind: "range", records: page.records, count, more: page.next !== null, keysOnly };
  }

  /** A record for the answer, which is counted. */
  #answer(stored: StoredRecord): KvRecord {
    this.#answerBytes += recordSizeBytes(stored);
    return recordOf(stored);
  }
}
