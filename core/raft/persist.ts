/**
 * What Raft asks of storage: the durable part of a node's state and the batches that change it.
 *
 * @module
 */

import type { Entry } from "./entry.ts";
import type { LogPosition, NodeId, Term, Ticket } from "./ids.ts";
import type { SnapshotMeta } from "./snapshot.ts";

/** Term and vote, one record: a crash must never keep the one and lose the other (§5.2). */
export interface HardState {
  /** The term. */
  readonly term: Term;
  /** Whom this node voted for in `term`, or null. */
  readonly votedFor: NodeId | null;
}

/**
 * What must be durable before anything that promises it may leave: one write, one sync.
 */
export interface PersistBatch {
  /** Comes back in `{ kind: "persisted" }`. */
  readonly ticket: Ticket;
  /** The new term and vote, or null if they did not change. */
  readonly hardState: HardState | null;
  /**
   * Contiguous entries. The first may stand at or before the end of the stored log: all stored
   * entries from its index on are replaced.
   */
  readonly entries: readonly Entry[];
}

/** What storage gives back when it is opened. */
export interface DurableState {
  /** The last durable term and vote; term 0 in a new directory. */
  readonly hardState: HardState;
  /** The newest complete snapshot. */
  readonly snapshot: SnapshotMeta | null;
  /** The position right before the first of `entries`; at or before the snapshot's last entry. */
  readonly base: LogPosition;
  /** All stored entries after `base`, contiguous. */
  readonly entries: readonly Entry[];
}
