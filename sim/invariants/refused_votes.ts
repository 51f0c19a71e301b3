/**
 * I48, the converse of I14 and I40: a vote, or a pre-vote, in a later term is refused only with cause,
 * so that whoever can win an election does. The candidate's log is behind the voter's (§5.4.1), or the
 * voter leads, believes in a leader or may have promised its vote away (thesis §4.2.3, §6.4.1). In a
 * term that the voter is in already it may have voted for another.
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type {
  Envelope,
  LogPosition,
  Message,
  NodeId,
  PersistBatch,
  PreVoteRequest,
  Term,
  VoteRequest,
} from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { Told } from "../witness.ts";
import { isQuorum } from "./configurations.ts";
import type { LeaderContact } from "./leader_contact.ts";
import type { Rule } from "./rule.ts";
import { isAtLeast } from "./up_to_date_votes.ts";

/** I48 votes are refused with cause. */
export class RefusedVotes implements Rule {
  readonly #contact: LeaderContact;
  /** Nodes whose disk has not ended a batch, as far as they know. */
  readonly #writing = new Set<NodeId>();
  /** How many refusals each voter has cause for, by candidate, kind and the term that they show. */
  readonly #caused = new Map<NodeId, Map<string, number>>();

  /** Begins with nobody asked. */
  constructor(contact: LeaderContact) {
    this.#contact = contact;
  }

  onWriting({ id }: Observed, _batch: PersistBatch): void {
    this.#writing.add(id);
  }

  onTold({ id }: Observed, { kind }: Told): void {
    if (kind === "persisted") this.#writing.delete(id);
  }

  onCrashed(id: NodeId): void {
    this.#writing.delete(id);
    this.#caused.delete(id);
  }

  onReceived(node: Observed, from: NodeId, message: Message): void {
    if (message.type !== "vote_request" && message.type !== "pre_vote_request") return;
    const status = node.status();
    if (status === null || this.#mustGrant(node, message)) return;
    const isVote = message.type === "vote_request";
    const shown = isVote ? Math.max(status.term, message.term) : status.term;
    this.#note(node.id, nameOf(from, isVote, shown as Term), 1);
    // Who needs nobody else may enter the next term by itself before it looks at the message.
    if (isAlone(node)) this.#note(node.id, nameOf(from, isVote, status.term + 1 as Term), 1);
  }

  onSent({ id }: Observed, { to, message }: Envelope): void {
    if (message.type !== "vote_response" && message.type !== "pre_vote_response") return;
    if (message.granted) return;
    const { term, type } = message;
    const name = nameOf(to, type === "vote_response", term);
    invariant(
      (this.#caused.get(id)?.get(name) ?? 0) > 0,
      "I48 votes are refused with cause: whose log is as up to date as the voter's is let win",
      () => ({ voter: id, candidate: to, type, term }),
    );
    this.#note(id, name, -1);
  }

  /** Whether no cause for a refusal can be seen; where the voter's log cannot, there may be one. */
  #mustGrant(node: Observed, request: PreVoteRequest | VoteRequest): boolean {
    if (request.term <= node.status()!.term || isAlone(node)) return false;
    const last = this.#lastOf(node);
    if (last === null || !isAtLeast(request.last, last)) return false;
    if (request.type === "vote_request" && request.transfer) return true;
    return !this.#contact.isLoyal(node);
  }

  /** Where a node's log ends; null if its disk does not tell. */
  #lastOf(node: Observed): LogPosition | null {
    const { disk, id } = node;
    const { lastIndex: index } = disk;
    const term = disk.termAt(index);
    const isDurable = !this.#writing.has(id) && node.status()?.lastIndex === index;
    return isDurable && term !== null ? { index, term } : null;
  }

  #note(voter: NodeId, name: string, change: number): void {
    const caused = this.#caused.get(voter) ?? new Map<string, number>();
    this.#caused.set(voter, caused);
    const count = (caused.get(name) ?? 0) + change;
    if (count === 0) caused.delete(name);
    else caused.set(name, count);
  }
}

/** Whether a node needs nobody else, in the configuration in force for it. */
function isAlone({ configuration, id }: Observed): boolean {
  return configuration !== null && isQuorum(configuration, new Set([id]));
}

function nameOf(candidate: NodeId, isVote: boolean, term: Term): string {
  return `${candidate} ${isVote} ${term}`;
}
