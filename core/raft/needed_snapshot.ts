/**
 * Followers that lost the state before their log, and that the leader's newest snapshot does not help:
 * it ends before that log begins. The leader has one made for them at once. It need not have a reason of
 * its own to make the next, while nothing is written.
 *
 * @module
 */

import type { LogIndex } from "./ids.ts";
import type { Progress } from "./progress.ts";
import type { NodeState } from "./state.ts";

/**
 * After how many election timeouts one is tried again for which there was no room. Each try may take for a
 * while what room is left, which the log needs more.
 */
const RETRY_ELECTION_TIMEOUTS = 16;

/** Sends a follower the newest snapshot if that reaches `index`, else the next one that does. */
export function giveSnapshot(
  { snapshot }: NodeState<unknown>,
  progress: Progress,
  index: LogIndex,
): void {
  if (snapshot !== null && snapshot.last.index >= index) progress.becomeSnapshot(snapshot);
  else progress.neededSnapshotIndex = index;
}

/** Whether a snapshot of the state at `appliedIndex` is what some follower waits for. */
export function isSnapshotNeeded(state: NodeState<unknown>, appliedIndex: LogIndex): boolean {
  if (state.role.kind !== "leader" || state.nowMs < state.role.snapshotNotBeforeMs) return false;
  for (const { neededSnapshotIndex } of waitingOf(state)) {
    if (neededSnapshotIndex <= appliedIndex) return true;
  }
  return false;
}

/** There is a newer snapshot: whoever waits for it gets it. */
export function onNewerSnapshot(state: NodeState<unknown>): void {
  for (const progress of waitingOf(state)) {
    giveSnapshot(state, progress, progress.neededSnapshotIndex);
  }
}

/** There was no room for one. */
export function onNoSnapshot({ role, nowMs, timing }: NodeState<unknown>): void {
  if (role.kind !== "leader") return;
  role.snapshotNotBeforeMs = nowMs + RETRY_ELECTION_TIMEOUTS * timing.electionTimeoutMsMin;
}

function* waitingOf({ role }: NodeState<unknown>): Generator<Progress> {
  if (role.kind !== "leader") return;
  for (const progress of role.progress.values()) {
    if (progress.neededSnapshotIndex > 0) yield progress;
  }
}
