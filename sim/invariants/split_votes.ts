/**
 * I49: votes are not split without need. A node that asks for pre-votes steps back for one that asks it,
 * could win as well and whose id comes earlier. And a candidate asks a voter that has not answered again
 * as soon as the link to it is up, and its own vote durable: what was sent before may be lost.
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { Envelope, Message, NodeId, NodeStatus, PersistBatch, Term } from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { Told } from "../witness.ts";
import { hasVote } from "./configurations.ts";
import type { Rule } from "./rule.ts";

/** A node that campaigns, or may come to. */
interface Campaign {
  term: Term;
  /** Who has answered in that term. */
  readonly answered: Set<NodeId>;
  /** Who is to be asked again, and whether nothing stands in the way of it since the last step. */
  readonly owed: Map<NodeId, boolean>;
  /** Whom it should rather let win, of those that have asked it in this step. */
  readonly rivals: Set<NodeId>;
  /** Of those, whom it may not encourage now, for it did not step back. */
  refused: readonly NodeId[];
  /** Whether its disk has not ended a batch, as far as it knows. */
  isWriting: boolean;
}

/** I49 votes are not split without need. */
export class SplitVotes implements Rule {
  readonly #campaigns = new Map<NodeId, Campaign>();

  onStarted({ id }: Observed): void {
    this.#campaigns.set(id, {
      term: 0 as Term,
      answered: new Set(),
      owed: new Map(),
      rivals: new Set(),
      refused: [],
      isWriting: false,
    });
  }

  onReceived(node: Observed, from: NodeId, message: Message): void {
    const campaign = this.#campaigns.get(node.id);
    if (campaign === undefined) return;
    if (message.type === "vote_response" && message.term === campaign.term) {
      campaign.answered.add(from);
    } else if (message.type === "pre_vote_request" && isRival(node, from)) {
      campaign.rivals.add(from);
    }
  }

  onTold(node: Observed, input: Told): void {
    const campaign = this.#campaigns.get(node.id);
    if (campaign === undefined) return;
    const { kind } = input;
    if (kind === "persisted") campaign.isWriting = false;
    // Whoever hears that a link broke may begin anew in the same step.
    else if (kind === "peer_down") campaign.rivals.clear();
    else if (kind === "peer_up") this.#onPeerUp(node, campaign, input.peer);
  }

  #onPeerUp(node: Observed, { answered, owed, term }: Campaign, peer: NodeId): void {
    const status = node.status();
    if (status?.role !== "candidate" || status.term !== term || answered.has(peer)) return;
    if (node.configuration?.members.some(({ id }) => id === peer)) owed.set(peer, false);
  }

  onWriting({ id }: Observed, _batch: PersistBatch): void {
    const campaign = this.#campaigns.get(id);
    if (campaign !== undefined) campaign.isWriting = true;
  }

  onTurned({ disk, id }: Observed, { role, term }: NodeStatus): void {
    const campaign = this.#campaigns.get(id);
    if (campaign === undefined) return;
    campaign.refused = role === "pre_candidate" ? [...campaign.rivals] : [];
    campaign.rivals.clear();
    if (term > campaign.term) campaign.answered.clear();
    if (term > campaign.term || role !== "candidate") campaign.owed.clear();
    campaign.term = term;
    const isVoteKept = disk.hardState.term === term && !campaign.isWriting;
    for (const [peer, isDue] of campaign.owed) {
      invariant(
        !isDue,
        "I49 votes are not split without need: a candidate asks again whose link has come up",
        () => ({ id, term, peer }),
      );
      campaign.owed.set(peer, isVoteKept);
    }
  }

  onSent({ id }: Observed, { to, message }: Envelope): void {
    const campaign = this.#campaigns.get(id);
    if (campaign === undefined) return;
    if (message.type === "vote_request") campaign.owed.delete(to);
    if (message.type !== "pre_vote_response" || !message.granted) return;
    invariant(
      !campaign.refused.includes(to),
      "I49 votes are not split without need: of two who ask each other, one steps back",
      () => ({ id, rival: to, term: message.term }),
    );
  }

  onCrashed(id: NodeId): void {
    this.#campaigns.delete(id);
  }
}

/** Whether a node that asks for pre-votes itself would step back for one that asks it, and can win. */
function isRival(node: Observed, peer: NodeId): boolean {
  const { configuration, id } = node;
  return peer < id && configuration !== null && hasVote(configuration, peer) &&
    node.status()?.role === "pre_candidate";
}
