/**
 * I15, of followers: what one has acknowledged to the leader of its term it does not refuse it later. An
 * append after such an entry is taken, and a refusal points to no place before it, unless a disk is
 * damaged, and says so: else that leader, which never goes back behind it, would ask for ever.
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { AppendRejected, Envelope, LogIndex, Message, NodeId, Term } from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { Rule } from "./rule.ts";

/** What a node has acknowledged. */
interface Acknowledged {
  readonly term: Term;
  readonly leader: NodeId;
  /** By the end of the step before the present one. */
  index: LogIndex;
  /** By now. */
  next: LogIndex;
}

/** Messages of terms that were over when they came. */
interface Outdated {
  /** The term of the node that they came to. */
  readonly term: Term;
  /** Those that are not answered yet. The answer to one may wait until that term is durable. */
  count: number;
}

/** I15 what was acknowledged is kept. */
export class KeptEntries implements Rule {
  readonly #acknowledged = new Map<NodeId, Acknowledged>();
  /** How often each node was asked something in a term that was over, and did not say so yet, by whom. */
  readonly #outdated = new Map<NodeId, Map<NodeId, Outdated>>();
  /** What leaves with a batch was said before, perhaps in another order. */
  readonly #released = new WeakSet<Envelope>();

  onReceived(node: Observed, from: NodeId, message: Message): void {
    switch (message.type) {
      case "append_request":
      case "heartbeat_request":
      case "snapshot_request": {
        const term = node.status()?.term;
        if (term === undefined || message.term >= term) return;
        const counts = this.#outdated.get(node.id) ?? new Map<NodeId, Outdated>();
        const known = counts.get(from);
        const count = known?.term === term ? known.count + 1 : 1;
        this.#outdated.set(node.id, counts.set(from, { term, count }));
        break;
      }
      default:
    }
  }

  onCrashed(id: NodeId): void {
    this.#outdated.delete(id);
  }

  onTurned({ id }: Observed): void {
    const known = this.#acknowledged.get(id);
    if (known !== undefined) known.index = known.next;
  }

  onReleased(_node: Observed, envelopes: readonly Envelope[]): void {
    for (const envelope of envelopes) this.#released.add(envelope);
  }

  onSent({ id }: Observed, envelope: Envelope): void {
    const { message, to } = envelope;
    if (message.type === "append_accepted") {
      this.#onAcknowledged(id, { leader: to, term: message.term, index: message.matchIndex });
    } else if (message.type === "snapshot_response" && message.installed) {
      this.#onAcknowledged(id, { leader: to, term: message.term, index: message.index });
    } else if (message.type === "append_rejected" && !this.#released.has(envelope)) {
      this.#onRefused(id, to, message);
    }
  }

  #onAcknowledged(
    id: NodeId,
    { index, leader, term }: Pick<Acknowledged, "index" | "leader" | "term">,
  ): void {
    const known = this.#acknowledged.get(id);
    if (known?.term !== term || known.leader !== leader) {
      this.#acknowledged.set(id, { term, leader, index: 0 as LogIndex, next: index });
    } else if (index > known.next) known.next = index;
  }

  #onRefused(
    id: NodeId,
    to: NodeId,
    { hint, isDamaged, rejectedIndex, term }: AppendRejected,
  ): void {
    const known = this.#acknowledged.get(id);
    if (known?.term !== term || known.leader !== to || isDamaged || known.index === 0) return;
    invariant(
      hint.index >= known.index &&
        (rejectedIndex > known.index ||
          // The answer to an old message speaks of nothing but where the log ends.
          rejectedIndex === hint.index && this.#takeOutdated(id, to, term)),
      "I15 match index: what was acknowledged is not refused later",
      () => ({ id, leader: to, term, acknowledged: known.index, rejectedIndex, hint }),
    );
  }

  /** Whether a refusal in this term may be the answer to a message of an earlier one. */
  #takeOutdated(id: NodeId, to: NodeId, term: Term): boolean {
    const known = this.#outdated.get(id)?.get(to);
    if (known?.term !== term || known.count === 0) return false;
    known.count--;
    return true;
  }
}
