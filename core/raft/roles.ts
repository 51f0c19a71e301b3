/**
 * Following and the election timer: what every role falls back to.
 *
 * @module
 */

import { invariant } from "../assert.ts";
import type { NodeId, Term } from "./ids.ts";
import { drawMs, type NodeState } from "./state.ts";

/**
 * Follows `leaderId` (or nobody yet) in `term`. The vote is forgotten only when the term is new:
 * stepping down inside a term keeps it, else the node could vote twice.
 */
export function becomeFollower<Token>(
  state: NodeState<Token>,
  term: Term,
  leaderId: NodeId | null,
): void {
  invariant(term >= state.term, "the term never goes back", () => ({ term, have: state.term }));
  if (term > state.term) {
    state.term = term;
    state.votedFor = null;
    state.leaderContactMs = -Infinity;
    state.outbox.dropOlderThan(term);
  }
  if (state.role.kind === "leader") state.outbox.abandoned.push(...state.role.reads.abandon());
  if (state.role.kind === "candidate") state.outbox.dropCandidacy();
  state.role = { kind: "follower" };
  state.leaderId = leaderId;
  resetElectionTimer(state);
}

/** Draws the next election timeout (§5.2: randomised, so that votes rarely split). */
export function resetElectionTimer(state: NodeState<unknown>): void {
  const { electionTimeoutMsMin, electionTimeoutMsMax } = state.timing;
  state.electionDeadlineMs = state.nowMs +
    drawMs(state, { min: electionTimeoutMsMin, max: electionTimeoutMsMax });
}

/** The leader of this term spoke: believe in it for another election timeout. */
export function onLeaderContact<Token>(state: NodeState<Token>, leaderId: NodeId): void {
  invariant(state.role.kind !== "leader", "one leader per term", () => ({ leaderId }));
  if (state.role.kind !== "follower" || state.leaderId !== leaderId) {
    becomeFollower(state, state.term, leaderId);
  }
  state.leaderContactMs = state.nowMs;
  state.campaigns = 0;
  resetElectionTimer(state);
}
