/**
 * What followers want of the snapshots that a leader makes of its own state: the next one put off, while
 * they are being sent the one before; or one at once, if they lost the state before their log and the
 * newest ends before that log begins. The leader need not have a reason of its own to make another,
 * while nothing is written.
 *
 * @module
 */

import { INDEX_ZERO, indexMin, type LogIndex } from "./ids.ts";
import type { Progress } from "./progress.ts";
import type { SnapshotMeta } from "./snapshot.ts";
import { hasAnsweredLately, type NodeState } from "./state.ts";

/**
 * After how many election timeouts one is tried again for which there was no room. Each try may take for a
 * while what room is left, which the log needs more.
 */
const RETRY_ELECTION_TIMEOUTS = 16;

/** What followers want of the next snapshot. */
export interface SnapshotDemand {
  /** Whether one that is there is being sent another snapshot than the newest. */
  readonly isOlderOnItsWay: boolean;
  /** Whether one waits for a snapshot of the state that was asked about, or of an earlier one. */
  readonly isNeeded: boolean;
}

/** What they want of one of the state at `appliedIndex`. */
export function snapshotDemandAt(
  state: NodeState<unknown>,
  appliedIndex: LogIndex,
): SnapshotDemand {
  return { isOlderOnItsWay: isOlderOnItsWay(state), isNeeded: isNeeded(state, appliedIndex) };
}

function isOlderOnItsWay(state: NodeState<unknown>): boolean {
  const { role, snapshot } = state;
  if (role.kind !== "leader") return false;
  for (const progress of role.progress.values()) {
    const { feed } = progress;
    if (feed.kind !== "snapshot" || feed.meta.last.index === snapshot?.last.index) continue;
    if (hasAnsweredLately(state, progress)) return true;
  }
  return false;
}

function isNeeded({ role, nowMs }: NodeState<unknown>, appliedIndex: LogIndex): boolean {
  if (role.kind !== "leader" || nowMs < role.snapshotNotBeforeMs) return false;
  for (const progress of role.progress.values()) {
    if (isWaiting(progress) && progress.neededSnapshotIndex <= appliedIndex) return true;
  }
  return false;
}

/** Sends a follower the newest snapshot if that reaches `index`, else the next one that does. */
export function giveSnapshot(
  { snapshot }: NodeState<unknown>,
  progress: Progress,
  index: LogIndex,
): void {
  if (snapshot !== null && snapshot.last.index >= index) progress.becomeSnapshot(snapshot);
  else progress.neededSnapshotIndex = index;
}

/** One is durable: who waits for it gets it. */
export function onSnapshotSaved(state: NodeState<unknown>, meta: SnapshotMeta): void {
  if (meta.last.index <= snapshotIndexOf(state)) return;
  state.snapshot = meta;
  if (state.role.kind !== "leader") return;
  for (const progress of state.role.progress.values()) {
    if (isWaiting(progress)) giveSnapshot(state, progress, progress.neededSnapshotIndex);
  }
}

/** Lets go of the log that the newest snapshot covers, as far as `RaftNode.compact` says. */
export function compactLog(
  state: NodeState<unknown>,
  { through, trailingBytesMax }: {
    readonly through: LogIndex;
    readonly trailingBytesMax: number;
  },
): void {
  const { log, role } = state;
  const snapshotIndex = snapshotIndexOf(state);
  log.compact(indexMin(through, snapshotIndex));
  let keptFrom = log.startOfLast(trailingBytesMax, indexMin(snapshotIndex, log.lastIndex));
  const followers = role.kind === "leader" ? role.progress.values() : [];
  for (const { coveredIndex } of followers) keptFrom = indexMin(keptFrom, coveredIndex);
  log.compact(keptFrom);
}

/** The last entry that the newest snapshot covers; 0 without one. */
export function snapshotIndexOf({ snapshot }: NodeState<unknown>): LogIndex {
  return snapshot?.last.index ?? INDEX_ZERO;
}

/** There was no room for one. */
export function onSnapshotFailed({ role, nowMs, timing }: NodeState<unknown>): void {
  if (role.kind !== "leader") return;
  role.snapshotNotBeforeMs = nowMs + RETRY_ELECTION_TIMEOUTS * timing.electionTimeoutMsMin;
}

function isWaiting({ neededSnapshotIndex }: Progress): boolean {
  return neededSnapshotIndex > 0;
}
