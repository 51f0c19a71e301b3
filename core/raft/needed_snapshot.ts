/**
 * Followers that lost the state before their log, and that the leader's newest snapshot does not help:
 * it ends before that log begins. The leader has one made for them at once. It need not have a reason of
 * its own to make the next, while nothing is written.
 *
 * @module
 */

import { INDEX_ZERO, type LogIndex } from "./ids.ts";
import type { Progress } from "./progress.ts";
import type { NodeState } from "./state.ts";

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

/**
 * None could be made. Followers say again that they need one when they are next sent something that does
 * not help them; until then it is not tried again.
 */
export function onNoSnapshot(state: NodeState<unknown>): void {
  for (const progress of waitingOf(state)) progress.neededSnapshotIndex = INDEX_ZERO;
}

function* waitingOf({ role }: NodeState<unknown>): Generator<Progress> {
  if (role.kind !== "leader") return;
  for (const progress of role.progress.values()) {
    if (progress.neededSnapshotIndex > 0) yield progress;
  }
}
