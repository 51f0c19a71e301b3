/**
 * Raft without IO: the protocol's types, and the node that follows it.
 *
 * @module
 */

export * from "./configuration.ts";
export * from "./entry.ts";
export * from "./ids.ts";
export * from "./instant.ts";
export type { ProposeResult } from "./leader.ts";
export type { MembershipChange, MembershipRefusal, NewMember } from "./membership.ts";
export * from "./message.ts";
export { RaftNode } from "./node.ts";
export {
  DEFAULT_TIMING,
  DEFAULT_WINDOWS,
  type RaftOptions,
  type RaftTiming,
  type RaftWindows,
} from "./options.ts";
export type { RaftOutbox, SnapshotTask } from "./outbox.ts";
export type { SnapshotDemand } from "./own_snapshots.ts";
export * from "./persist.ts";
export type { LogRepair } from "./repair.ts";
export * from "./repair_message.ts";
export type { ChangeResult } from "./reconfiguration.ts";
export type { ReadGrant } from "./read_rounds.ts";
export * from "./snapshot.ts";
