/**
 * Campaigns and votes (§5.2, §5.4.1), with the pre-vote and leader stickiness of thesis §9.6 and
 * §4.2.3.
 *
 * @module
 */

import { isUpToDate, type NodeId, termAfter } from "./ids.ts";
import { becomeLeader } from "./leader.ts";
import { withholdsVote } from "./leader_lease.ts";
import type { PreVoteRequest, PreVoteResponse, VoteRequest, VoteResponse } from "./message.ts";
import { tallyOf } from "./quorum.ts";
import { becomeFollower, resetElectionTimer } from "./roles.ts";
import { drawMs, type NodeState, peersOf, wholeIndexOf } from "./state.ts";

/**
 * The link to `peer` broke. If it was the leader, campaign soon: with pre-vote a wrong hint changes
 * nothing, since the others still hear the leader and refuse.
 */
export function onLeaderHint<Token>(state: NodeState<Token>, peer: NodeId): void {
  if (state.role.kind !== "follower" || state.leaderId !== peer) return;
  state.leaderId = null;
  state.leaderContactMs = -Infinity;
  // Everyone loses the leader in the same moment; a spread of a heartbeat keeps them from
  // campaigning in step.
  const soon = drawMs(state, { min: state.timing.heartbeatMs / 5, max: state.timing.heartbeatMs });
  const mayVoteMs = Math.max(state.nowMs, state.voteWithheldUntilMs);
  state.electionDeadlineMs = Math.min(state.electionDeadlineMs, mayVoteMs + soon);
}

/** The election timer ran out. */
export function onElectionTimeout<Token>(state: NodeState<Token>): void {
  // A campaign begins with the own vote.
  if (!mayCampaign(state) || withholdsVote(state)) {
    resetElectionTimer(state);
    return;
  }
  startPreVote(state);
}

/**
 * A node whose disk hangs, or whose log is being replaced, would lead badly; one that lost entries to
 * damage could not supply what is committed. It still votes: for that, its last position is enough.
 */
function mayCampaign(state: NodeState<unknown>): boolean {
  return state.configurations.mayVote(state.id, state.commitIndex) && state.installing === null &&
    wholeIndexOf(state) === state.log.lastIndex &&
    state.durability.writingForMs(state.nowMs) < state.timing.electionTimeoutMsMin;
}

/** Asks whether an election could be won, without touching the term (thesis §9.6). */
function startPreVote<Token>(state: NodeState<Token>): void {
  state.role = { kind: "pre_candidate", votes: new Map([[state.id, true]]) };
  state.leaderId = null;
  // A pre-vote costs nothing, so an unanswered one is soon repeated.
  const { heartbeatMs } = state.timing;
  state.electionDeadlineMs = state.nowMs +
    drawMs(state, { min: 2 * heartbeatMs, max: 4 * heartbeatMs });
  const request: PreVoteRequest = {
    type: "pre_vote_request",
    term: termAfter(state.term),
    last: state.log.last,
  };
  for (const peer of peersOf(state)) state.outbox.send(peer, request);
  onBallot(state);
}

/** Campaigns in a new term (§5.2). */
export function becomeCandidate<Token>(state: NodeState<Token>, transfer: boolean): void {
  becomeFollower(state, termAfter(state.term), null);
  state.votedFor = state.id;
  state.role = { kind: "candidate", votes: new Map([[state.id, true]]) };
  // A split vote is over once the answers are in: no need to wait out a whole leader's silence.
  const { heartbeatMs, electionTimeoutMsMin } = state.timing;
  state.electionDeadlineMs = state.nowMs +
    drawMs(state, { min: 3 * heartbeatMs, max: electionTimeoutMsMin + 1 });
  const request: VoteRequest = {
    type: "vote_request",
    term: state.term,
    last: state.log.last,
    transfer,
  };
  for (const peer of peersOf(state)) state.outbox.send(peer, request);
  onBallot(state);
}

function onBallot<Token>(state: NodeState<Token>): void {
  const { role } = state;
  if (role.kind !== "pre_candidate" && role.kind !== "candidate") return;
  const tally = tallyOf(state.configuration, role.votes);
  if (tally === "open") return;
  if (tally === "lost") becomeFollower(state, state.term, null);
  else if (role.kind === "pre_candidate") becomeCandidate(state, false);
  else becomeLeader(state);
}

/** Whether a leader was heard so recently that helping to replace it would only disrupt. */
function believesInLeader(state: NodeState<unknown>): boolean {
  if (state.role.kind === "leader" || withholdsVote(state)) return true;
  return state.nowMs - state.leaderContactMs < state.timing.electionTimeoutMsMin;
}

/** Answers a pre-vote; changes nothing here. */
export function onPreVoteRequest(
  state: NodeState<unknown>,
  from: NodeId,
  request: PreVoteRequest,
): void {
  const granted = request.term > state.term && isUpToDate(request.last, state.log.last) &&
    !believesInLeader(state);
  state.outbox.send(from, {
    type: "pre_vote_response",
    // A refusal shows our own term, so that a node behind in terms catches up and can ask again.
    term: granted ? request.term : state.term,
    granted,
  });
}

/** Counts a pre-vote. A refusal with a later term has been adopted before this is called. */
export function onPreVoteResponse<Token>(
  state: NodeState<Token>,
  from: NodeId,
  response: PreVoteResponse,
): void {
  if (state.role.kind !== "pre_candidate") return;
  if (response.granted && response.term !== termAfter(state.term)) return;
  state.role.votes.set(from, response.granted);
  onBallot(state);
}

/** Whether a request of a later term may pull this node out of its own. */
export function admitsTerm(state: NodeState<unknown>, request: VoteRequest): boolean {
  return request.transfer || !believesInLeader(state);
}

/** Answers RequestVote in the node's own term (§5.2, §5.4.1). */
export function onVoteRequest<Token>(
  state: NodeState<Token>,
  from: NodeId,
  request: VoteRequest,
): void {
  const free = state.votedFor === null ? state.leaderId === null : state.votedFor === from;
  const granted = free && isUpToDate(request.last, state.log.last) &&
    (request.transfer || !withholdsVote(state));
  if (granted) {
    state.votedFor = from;
    resetElectionTimer(state);
  }
  state.outbox.send(from, { type: "vote_response", term: state.term, granted });
}

/** Counts a vote. */
export function onVoteResponse<Token>(
  state: NodeState<Token>,
  from: NodeId,
  response: VoteResponse,
): void {
  if (state.role.kind !== "candidate") return;
  state.role.votes.set(from, response.granted);
  onBallot(state);
}

/** The leader hands over: campaign at once, without a pre-vote (thesis §3.10). */
export function onTimeoutNow<Token>(state: NodeState<Token>, from: NodeId): void {
  if (from !== state.leaderId) return;
  if (mayCampaign(state)) becomeCandidate(state, true);
}
