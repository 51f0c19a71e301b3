/**
 * Checks what clients of a key-value store saw: whether there is one order of everything, in keeping
 * with real time, that explains every answer, every watch and every lease. It needs no simulator:
 * whoever can write a history down can have it judged.
 *
 * @module
 */

export * from "./check_history.ts";
export { describeOperation, describeRequest, describeResult } from "./describe.ts";
export * from "./finding.ts";
export * from "./journal.ts";
export * from "./kv_operation.ts";
export { LEASE_LATE_MS_MAX, type TrueTime } from "./leases.ts";
export * from "./linearizability.ts";
export type { FencedWrite, LockHolding } from "./locks.ts";
export * from "./operation.ts";
export * from "./recorder.ts";
export type { ReferenceExpiry } from "./reference_store.ts";
export type { ConservedTotal } from "./totals.ts";
export { timelinePage } from "./timeline.ts";
export type { WatchedMessage, WatchRecord } from "./watch.ts";
