/**
 * I15: what a leader counts of a follower is on that follower's disk, is the leader's own entry, and was
 * acknowledged to it in its term.
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { AppendAccepted, Envelope, LogIndex, Message, NodeId, Term } from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { Chronicle } from "./chronicle.ts";
import type { Rule } from "./rule.ts";

/** What was acknowledged to a node that leads. */
interface Acknowledged {
  readonly term: Term;
  readonly upTo: Map<NodeId, LogIndex>;
}

/** I15 match index. */
export class MatchIndex implements Rule {
  readonly #chronicle: Chronicle;
  readonly #node: (id: NodeId) => Observed | undefined;

  readonly #acknowledged = new Map<NodeId, Acknowledged>();

  /** Begins with nothing seen. */
  constructor(chronicle: Chronicle, node: (id: NodeId) => Observed | undefined) {
    this.#chronicle = chronicle;
    this.#node = node;
  }

  onReceived(node: Observed, from: NodeId, message: Message): void {
    const index = acknowledgedBy(message);
    const term = node.status()?.term;
    if (index === null || term === undefined || !("term" in message) || message.term !== term) {
      return;
    }
    let known = this.#acknowledged.get(node.id);
    if (known?.term !== term) this.#acknowledged.set(node.id, known = { term, upTo: new Map() });
    if (index > (known.upTo.get(from) ?? 0)) known.upTo.set(from, index);
  }

  onCrashed(id: NodeId): void {
    this.#acknowledged.delete(id);
  }

  onSent(node: Observed, { to, message }: Envelope): void {
    if (message.type === "append_accepted") this.#onAcknowledgement(node, to, message);
    if (message.type !== "heartbeat_request") return;
    const { commitIndex, term } = message;
    const known = this.#acknowledged.get(node.id);
    const upTo = known?.term === term ? known.upTo.get(to) ?? 0 : 0;
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

function acknowledgedBy(message: Message): LogIndex | null {
  if (message.type === "append_accepted") return message.matchIndex;
  return message.type === "snapshot_response" && message.installed ? message.index : null;
}
