/**
 * What Raft asks of storage: the durable part of a node's state and the batches that change it.
 *
 * @module
 */

import type { Entry, StoredEntry } from "./entry.ts";
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
  /** Stored entries that were lost to damage, again. What is stored after each of them stays. */
  readonly repairs: readonly Entry[];
}

/** What storage gives back when it is opened. */
export interface DurableState {
  /** The last durable term and vote; term 0 in a new directory. */
  readonly hardState: HardState;
  /** The newest complete snapshot. */
  readonly snapshot: SnapshotMeta | null;
  /**
   * The position right before the first of `entries`; at or before the snapshot's last entry, unless
   * every snapshot that reaches the log was lost to damage (see {@linkcode isStateLost}).
   */
  readonly base: LogPosition;
  /** All stored entries after `base`, contiguous; some may be lost to damage. */
  readonly entries: readonly StoredEntry[];
}

/**
 * Whether the state at `base` is lost: no snapshot holds what stood in the log before it. Term, vote
 * and position are as good as ever, but the node needs a snapshot before it can apply anything.
 */
export function isStateLost({ snapshot, base }: DurableState): boolean {
  return snapshot === null && base.index > 0;
}
