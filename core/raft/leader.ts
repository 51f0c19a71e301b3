/**
 * Leading: taking proposals, counting acknowledgements, staying in touch with a quorum and serving
 * reads (§5.3, §5.4.2, and §6.4 of the thesis).
 *
 * @module
 */

import { invariant } from "../assert.ts";
import { type Entry, type EntryKind, entrySizeBytes } from "./entry.ts";
import {
  INDEX_ZERO,
  indexAfter,
  indexMin,
  type LogIndex,
  type LogPosition,
  type NodeId,
} from "./ids.ts";
import {
  holdsLease,
  newLease,
  noticeSuspension,
  onPromise,
  sendingTimeOf,
} from "./leader_lease.ts";
import type { AppendAccepted, AppendRejected, HeartbeatResponse } from "./message.ts";
import { giveSnapshot } from "./own_snapshots.ts";
import { Progress } from "./progress.ts";
import { quorumValue } from "./quorum.ts";
import { ReadRounds } from "./read_rounds.ts";
import { becomeFollower } from "./roles.ts";
import { type LeaderState, type NodeState, noteConfiguration, peersOf } from "./state.ts";
import { expireTransfer } from "./transfer.ts";

/** How a proposal was received. */
export type ProposeResult =
  | { readonly kind: "appended"; readonly position: LogPosition }
  | { readonly kind: "refused"; readonly reason: "not_leader" | "handing_over" | "overloaded" };

/**
 * Leads in the current term. The first act is an entry of the own term: only by committing it does
 * the leader learn what its predecessors had committed (§5.4.2, §8).
 */
export function becomeLeader<Token>(state: NodeState<Token>): void {
  const tail = state.log.between(state.commitIndex, state.log.lastIndex);
  const leader: LeaderState<Token> = {
    kind: "leader",
    progress: new Map(),
    reads: new ReadRounds(),
    lease: newLease({ monotonicMs: state.nowMs, wallMs: state.wallMs }),
    // The entry below tells everyone; a heartbeat beside it would only have the first probe repeated.
    heartbeatDueMs: state.nowMs + state.timing.heartbeatMs,
    uncommittedBytes: tail.reduce((sum, entry) => sum + entrySizeBytes(entry), 0),
    transfer: null,
    transferNotBeforeMs: -Infinity,
    snapshotNotBeforeMs: -Infinity,
  };
  state.role = leader;
  state.leaderId = state.id;
  state.campaigns = 0;
  followMembers(state, leader);
  appendOwn(state, { leader, kind: "noop", payload: new Uint8Array(0) });
}

/** Appends a command to the leader's log; replication follows when the node is drained. */
export function propose<Token>(state: NodeState<Token>, payload: Uint8Array): ProposeResult {
  const { role } = state;
  if (role.kind !== "leader") return { kind: "refused", reason: "not_leader" };
  if (role.transfer !== null) return { kind: "refused", reason: "handing_over" };
  if (role.uncommittedBytes >= state.windows.uncommittedBytesMax) {
    return { kind: "refused", reason: "overloaded" };
  }
  const entry = appendOwn(state, { leader: role, kind: "command", payload });
  return { kind: "appended", position: { index: entry.index, term: entry.term } };
}

/** Keeps a {@linkcode Progress} for every member but the leader itself. */
export function followMembers(state: NodeState<unknown>, leader: LeaderState<unknown>): void {
  const peers = peersOf(state);
  for (const peer of peers) {
    if (leader.progress.has(peer)) continue;
    leader.progress.set(
      peer,
      new Progress(peer, {
        nextIndex: indexAfter(state.log.lastIndex),
        nowMs: state.nowMs,
        windows: state.windows,
      }),
    );
  }
}

/** Appends an entry of the leader's own term. */
export function appendOwn<Token>(
  state: NodeState<Token>,
  content: {
    readonly leader: LeaderState<Token>;
    readonly kind: EntryKind;
    readonly payload: Uint8Array;
  },
): Entry {
  const { leader, kind, payload } = content;
  const entry: Entry = {
    index: indexAfter(state.log.lastIndex),
    term: state.term,
    kind,
    timeMs: state.wallMs,
    payload,
  };
  state.log.append(entry);
  noteConfiguration(state.configurations, entry);
  leader.uncommittedBytes += entrySizeBytes(entry);
  return entry;
}

/** A follower holds our log up to an index (§5.3). */
export function onAppendAccepted<Token>(
  state: NodeState<Token>,
  from: NodeId,
  response: AppendAccepted,
): void {
  const progress = progressOf(state, from);
  if (progress === null) return;
  invariant(
    response.matchIndex <= state.log.lastIndex,
    "a follower never acknowledges more than its leader has",
    () => ({ from, response, last: state.log.lastIndex }),
  );
  progress.lastContactMs = state.nowMs;
  const moved = progress.maybeAdvance(response.matchIndex, state.nowMs);
  if (progress.feed.kind === "probe") progress.becomeReplicate();
  if (moved) maybeCommit(state);
}

/** A follower's log does not hold the entry before: go back by the hint (§5.3, end). */
export function onAppendRejected<Token>(
  state: NodeState<Token>,
  from: NodeId,
  response: AppendRejected,
): void {
  const progress = progressOf(state, from);
  if (progress === null) return;
  progress.lastContactMs = state.nowMs;
  // A refusal of something older than what is being tried now says nothing new: heeding it would
  // rewind the follower to the start for every duplicated packet.
  const isStale = progress.feed.kind === "probe"
    ? response.rejectedIndex !== progress.nextIndex - 1
    : progress.feed.kind === "snapshot" || response.rejectedIndex <= progress.matchIndex;
  if (isStale) return;
  if (response.isDamaged) progress.forgetBeyond(response.hint.index);
  if (response.isDamaged && response.rejectedIndex === 0) {
    // It lost the state before its log: entries do not help, were they all still here.
    giveSnapshot(state, progress, indexAfter(INDEX_ZERO));
    return;
  }
  const common = state.log.lastAtOrBelow(response.hint.index, response.hint.term);
  progress.becomeProbe(indexMin(indexAfter(common.index), response.rejectedIndex));
}

/** A peer answered a heartbeat: it is there, and it still takes us for the leader. */
export function onHeartbeatResponse<Token>(
  state: NodeState<Token>,
  from: NodeId,
  response: HeartbeatResponse,
): void {
  const { role } = state;
  const progress = progressOf(state, from);
  if (role.kind !== "leader" || progress === null) return;
  progress.lastContactMs = state.nowMs;
  onPromise(state, { lease: role.lease, progress, response });
  progress.ackedRound = Math.max(progress.ackedRound, response.round);
  // Whatever was sent may have been lost; the peer is evidently there, so ask again. Or it is still on
  // its way over a slow link: then the same entries once more with every heartbeat would only clog it.
  if (progress.feed.kind === "probe") {
    const sinceMs = state.nowMs - progress.feed.sentAtMs;
    // While reads are served, answers come far more often than heartbeats are due.
    if (progress.feed.awaiting && sinceMs >= state.timing.heartbeatMs / 2) progress.repeatProbe();
  } else if (progress.isStuck(state.nowMs - state.timing.electionTimeoutMsMin)) {
    progress.becomeProbe(indexAfter(progress.matchIndex));
    progress.repeatProbe();
  }
}

/** The last entry known to be on a quorum of disks, the leader's own among them. */
export function maybeCommit<Token>(state: NodeState<Token>): void {
  const { role } = state;
  if (role.kind !== "leader") return;
  const reached = quorumValue(
    state.configuration,
    (id) => id === state.id ? state.durability.index : role.progress.get(id)?.matchIndex ?? 0,
  ) as LogIndex;
  if (reached <= state.commitIndex) return;
  // An entry of an earlier term is never committed by counting: a later leader could still lack it
  // (§5.4.2, figure 8). It becomes committed with the first entry of our own term.
  if (state.log.termAt(reached) !== state.term) return;
  const committed = state.log.between(state.commitIndex, reached);
  role.uncommittedBytes -= committed.reduce((sum, entry) => sum + entrySizeBytes(entry), 0);
  state.commitIndex = reached;
}

/** Whether the leader has committed in its own term and so knows what is committed (§8). */
export function knowsCommitIndex(state: NodeState<unknown>): boolean {
  return state.log.termAt(state.commitIndex) === state.term;
}

/**
 * Asks for an index that is safe to read at: granted at once if a lease is proof enough and held,
 * else once a quorum has confirmed the leadership.
 */
export function read<Token>(
  state: NodeState<Token>,
  token: Token,
  proof: { readonly lease: boolean },
): void {
  const { role } = state;
  if (role.kind !== "leader") state.outbox.abandoned.push(token);
  else if (proof.lease && knowsCommitIndex(state) && holdsLease(state, role)) {
    state.outbox.grants.push({ token, index: state.commitIndex, proof: "lease" });
  } else role.reads.add(token);
}

/** Begins and ends read rounds as far as possible. */
export function advanceReads<Token>(state: NodeState<Token>): void {
  const { role } = state;
  if (role.kind !== "leader") return;
  for (;;) {
    if (!role.reads.isOpen) {
      if (!role.reads.hasWaiting || !knowsCommitIndex(state)) return;
      role.reads.begin(state.commitIndex);
      broadcastHeartbeat(state, role);
    }
    const quorumRound = quorumValue(
      state.configuration,
      (id) => id === state.id ? Infinity : role.progress.get(id)?.ackedRound ?? 0,
    );
    const grants = role.reads.maybeConfirm(quorumRound);
    if (grants.length === 0) return;
    state.outbox.grants.push(...grants);
  }
}

/** Speaks to every peer: keeps it quiet, tells what is committed, carries the open read round. */
function broadcastHeartbeat<Token>(state: NodeState<Token>, leader: LeaderState<Token>): void {
  leader.heartbeatDueMs = state.nowMs + state.timing.heartbeatMs;
  for (const progress of leader.progress.values()) sendHeartbeat(state, leader, progress);
}

/** One heartbeat; its commit index is never beyond what the peer is known to hold. */
export function sendHeartbeat<Token>(
  state: NodeState<Token>,
  leader: LeaderState<Token>,
  progress: Progress,
): void {
  const commitIndex = indexMin(progress.matchIndex, state.commitIndex);
  progress.toldCommit = commitIndex;
  state.outbox.send(progress.id, {
    type: "heartbeat_request",
    term: state.term,
    commitIndex,
    round: leader.reads.round,
    sentAtMs: sendingTimeOf(state, leader.lease),
  });
}

/** The leader's clock: heartbeats, check-quorum, a hand-over that takes too long. */
export function onLeaderTick<Token>(state: NodeState<Token>, leader: LeaderState<Token>): void {
  if (!isInTouch(state, leader) || isDiskStalled(state)) {
    becomeFollower(state, state.term, null);
    return;
  }
  noticeSuspension(state, leader);
  expireTransfer(state, leader);
  if (state.nowMs >= leader.heartbeatDueMs) broadcastHeartbeat(state, leader);
}

/**
 * Check-quorum (thesis §6.2): a leader that no quorum has answered for a whole election timeout
 * cannot know whether it is still one, and its clients are better served elsewhere.
 */
function isInTouch(state: NodeState<unknown>, leader: LeaderState<unknown>): boolean {
  const contact = quorumValue(
    state.configuration,
    (id) => id === state.id ? Infinity : leader.progress.get(id)?.lastContactMs ?? -Infinity,
  );
  return state.nowMs - contact < state.timing.electionTimeoutMsMax;
}

/** A leader whose disk hangs would otherwise keep its peers quiet for ever and commit nothing. */
function isDiskStalled(state: NodeState<unknown>): boolean {
  return state.durability.writingForMs(state.nowMs) >= state.timing.electionTimeoutMsMin;
}

/** A link to a peer came or went: whatever was on its way is lost, so find the position again. */
export function onLinkChange(leader: LeaderState<unknown>, peer: NodeId): void {
  const progress = leader.progress.get(peer);
  if (progress === undefined) return;
  if (progress.feed.kind === "snapshot") progress.feed.awaitingSinceMs = null;
  else progress.becomeProbe(indexAfter(progress.matchIndex));
}

function progressOf<Token>(state: NodeState<Token>, from: NodeId): Progress | null {
  return state.role.kind === "leader" ? state.role.progress.get(from) ?? null : null;
}
