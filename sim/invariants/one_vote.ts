/**
 * I2: one vote for each node and term, durable before it is given, also across crashes (§5.2).
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { Envelope, HardState, NodeId, PersistBatch, Term } from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { Rule, Step } from "./rule.ts";

/** I2 one durable vote. */
export class OneVote implements Rule {
  readonly #kept = new Map<NodeId, HardState>();
  /** Whom each node has told that it votes for, by node and term. */
  readonly #told = new Map<string, NodeId>();

  onPersisted({ id }: Observed, { hardState: next }: PersistBatch): void {
    if (next === null) return;
    const known = this.#kept.get(id);
    const isKept = known === undefined || known.term !== next.term ||
      known.votedFor === null || known.votedFor === next.votedFor;
    invariant(isKept, "I2 one durable vote: a durable vote never changes within its term", () => ({
      id,
      known,
      next,
    }));
    this.#kept.set(id, next);
  }

  onSent(node: Observed, { to, message }: Envelope): void {
    // Whoever asks for votes has given itself its own.
    if (message.type === "vote_request") this.#onVote(node, message.term, node.id);
    if (message.type === "vote_response" && message.granted) this.#onVote(node, message.term, to);
  }

  onElected({ node, now: { status } }: Step): void {
    this.#onVote(node, status.term, node.id);
  }

  #onVote({ id, disk }: Observed, term: Term, candidate: NodeId): void {
    const known = this.#told.get(`${id}/${term}`) ?? candidate;
    invariant(
      known === candidate,
      "I2 one durable vote: one vote per term, across restarts",
      () => ({
        voter: id,
        term,
        votes: [known, candidate],
      }),
    );
    this.#told.set(`${id}/${term}`, candidate);
    const { hardState } = disk;
    invariant(
      hardState.term > term || hardState.votedFor === candidate,
      "I2 one durable vote: a vote is durable before it is given",
      () => ({ voter: id, term, candidate, disk: hardState }),
    );
  }
}
