/**
 * I50: a lost append is sent again. A follower that answers heartbeats, but has said nothing to what it
 * was sent for longer than the shortest election timeout, is sent an append in the step that takes its
 * answer in: that, or what it said, is lost. Who may need a snapshot is no part of this.
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { Envelope, LogIndex, Message, NodeId, NodeStatus, Term } from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { Told } from "../witness.ts";
import type { Rule } from "./rule.ts";

/** What a follower was sent in a term. */
interface Sent {
  readonly term: Term;
  /** The last entry. */
  end: LogIndex;
  acknowledged: LogIndex;
  /** Since when nothing was sent or answered, by the leader's clock. */
  quietSinceMs: number;
  /** Whether it is owed an append in this step, and whether it was in the one before. */
  isOwed: boolean;
  wasOwed: boolean;
}

/** I50 lost appends are sent again. */
export class LostAppends implements Rule {
  readonly #timeoutMs: number;
  readonly #sent = new Map<NodeId, Map<NodeId, Sent>>();

  /** Begins with nothing sent. `timeoutMs` is the shortest election timeout. */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  onSent({ clock, id }: Observed, { to, message }: Envelope): void {
    if (message.type === "snapshot_request") this.#sent.get(id)?.delete(to);
    if (message.type !== "append_request") return;
    const { entries, previous, term } = message;
    const byFollower = this.#sent.get(id) ?? new Map<NodeId, Sent>();
    const known = byFollower.get(to);
    const isSame = known?.term === term;
    const end = entries.at(-1)?.index ?? previous.index;
    byFollower.set(to, {
      term,
      end: isSame && known.end > end ? known.end : end,
      acknowledged: isSame ? known.acknowledged : 0 as LogIndex,
      quietSinceMs: clock.monotonicMs,
      isOwed: false,
      wasOwed: false,
    });
    this.#sent.set(id, byFollower);
  }

  onReceived(node: Observed, from: NodeId, message: Message): void {
    const sent = this.#sent.get(node.id)?.get(from);
    if (sent === undefined || !("term" in message) || message.term !== sent.term) return;
    const nowMs = node.clock.monotonicMs;
    switch (message.type) {
      case "append_accepted":
        if (message.matchIndex > sent.acknowledged) sent.acknowledged = message.matchIndex;
        breakSilence(sent, nowMs);
        break;
      case "append_rejected":
      case "snapshot_response":
        breakSilence(sent, nowMs);
        break;
      case "heartbeat_response":
        sent.isOwed = sent.acknowledged < sent.end && nowMs - sent.quietSinceMs > this.#timeoutMs &&
          this.#isFed(node, from, sent);
        break;
      default:
    }
  }

  /** Whether a follower is fed from the log, certainly: it has all that a snapshot could hold. */
  #isFed(node: Observed, follower: NodeId, { acknowledged }: Sent): boolean {
    const snapshotIndex = node.status()?.snapshotIndex ?? Infinity;
    const members = node.configuration?.members ?? [];
    return acknowledged > snapshotIndex && members.some(({ id }) => id === follower);
  }

  onTold({ clock, id }: Observed, input: Told): void {
    if (input.kind !== "peer_up" && input.kind !== "peer_down") return;
    const sent = this.#sent.get(id)?.get(input.peer);
    if (sent !== undefined) breakSilence(sent, clock.monotonicMs);
  }

  onTurned({ id }: Observed, { role, term }: NodeStatus): void {
    const byFollower = this.#sent.get(id);
    if (byFollower === undefined) return;
    if (role !== "leader") this.#sent.delete(id);
    else {
      for (const [follower, sent] of byFollower) {
        invariant(
          !sent.wasOwed || sent.term !== term,
          "I50 lost appends are sent again: who answers, but not to an append, is sent another",
          () => ({ leader: id, follower, ...sent }),
        );
        sent.wasOwed = sent.isOwed;
        sent.isOwed = false;
      }
    }
  }

  onCrashed(id: NodeId): void {
    this.#sent.delete(id);
  }
}

function breakSilence(sent: Sent, nowMs: number): void {
  sent.quietSinceMs = nowMs;
  sent.isOwed = false;
}
