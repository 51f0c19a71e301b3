/**
 * Operators' requests to change the membership, from the proposal to the final configuration.
 *
 * @module
 */

import { isJoint } from "../raft/configuration.ts";
import type { LogIndex, LogPosition } from "../raft/ids.ts";
import type { MembershipChange } from "../raft/membership.ts";
import type { RaftNode } from "../raft/node.ts";
import type { Reply, RequestId } from "./io.ts";

interface Pending {
  readonly position: LogPosition;
  readonly deadlineMs: number;
}

/** The requests of one replica. Only a leader takes them; hosts hand them on to it. */
export class MembershipRequests {
  readonly #pending = new Map<RequestId, Pending>();
  #replies: Reply<never>[] = [];

  /** How many operators wait. */
  get pendingCount(): number {
    return this.#pending.size;
  }

  /** Proposes a change. */
  add(
    node: RaftNode<unknown>,
    request: {
      readonly requestId: RequestId;
      readonly change: MembershipChange;
      readonly expectedIndex: number | null;
      readonly deadlineMs: number;
    },
  ): void {
    const { requestId, change, expectedIndex, deadlineMs } = request;
    const result = node.changeMembership(change, expectedIndex);
    if (result.kind === "appended") {
      this.#pending.set(requestId, { position: result.position, deadlineMs });
    } else if (result.reason === "not_leader" || result.reason === "handing_over") {
      this.#replies.push({ kind: "failed", requestId, reason: "no_leader" });
    } else {
      this.#replies.push({ kind: "membership_refused", requestId, reason: result.reason });
    }
  }

  /** Ends the requests whose change is finished, or can no longer be seen through from here. */
  advance(node: RaftNode<unknown>, appliedIndex: LogIndex): void {
    for (const [requestId, { position }] of this.#pending) {
      if (position.index > appliedIndex) continue;
      const term = node.termAt(position.index);
      if (term !== position.term) {
        // Another leader's entry was committed in its place; or a snapshot covers it, and nobody here
        // can tell any more.
        const reason = term === null ? "unknown" : "lost";
        this.#end(requestId, { kind: "failed", requestId, reason });
        continue;
      }
      const { configuration } = node;
      if (isJoint(configuration) || node.configurationIndex > appliedIndex) continue;
      const index = node.configurationIndex;
      this.#end(requestId, { kind: "membership_changed", requestId, index, configuration });
    }
  }

  /** Ends the requests that have run out of time; their change may still come about. */
  expire(nowMs: number): void {
    for (const [requestId, { deadlineMs }] of this.#pending) {
      if (deadlineMs > nowMs) continue;
      this.#end(requestId, { kind: "failed", requestId, reason: "timeout" });
    }
  }

  /** The ends reached since the last call. */
  takeReplies(): Reply<never>[] {
    const replies = this.#replies;
    this.#replies = [];
    return replies;
  }

  #end(requestId: RequestId, reply: Reply<never>): void {
    this.#pending.delete(requestId);
    this.#replies.push(reply);
  }
}
