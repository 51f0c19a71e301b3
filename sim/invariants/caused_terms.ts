/**
 * I40, the terms' half: a node's term rises only with cause. It heard a later one, from anyone but a
 * candidate against a leader that it believes in, or was given a snapshot of one; or it campaigns, with
 * the pre-votes of a quorum for just that term, or because its leader asked it to (§5.1; thesis §3.10,
 * §9.6). So who was cut off, lags behind or was removed comes back in the term in which it left.
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import {
  type Configuration,
  isReplicaMessage,
  type Message,
  type NodeId,
  type RaftMessage,
  type Term,
} from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import { isQuorum } from "./configurations.ts";
import type { LeaderContact } from "./leader_contact.ts";
import type { Rule, Step } from "./rule.ts";

/** What a running node has heard. */
interface Heard {
  /** The latest term that it must follow. */
  term: Term;
  /** The latest term that it was asked to campaign in. */
  called: Term;
  /** Who would vote for it, by term. */
  readonly encouragedBy: Map<Term, Set<NodeId>>;
}

/** I40 terms rise with cause. */
export class CausedTerms implements Rule {
  readonly #contact: LeaderContact;
  readonly #heard = new Map<NodeId, Heard>();

  /** Begins with nothing heard. */
  constructor(contact: LeaderContact) {
    this.#contact = contact;
  }

  onStarted(node: Observed): void {
    const term = node.status()?.term ?? 0 as Term;
    this.#heard.set(node.id, { term, called: term, encouragedBy: new Map() });
  }

  onCrashed(id: NodeId): void {
    this.#heard.delete(id);
  }

  onReceived(node: Observed, from: NodeId, message: Message): void {
    const heard = this.#heard.get(node.id);
    if (heard === undefined) return;
    if (message.type === "snapshot_supply") {
      heard.term = later(heard.term, message.chunk.meta.last.term);
    }
    if (isReplicaMessage(message)) return;
    const { term } = message;
    if (message.type === "timeout_now") heard.called = later(heard.called, term + 1 as Term);
    if (message.type === "pre_vote_response" && message.granted) {
      const voters = heard.encouragedBy.get(term) ?? new Set();
      heard.encouragedBy.set(term, voters.add(from));
    } else if (this.#mustFollow(node, message)) heard.term = later(heard.term, term);
  }

  /** Whether the message draws the node into its term. */
  #mustFollow(node: Observed, message: RaftMessage): boolean {
    if (message.type === "pre_vote_request") return false;
    if (message.type !== "vote_request" || message.transfer) return true;
    return this.#contact.leaderOf(node) === null;
  }

  onStepped({ node, now, before }: Step): void {
    const { term } = now.status;
    const heard = this.#heard.get(node.id);
    if (heard === undefined || term <= heard.term) return;
    const encouragedBy = new Set([node.id, ...heard.encouragedBy.get(term) ?? []]);
    const hasQuorum = (configuration: Configuration | undefined) => {
      return configuration !== undefined && isQuorum(configuration, encouragedBy);
    };
    invariant(
      term === heard.called || hasQuorum(before?.configuration) || hasQuorum(now.configuration),
      "I40 no leader is deposed without cause: who campaigns has a quorum's pre-votes, or was asked to",
      () => ({ id: node.id, term, encouragedBy: [...encouragedBy], heard: heard.term }),
    );
    heard.term = term;
    for (const asked of heard.encouragedBy.keys()) {
      if (asked <= term) heard.encouragedBy.delete(asked);
    }
  }
}

function later(a: Term, b: Term): Term {
  return a > b ? a : b;
}
