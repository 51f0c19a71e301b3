/**
 * The store's one way to change: operations carried out together, at one revision.
 *
 * @module
 */

import type { Operation, PutOperation } from "./command.ts";
import type { Key } from "./key.ts";
import { recordSizeBytes, type StoredRecord } from "./record.ts";
import type { Committed, OperationResult, PutResult } from "./result.ts";
import type { KvState } from "./state.ts";
import { packValue } from "./value.ts";

/** Carries out operations as the next revision. */
export function commit(state: KvState, operations: readonly Operation[]): Committed {
  const revision = ++state.revision;
  const results: OperationResult[] = [];
  for (const operation of operations) {
    results.push(operation.kind === "put" ? put(state, operation) : remove(state, operation.key));
  }
  return { kind: "committed", revision, results };
}

function put(state: KvState, { key, value, encoding }: PutOperation): PutResult {
  const before = state.records.get(key);
  const modRevision = state.revision;
  const createRevision = before?.createRevision ?? modRevision;
  const version = (before?.version ?? 0) + 1;
  const record = {
    key: before?.key ?? key,
    // The operation's value is a view of a whole batch of entries, which it would keep in memory
    // for as long as the key lives: the record gets its own.
    packed: packValue(value),
    encoding,
    createRevision,
    modRevision,
    version,
  };
  state.records.set(record.key, record);
  noteChange(state, record.key, before);
  return { kind: "put", createRevision, modRevision, version };
}

function remove(state: KvState, key: Key): OperationResult {
  const before = state.records.get(key);
  if (before === undefined) return { kind: "delete", deleted: 0 };
  state.records.delete(key);
  noteChange(state, before.key, before);
  return { kind: "delete", deleted: 1 };
}

/** Keeps what the present revision ended, and notes that it did. */
function noteChange(state: KvState, key: Key, before: StoredRecord | undefined): void {
  state.changes.add(state.revision, key);
  if (before === undefined) return;
  state.history.add({ record: before, endRevision: state.revision });
  state.historyBytes += recordSizeBytes(before);
}
