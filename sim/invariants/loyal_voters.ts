/**
 * I40, the voters' half: who believes in a leader helps nobody to replace it, neither by a pre-vote nor
 * by a vote in a later term, unless that leader hands over (thesis §4.2.3, §9.6). So a leader that a
 * quorum hears has no successor that it did not ask for.
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { Envelope, Message, NodeId, Term } from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { LeaderContact } from "./leader_contact.ts";
import type { Rule } from "./rule.ts";

/** I40 no leader is deposed without cause. */
export class LoyalVoters implements Rule {
  readonly #contact: LeaderContact;
  /** The terms in which each node was free to vote when it was asked, since it started. */
  readonly #mayVote = new Map<NodeId, Set<string>>();
  /** The last question for a pre-vote that each node was free to answer as it likes. */
  readonly #mayPreVote = new Map<NodeId, { readonly asked: string; readonly atMs: number }[]>();

  /** Begins with nobody asked. */
  constructor(contact: LeaderContact) {
    this.#contact = contact;
  }

  onReceived(node: Observed, from: NodeId, message: Message): void {
    if (message.type !== "vote_request" && message.type !== "pre_vote_request") return;
    const isLater = message.term > (node.status()?.term ?? 0);
    const isHandOver = message.type === "vote_request" && message.transfer;
    if (isLater && !isHandOver && this.#contact.leaderOf(node) !== null) return;
    const asked = nameOf(from, message.term);
    if (message.type === "vote_request") {
      const free = this.#mayVote.get(node.id) ?? new Set();
      this.#mayVote.set(node.id, free.add(asked));
      return;
    }
    const atMs = node.clock.monotonicMs;
    const earlier = this.#mayPreVote.get(node.id) ?? [];
    this.#mayPreVote.set(node.id, [...earlier.filter((each) => each.atMs === atMs), {
      asked,
      atMs,
    }]);
  }

  onCrashed(id: NodeId): void {
    this.#mayVote.delete(id);
    this.#mayPreVote.delete(id);
  }

  onSent(node: Observed, { to, message }: Envelope): void {
    if (message.type === "vote_response" && message.granted) {
      invariant(
        this.#mayVote.get(node.id)?.has(nameOf(to, message.term)) === true,
        "I40 no leader is deposed without cause: who hears a leader votes for no other",
        () => ({ voter: node.id, candidate: to, term: message.term }),
      );
    }
    if (message.type === "pre_vote_response" && message.granted) {
      // It promises nothing, so it leaves in the moment in which it was asked for.
      const asked = nameOf(to, message.term);
      const isFree = this.#mayPreVote.get(node.id)?.some((each) => {
        return each.asked === asked && each.atMs === node.clock.monotonicMs;
      });
      invariant(
        isFree === true,
        "I40 no leader is deposed without cause: who hears a leader encourages no other",
        () => ({ voter: node.id, candidate: to, term: message.term }),
      );
    }
  }
}

function nameOf(candidate: NodeId, term: Term): string {
  return `${candidate}/${term}`;
}
