/**
 * I15: what a leader counts of a follower is on that follower's disk, is the leader's own entry, and was
 * acknowledged to it in its term.
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { AppendAccepted, Envelope, NodeId } from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { Chronicle } from "./chronicle.ts";
import type { FollowerAnswers } from "./follower_answers.ts";
import type { Rule } from "./rule.ts";

/** I15 match index. */
export class MatchIndex implements Rule {
  readonly #chronicle: Chronicle;
  readonly #answers: FollowerAnswers;
  readonly #node: (id: NodeId) => Observed | undefined;

  /** Begins with nothing seen. */
  constructor(
    chronicle: Chronicle,
    answers: FollowerAnswers,
    node: (id: NodeId) => Observed | undefined,
  ) {
    this.#chronicle = chronicle;
    this.#answers = answers;
    this.#node = node;
  }

  onSent(node: Observed, { to, message }: Envelope): void {
    if (message.type === "append_accepted") this.#onAcknowledgement(node, to, message);
    if (message.type !== "heartbeat_request") return;
    const { commitIndex, term } = message;
    const upTo = this.#answers.of(node.id, term, to)?.upTo ?? 0;
    invariant(
      commitIndex <= upTo,
      "I15 match index: a leader counts only what was acknowledged in its term",
      () => ({ leader: node.id, term, to, told: commitIndex, acknowledged: upTo }),
    );
  }

  #onAcknowledgement(
    { disk, id }: Observed,
    to: NodeId,
    { matchIndex, term }: AppendAccepted,
  ): void {
    const held = disk.termAt(matchIndex);
    invariant(
      held === null || held <= term,
      "I15 match index: what is acknowledged was not replaced by a later leader",
      () => ({ id, leader: to, term, matchIndex, held }),
    );
    if (this.#chronicle.leaders.get(term) !== to) return;
    const leader = this.#node(to)?.disk;
    // A leader that has heard of a later term may have had to give its entries up since.
    if (leader === undefined || leader.hardState.term !== term) return;
    const own = leader.termAt(matchIndex);
    invariant(
      held === null || own === null || held === own,
      "I15 match index: a follower acknowledges only what the leader has there",
      () => ({ id, leader: to, term, matchIndex, held, own }),
    );
  }
}
