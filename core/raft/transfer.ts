/**
 * Handing the leadership over (thesis §3.10): writes wait until the target holds the whole log, it is
 * asked to campaign at once, and if nothing comes of it within an election timeout, writes go on here.
 *
 * @module
 */

import { isVoter } from "./configuration.ts";
import type { NodeId } from "./ids.ts";
import { hasAnsweredLately, type LeaderState, type NodeState } from "./state.ts";

/**
 * Begins to hand the leadership to `target`, or to the voter that is furthest along. While one
 * hand-over is under way no other begins, nor is its time prolonged: whoever asks again and again
 * would else keep writes waiting for ever.
 *
 * @returns Whether a hand-over to such a target is now under way.
 */
export function beginTransfer<Token>(state: NodeState<Token>, target: NodeId | null): boolean {
  const { role } = state;
  if (role.kind !== "leader") return false;
  if (role.transfer !== null) return target === null || target === role.transfer.target;
  if (state.nowMs < role.transferNotBeforeMs) return false;
  const [chosen] = [...role.progress.values()]
    .filter((progress) => isVoter(state.configuration, progress.id))
    .filter((progress) => target === null || progress.id === target)
    .filter((progress) => hasAnsweredLately(state, progress))
    .sort((a, b) => b.matchIndex - a.matchIndex);
  if (chosen === undefined) return false;
  role.transfer = {
    target: chosen.id,
    deadlineMs: state.nowMs + state.timing.electionTimeoutMsMin,
    asked: false,
  };
  return true;
}

/** Asks the target to campaign as soon as it holds the whole log. */
export function advanceTransfer<Token>(state: NodeState<Token>): void {
  const { role } = state;
  if (role.kind !== "leader" || role.transfer === null || role.transfer.asked) return;
  const target = role.progress.get(role.transfer.target);
  if (target?.matchIndex !== state.log.lastIndex) return;
  role.transfer.asked = true;
  role.lease.isForfeited = true;
  state.outbox.send(target.id, { type: "timeout_now", term: state.term });
}

/** Gives up a hand-over whose time is over; the next may begin once writes have had their turn. */
export function expireTransfer(state: NodeState<unknown>, leader: LeaderState<unknown>): void {
  if (leader.transfer === null || state.nowMs < leader.transfer.deadlineMs) return;
  leader.transfer = null;
  leader.transferNotBeforeMs = state.nowMs + state.timing.heartbeatMs;
}
