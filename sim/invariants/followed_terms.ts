/**
 * I46: a later term is entered. Whoever takes in a message of a later term is in that term at the end
 * of the step (§5.1): a leader among them leads no more, whatever the message says. Nobody has entered
 * the term that a pre-vote asks about or is granted for (thesis §9.6), and a candidate does not draw in
 * who leads, believes in a leader or may have promised its vote away (thesis §4.2.3, §6.4.1), but if
 * its leader hands over.
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import {
  isReplicaMessage,
  type Message,
  type NodeId,
  type NodeStatus,
  type RaftMessage,
  type Term,
} from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { LeaderContact } from "./leader_contact.ts";
import type { Rule } from "./rule.ts";

/** Why a node must be in a term. */
interface Heard {
  readonly term: Term;
  readonly from: NodeId;
  readonly type: Message["type"];
}

/** I46 later terms are entered. */
export class FollowedTerms implements Rule {
  readonly #contact: LeaderContact;
  /** The term of each node at the end of its last step. */
  readonly #terms = new Map<NodeId, Term>();
  /** The latest term that each node has heard since. */
  readonly #heard = new Map<NodeId, Heard>();

  /** Begins with nothing heard. */
  constructor(contact: LeaderContact) {
    this.#contact = contact;
  }

  onReceived(node: Observed, from: NodeId, message: Message): void {
    if (isReplicaMessage(message)) return;
    const { term, type } = message;
    const known = this.#heard.get(node.id)?.term ?? this.#terms.get(node.id) ?? 0;
    if (term > known && this.#mustEnter(node, message)) {
      this.#heard.set(node.id, { term, from, type });
    }
  }

  #mustEnter(node: Observed, message: RaftMessage): boolean {
    switch (message.type) {
      case "pre_vote_request":
        return false;
      case "pre_vote_response":
        return !message.granted;
      case "vote_request":
        return message.transfer || !this.#contact.isLoyal(node);
      default:
        return true;
    }
  }

  onTurned({ id }: Observed, { role, term }: NodeStatus): void {
    const heard = this.#heard.get(id);
    invariant(
      heard === undefined || term >= heard.term,
      "I46 later terms are entered: whoever hears of a later term is in it at once",
      () => ({ id, role, term, heard }),
    );
    this.#heard.delete(id);
    this.#terms.set(id, term);
  }

  onCrashed(id: NodeId): void {
    this.#heard.delete(id);
    this.#terms.delete(id);
  }
}
