/**
 * Campaigns and votes (§5.2, §5.4.1), with the pre-vote and leader stickiness of thesis §9.6 and
 * §4.2.3.
 *
 * @module
 */

import { isVoter } from "./configuration.ts";
import { isUpToDate, type LogPosition, type NodeId, termAfter } from "./ids.ts";
import { becomeLeader } from "./leader.ts";
import { withholdsVote } from "./leader_lease.ts";
import type { PreVoteRequest, PreVoteResponse, VoteRequest, VoteResponse } from "./message.ts";
import { tallyOf } from "./quorum.ts";
import { becomeFollower, resetElectionTimer } from "./roles.ts";
import { type CampaignState, drawMs, type NodeState, peersOf, wholeIndexOf } from "./state.ts";

/**
 * The link to `peer` broke. If it was the leader, or is about to be by this node's vote, campaign
 * soon: with pre-vote a wrong hint changes nothing, since the others still hear the leader and refuse.
 */
export function onLeaderHint<Token>(state: NodeState<Token>, peer: NodeId): void {
  if (state.role.kind !== "follower" || (state.leaderId ?? state.votedFor) !== peer) return;
  state.leaderId = null;
  state.leaderContactMs = -Infinity;
  campaignSoon(state);
}

/**
 * Brings the next campaign forward. All who have cause for one have it in the same moment: a spread
 * keeps most of them from campaigning in step, and with each campaign that was in vain it grows, so
 * that it comes to be long enough for the slowest link.
 */
function campaignSoon(state: NodeState<unknown>): void {
  const { heartbeatMs, electionTimeoutMsMin } = state.timing;
  const spreadMs = Math.min(heartbeatMs / 20 * 4 ** state.campaigns, electionTimeoutMsMin);
  const mayVoteMs = Math.max(state.nowMs, state.voteWithheldUntilMs);
  const soonMs = mayVoteMs + drawMs(state, { min: 0, max: spreadMs });
  state.electionDeadlineMs = Math.min(state.electionDeadlineMs, soonMs);
}

/** The link to `peer` is up: what was asked of it may have been lost while there was none. */
export function onVoterUp<Token>(state: NodeState<Token>, peer: NodeId): void {
  const { role } = state;
  if (role.kind !== "pre_candidate" && role.kind !== "candidate") return;
  if (role.votes.has(peer) || !peersOf(state).includes(peer)) return;
  // The peer may have lost its leader, too: two that ask each other at once would split the vote.
  if (role.kind === "pre_candidate") campaignSoon(state);
  else ask(state, role, peer);
}

function ask<Token>(state: NodeState<Token>, campaign: CampaignState, peer: NodeId): void {
  const { last } = state.log;
  if (campaign.kind === "candidate") {
    const { transfer } = campaign;
    state.outbox.send(peer, { type: "vote_request", term: state.term, last, transfer });
  } else {
    state.outbox.send(peer, { type: "pre_vote_request", term: termAfter(state.term), last });
  }
}

/** The election timer ran out. */
export function onElectionTimeout<Token>(state: NodeState<Token>): void {
  // A campaign begins with the own vote.
  if (isVoteUnderWay(state) || !mayCampaign(state) || withholdsVote(state)) {
    resetElectionTimer(state);
    return;
  }
  startPreVote(state);
}

/**
 * Whether a candidate's own vote is still on its way to the disk. It has asked nobody before that; to
 * campaign in yet another term would have each vote overtaken by the next, on a slow disk for ever.
 */
function isVoteUnderWay({ id, role }: NodeState<unknown>): boolean {
  return role.kind === "candidate" && !role.votes.has(id);
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
  const role: CampaignState = {
    kind: "pre_candidate",
    votes: new Map([[state.id, true]]),
    transfer: false,
  };
  state.role = role;
  state.leaderId = null;
  // A pre-vote costs nothing, so an unanswered one is soon repeated.
  const { heartbeatMs } = state.timing;
  state.electionDeadlineMs = state.nowMs +
    drawMs(state, { min: 2 * heartbeatMs, max: 4 * heartbeatMs });
  for (const peer of peersOf(state)) ask(state, role, peer);
  onBallot(state);
}

/** Campaigns in a new term (§5.2). */
export function becomeCandidate<Token>(state: NodeState<Token>, transfer: boolean): void {
  becomeFollower(state, termAfter(state.term), null);
  state.votedFor = state.id;
  state.campaigns++;
  // The own vote is counted with the others, once it is given: onVoteKept.
  const role: CampaignState = { kind: "candidate", votes: new Map(), transfer };
  state.role = role;
  // Answers that do not come need not be waited for as long as a leader's silence.
  const { heartbeatMs, electionTimeoutMsMin } = state.timing;
  state.electionDeadlineMs = state.nowMs +
    drawMs(state, { min: 3 * heartbeatMs, max: electionTimeoutMsMin + 1 });
  for (const peer of peersOf(state)) ask(state, role, peer);
}

/**
 * A batch is durable, and perhaps the own vote with it. Until then it is no vote: the only voter of a
 * configuration would lead by it at once, and after a crash give it to another in the same term.
 */
export function onVoteKept<Token>(state: NodeState<Token>): void {
  const { role, durability, term, id } = state;
  if (role.kind !== "candidate" || role.votes.has(id) || !durability.holds(term, id)) return;
  role.votes.set(id, true);
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

/** Answers a pre-vote. Changes nothing here, but that of two who ask each other one steps back. */
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
  if (granted && state.role.kind === "pre_candidate" && isPreferred(state, from, request.last)) {
    // Both would win, and then split the vote. This one asks again if nothing comes of the other.
    state.role = { kind: "follower" };
  }
}

/** Whether of two that could both win an election it is rather `peer` that should. */
function isPreferred(state: NodeState<unknown>, peer: NodeId, last: LogPosition): boolean {
  if (!isVoter(state.configuration, peer)) return false;
  return peer < state.id || !isUpToDate(state.log.last, last);
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
  // Another has that vote. If it wins, it is heard before long; if nobody does, the vote is split.
  if (!response.granted) campaignSoon(state);
}

/** The leader hands over: campaign at once, without a pre-vote (thesis §3.10). */
export function onTimeoutNow<Token>(state: NodeState<Token>, from: NodeId): void {
  if (from !== state.leaderId) return;
  if (mayCampaign(state)) becomeCandidate(state, true);
}
