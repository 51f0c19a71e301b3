/**
 * Lease reads, an opt-in: a voter that answers a heartbeat promises to give its vote to nobody for
 * an election timeout, so that a leader with a quorum of such promises knows without asking that it
 * has no successor. What this takes for granted about clocks, and why each rule is there:
 * `docs/adr/0005-lease-reads.md`.
 *
 * @module
 */

import { quorumValue } from "./quorum.ts";
import type { Instant } from "./instant.ts";
import type { HeartbeatResponse } from "./message.ts";
import type { Progress } from "./progress.ts";
import type { LeaderState, LeaseState, NodeState } from "./state.ts";

/** The picture at the beginning of a leadership. */
export function newLease(now: Instant): LeaseState {
  const { monotonicMs, wallMs } = now;
  return {
    beganMs: monotonicMs,
    fromMs: monotonicMs,
    wallLeadMs: wallMs - monotonicMs,
    isForfeited: false,
  };
}

/**
 * A voter's side: promises to withhold the vote from now on.
 *
 * @returns For how long, in milliseconds; 0 if lease reads are off here.
 */
export function promiseVote(state: NodeState<unknown>): number {
  const { leaseDriftMs, electionTimeoutMsMin } = state.timing;
  if (leaseDriftMs === undefined) return 0;
  state.voteWithheldUntilMs = state.nowMs + electionTimeoutMsMin;
  return Math.floor(electionTimeoutMsMin);
}

/**
 * Whether the vote is promised away. Unlike the belief in a leader, the promise outlasts the term in
 * which it was given, a broken link and, by waiting after the start, the process.
 */
export function withholdsVote(state: NodeState<unknown>): boolean {
  return state.nowMs < state.voteWithheldUntilMs;
}

/** When a heartbeat leaves, in whole milliseconds of the leadership; rather too early than too late. */
export function sendingTimeOf(state: NodeState<unknown>, lease: LeaseState): number {
  return state.timing.leaseDriftMs === undefined ? 0 : Math.floor(state.nowMs - lease.beganMs);
}

/** A voter has answered a heartbeat: its promise counts from when the heartbeat was sent. */
export function onPromise(
  state: NodeState<unknown>,
  answered: {
    readonly lease: LeaseState;
    readonly progress: Progress;
    readonly response: HeartbeatResponse;
  },
): void {
  const { lease, progress, response } = answered;
  const { leaseDriftMs, electionTimeoutMsMin } = state.timing;
  const sentAtMs = lease.beganMs + response.sentAtMs;
  if (leaseDriftMs === undefined || response.withheldMs === 0 || sentAtMs < lease.fromMs) return;
  // A longer promise is worth no more: the drift allowed for is that within our own timeout.
  const withheldMs = Math.min(response.withheldMs, electionTimeoutMsMin);
  progress.withholdsUntilMs = Math.max(
    progress.withholdsUntilMs,
    sentAtMs + withheldMs - leaseDriftMs,
  );
}

/**
 * Lets go of all promises if the wall clock got ahead of the monotonic one by more than clocks may
 * run apart: the machine was probably suspended, and its monotonic clock with it.
 */
export function noticeSuspension<Token>(
  state: NodeState<Token>,
  leader: LeaderState<Token>,
): void {
  const { lease, progress } = leader;
  const wallLeadMs = state.wallMs - state.nowMs;
  if (wallLeadMs - lease.wallLeadMs <= (state.timing.leaseDriftMs ?? Infinity)) {
    lease.wallLeadMs = Math.min(lease.wallLeadMs, wallLeadMs);
    return;
  }
  lease.fromMs = state.nowMs;
  lease.wallLeadMs = wallLeadMs;
  for (const each of progress.values()) each.withholdsUntilMs = -Infinity;
}

/**
 * Whether no other node can lead now. Whoever asks must also know the commit index of its own term.
 */
export function holdsLease<Token>(state: NodeState<Token>, leader: LeaderState<Token>): boolean {
  const { lease, transfer, progress } = leader;
  if (state.timing.leaseDriftMs === undefined) return false;
  // Who is asked to campaign in a hand-over is elected past all promises, and the request may arrive
  // long after the hand-over was given up.
  if (lease.isForfeited || transfer !== null) return false;
  // Without a vote of its own a leader cannot keep the others from agreeing.
  if (!state.configuration.voters.includes(state.id)) return false;
  const untilMs = quorumValue(
    state.configuration,
    (id) => id === state.id ? Infinity : progress.get(id)?.withholdsUntilMs ?? -Infinity,
  );
  return state.nowMs < untilMs;
}
