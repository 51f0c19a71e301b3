/**
 * The key-value store as a state machine: commands in, answers out, snapshots of everything between.
 *
 * @module
 */

export * from "./command.ts";
export * from "./commit_rules.ts";
export type { DeleteEvent, KvEvent, PutEvent } from "./events.ts";
export * from "./key.ts";
export type { HistoryPolicy } from "./compaction.ts";
export { DEFAULT_HISTORY_POLICY } from "./compaction.ts";
export type { KeyRange, KvReader, LeaseTime, RangePage, RangeRequest } from "./range.ts";
export type { KvHistory, KvRecord, ValueEncoding } from "./record.ts";
export type { KeyRef, OnceRef, SessionRef } from "./once.ts";
export { isIdempotencyKey } from "./once.ts";
export * from "./operation.ts";
export * from "./operation_result.ts";
export * from "./result.ts";
export * from "./watch_cursor.ts";
export { KvStateMachine } from "./state_machine.ts";
