/**
 * What an observer sees of a node: how it sees itself, and what its disk would leave after a crash.
 *
 * @module
 */

import type {
  Configuration,
  HardState,
  LogIndex,
  NodeId,
  NodeStatus,
  Term,
} from "@raftkv/core/raft";
import type { NodeClock } from "./clock.ts";

/** The durable half of a node. */
export interface ObservedDisk {
  /** The durable term and vote. */
  readonly hardState: HardState;
  /** The last durable entry, or the last that a snapshot covers. */
  readonly lastIndex: LogIndex;
  /** The durable term at `index`; null if it is compacted away or not there. */
  termAt(index: LogIndex): Term | null;
  /** The last entry that is let go; 0 if none is. */
  readonly baseIndex: LogIndex;
  /** The last entry that a snapshot is known to cover, whether its node has heard of that or not. */
  readonly snapshotIndex: LogIndex;
  /** Whether `index` is compacted away. */
  isCompacted(index: LogIndex): boolean;
  /** Whether what stood at `index` was lost to damage; its term is known nevertheless. */
  isLost(index: LogIndex): boolean;
  /** Whether every snapshot that reaches the log was lost to damage: the node waits for another. */
  readonly isStateLost: boolean;
}

/** A node in the eyes of an observer. */
export interface Observed {
  /** The node. */
  readonly id: NodeId;
  /** Names the life of its data directory. */
  readonly incarnation: string;
  /** Its clock. */
  readonly clock: Pick<NodeClock, "monotonicMs">;
  /** Its disk. */
  readonly disk: ObservedDisk;
  /** How it sees itself, or null while it is down. */
  status(): NodeStatus | null;
  /** The members in force for it, or null while it is down. */
  readonly configuration: Configuration | null;
  /** Where in its log they stand, or null while it is down. */
  readonly configurationIndex: number | null;
  /** The hash of its state, or null while it is down or if its machine has none. */
  readonly stateHash: string | null;
}
