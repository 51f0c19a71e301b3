/**
 * Rules for what leaves a node, checked where it leaves: nothing is promised that the disk does not
 * hold, and nobody votes twice, across all crashes.
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { Envelope, Message, NodeId, Term } from "@raftkv/core/raft";
import type { Observed } from "./observed.ts";

/** The rules of the wire, with a memory that no crash erases. */
export class WireRules {
  readonly #votes = new Map<string, NodeId>();

  /** A node sends a message. */
  onSent(node: Observed, { to, message }: Envelope): void {
    const { disk } = node;
    const term = promisedTerm(message);
    invariant(
      term === null || term <= disk.hardState.term,
      "no message shows a term that its sender's disk does not hold",
      () => ({ from: node.id, to, message, disk: disk.hardState }),
    );
    switch (message.type) {
      case "vote_request":
        return this.#onVote(node, message.term, node.id);
      case "vote_response":
        return message.granted ? this.#onVote(node, message.term, to) : undefined;
      case "append_accepted":
        return demandDurable(node, message.matchIndex);
      case "snapshot_response":
        return message.installed ? demandDurable(node, message.index) : undefined;
      default:
    }
  }

  #onVote(node: Observed, term: Term, candidate: NodeId): void {
    const key = `${node.id}/${term}`;
    const known = this.#votes.get(key) ?? candidate;
    invariant(known === candidate, "one vote per term, across restarts", () => ({
      voter: node.id,
      term,
      votes: [known, candidate],
    }));
    this.#votes.set(key, candidate);
    const { hardState } = node.disk;
    invariant(
      hardState.term > term || hardState.votedFor === candidate,
      "a vote is durable before it is given",
      () => ({ voter: node.id, term, candidate, disk: hardState }),
    );
  }
}

/** The term that a message claims its sender to be in; null if it claims none. */
function promisedTerm(message: Message): Term | null {
  switch (message.type) {
    case "pre_vote_request":
      return null;
    case "pre_vote_response":
      return message.granted ? null : message.term;
    case "forward_response":
    case "read_index_request":
    case "read_index_response":
    case "status_request":
    case "status_response":
    case "state_hash":
    case "entries_request":
    case "entries_response":
    case "forward_request":
    case "order_request":
    case "order_response":
      return null;
    default:
      return message.term;
  }
}

function demandDurable({ id, disk }: Observed, index: number): void {
  invariant(
    index <= disk.lastIndex,
    "entries are durable before they are acknowledged",
    () => ({ id, index, durable: disk.lastIndex }),
  );
}
