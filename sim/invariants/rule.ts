/**
 * A rule: what must hold at certain moments, whatever happens.
 *
 * @module
 */

import type { Configuration, LogIndex, NodeStatus } from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { NodeWitness } from "../witness.ts";

/** A node at the end of a step. */
export interface Sight {
  /** How it sees itself. */
  readonly status: NodeStatus;
  /** The members in force for it. */
  readonly configuration: Configuration;
  /** Where in its log they stand. */
  readonly configurationIndex: number;
}

/** A step of a node that has changed something. */
export interface Step {
  /** Which node. */
  readonly node: Observed;
  /** How it is now. */
  readonly now: Sight;
  /** How it was at the end of the step before; null if this is its first since it started. */
  readonly before: Sight | null;
}

/** Entries that were not known to be committed before. */
export interface Commit extends Step {
  /** The first of them. */
  readonly first: LogIndex;
  /** The last of them. */
  readonly last: LogIndex;
}

/**
 * A rule with the memory it needs; it looks only at the moments at which it can be broken. Each of
 * its violations begins with its number and name.
 */
export interface Rule extends Omit<Partial<NodeWitness>, "onStepped"> {
  /** A node has ended a step, whether that changed it or not; what it sends leaves next. */
  onTurned?(node: Observed, status: NodeStatus): void;
  /** A node's status or configuration has changed. */
  onStepped?(step: Step): void;
  /** A node leads in a term, for the first time. */
  onElected?(step: Step): void;
  /** A node has found out that more is committed; the chronicle does not know it yet. */
  onCommitting?(commit: Commit): void;
  /** The same step, now that the chronicle knows all that is committed. */
  onCommitted?(step: Step): void;
}
