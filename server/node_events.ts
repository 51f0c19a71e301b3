/**
 * What a node tells whoever runs it: one event per thing that matters.
 *
 * @module
 */

import type { LogIndex, NodeId, NodeStatus, Term } from "@raftkv/core/raft";

/** Something that a node's operator wants to know. */
export type NodeEvent =
  /** The node reads its data directory, which takes a while; told about once a second. */
  | { readonly kind: "reading"; readonly bytesRead: number; readonly bytesTotal: number }
  /**
   * Some of what the disk holds is damaged: of so many entries, or with `isStateLost` of everything
   * before the log, only the place is known. The node asks the others for it and does not lead.
   */
  | { readonly kind: "damaged"; readonly lostEntries: number; readonly isStateLost: boolean }
  /** The node has again what it had lost. */
  | { readonly kind: "repaired" }
  /** The node serves under `url`; `recovered` entries were found in its log. */
  | { readonly kind: "started"; readonly url: string; readonly recovered: number }
  /** The node asks to be taken in by a cluster, and why that has not come about yet. */
  | { readonly kind: "joining"; readonly url: string; readonly problem: string }
  /** The cluster has taken the node in, as a learner. */
  | { readonly kind: "joined"; readonly nodeId: NodeId; readonly clusterId: string }
  /** The node has no vote yet; of the entries up to `commitIndex` it has those to `appliedIndex`. */
  | {
    readonly kind: "catching_up";
    readonly appliedIndex: LogIndex;
    readonly commitIndex: number;
  }
  /** The node has caught up, and votes from now on. */
  | { readonly kind: "votes" }
  /** The node follows, or is, the leader of a term. */
  | { readonly kind: "leader_elected"; readonly leaderId: NodeId; readonly term: Term }
  /** The node knows of no leader any more. */
  | { readonly kind: "leader_lost"; readonly leaderId: NodeId; readonly term: Term }
  /** A link to a peer is up. */
  | { readonly kind: "peer_up"; readonly peer: NodeId }
  /** A link to a peer broke or was refused. */
  | { readonly kind: "peer_down"; readonly peer: NodeId; readonly reason: string }
  /** Something failed that the node survives, but that was not foreseen. */
  | { readonly kind: "internal_error"; readonly error: unknown }
  /** The node must end. */
  | { readonly kind: "failed"; readonly error: unknown }
  /** The node has closed its files and its port. */
  | { readonly kind: "stopped" };

/** Turns a sequence of states into the elections and losses between them. */
export class LeaderWatch {
  #leaderId: NodeId | null = null;
  #term = 0;

  /** The event between the last state and this one, if there was any. */
  next(status: Pick<NodeStatus, "leaderId" | "term">): NodeEvent | null {
    const lost = this.#leaderId;
    if (status.leaderId === lost && (lost === null || status.term === this.#term)) return null;
    this.#leaderId = status.leaderId;
    this.#term = status.term;
    return status.leaderId !== null
      ? { kind: "leader_elected", leaderId: status.leaderId, term: status.term }
      : lost === null
      ? null
      : { kind: "leader_lost", leaderId: lost, term: status.term };
  }
}
