/**
 * Watches a simulated cluster from outside, with a memory of its own that no crash erases, and
 * throws as soon as a rule of Raft is broken (figure 3 of the paper).
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { Entry, LogIndex, NodeId, NodeStatus, Term } from "@raftkv/core/raft";

/** What the observer looks at after each step of a node. */
export interface Observed {
  /** The node. */
  readonly id: NodeId;
  /** How it sees itself, or null if it is down. */
  status(): NodeStatus | null;
}

/** The rules that hold across nodes and across crashes. */
export class Observer {
  readonly #leaders = new Map<Term, NodeId>();
  readonly #committed = new Map<
    LogIndex,
    { readonly term: Term; readonly payload: Uint8Array }
  >();
  readonly #last = new Map<NodeId, NodeStatus>();
  /** How many distinct leaderships were seen. */
  get leaderships(): number {
    return this.#leaders.size;
  }

  /** A node has taken a step. */
  onStepped(node: Observed): void {
    const status = node.status();
    if (status === null) return;
    this.#checkElectionSafety(status);
    this.#checkMonotony(status);
    this.#last.set(node.id, status);
  }

  /** A node was stopped: what it had only in memory may go back. */
  onCrashed(id: NodeId): void {
    const last = this.#last.get(id);
    if (last !== undefined) {
      this.#last.set(id, {
        ...last,
        commitIndex: 0 as LogIndex,
        appliedIndex: 0 as LogIndex,
        lastIndex: 0 as LogIndex,
      });
    }
  }

  /** A node's state machine takes in an entry. */
  onApplied(id: NodeId, entry: Entry): void {
    const known = this.#committed.get(entry.index);
    if (known === undefined) {
      this.#committed.set(entry.index, {
        term: entry.term,
        payload: entry.payload,
      });
      return;
    }
    invariant(
      known.term === entry.term && sameBytes(known.payload, entry.payload),
      "state machine safety: no two nodes apply different entries at one index",
      () => ({ id, index: entry.index, term: entry.term, known: known.term }),
    );
  }

  #checkElectionSafety(status: NodeStatus): void {
    if (status.role !== "leader") return;
    const known = this.#leaders.get(status.term);
    invariant(
      known === undefined || known === status.id,
      "election safety: at most one leader in a term",
      () => ({ term: status.term, leaders: [known, status.id] }),
    );
    this.#leaders.set(status.term, status.id);
  }

  #checkMonotony(status: NodeStatus): void {
    const before = this.#last.get(status.id);
    if (before === undefined) return;
    invariant(
      status.commitIndex >= before.commitIndex,
      "the commit index never goes back while a node runs",
      () => ({ before, status }),
    );
    invariant(
      status.appliedIndex <= status.commitIndex,
      "only committed entries are applied",
      () => status,
    );
    invariant(
      status.commitIndex <= status.lastIndex,
      "the commit index stays inside the log",
      () => status,
    );
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
