/**
 * The key-value store as a state machine: commands in, answers out, snapshots of everything between.
 *
 * @module
 */

export * from "./command.ts";
export * from "./key.ts";
export type { KvReader, RangePage, RangeRequest } from "./range.ts";
export type { KvRecord, ValueEncoding } from "./record.ts";
export * from "./result.ts";
export { KvStateMachine } from "./state_machine.ts";
