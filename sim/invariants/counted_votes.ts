/**
 * I17: a leader was elected by votes that were given to it, by a quorum of the voters: learners and
 * those who have left do not count (thesis §4.2).
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { Envelope, NodeId, Term } from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import { isQuorum } from "./configurations.ts";
import type { Rule, Step } from "./rule.ts";

/** I17 only voters count. */
export class CountedVotes implements Rule {
  /** Who has voted for each candidate, by term. */
  readonly #given = new Map<Term, Map<NodeId, Set<NodeId>>>();

  onSent({ id }: Observed, { to, message }: Envelope): void {
    if (message.type !== "vote_response" || !message.granted) return;
    const candidates = this.#given.get(message.term) ?? new Map<NodeId, Set<NodeId>>();
    this.#given.set(message.term, candidates);
    const voters = candidates.get(to) ?? new Set<NodeId>();
    candidates.set(to, voters.add(id));
  }

  onElected({ now, before }: Step): void {
    const { id, term } = now.status;
    const given = this.#given.get(term)?.get(id) ?? [];
    const { configuration } = before ?? now;
    invariant(
      isQuorum(configuration, new Set([...given, id])),
      "I17 only voters count: a leader has the votes of a quorum of the voters",
      () => ({ id, term, given: [...given], inForce: configuration }),
    );
  }
}
