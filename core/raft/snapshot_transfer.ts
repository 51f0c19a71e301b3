/**
 * InstallSnapshot (§7) at both ends: chunk by chunk, with the receiver naming the byte it wants next,
 * so that a broken link resumes where it stopped.
 *
 * @module
 */

import { invariant } from "../assert.ts";
import { indexAfter, type LogIndex, type LogPosition, type NodeId } from "./ids.ts";
import type { SnapshotRequest, SnapshotResponse } from "./message.ts";
import { giveSnapshot } from "./own_snapshots.ts";
import type { Feed, Progress } from "./progress.ts";
import { becomeFollower, onLeaderContact } from "./roles.ts";
import type { SnapshotChunk, SnapshotMeta } from "./snapshot.ts";
import { type NodeState, noteConfiguration } from "./state.ts";

/** Storage has read a chunk for `to`; null if that snapshot is no longer kept. */
export function onChunkRead(
  state: NodeState<unknown>,
  to: NodeId,
  read: { readonly index: LogIndex; readonly chunk: SnapshotChunk | null },
): void {
  const found = snapshotFeedOf(state, to);
  if (found === null || found.feed.meta.last.index !== read.index) return;
  if (read.chunk === null) {
    // A newer snapshot has taken its place: begin again, with whatever is newest now.
    found.progress.becomeProbe(indexAfter(found.progress.matchIndex));
    return;
  }
  if (read.chunk.offsetBytes !== found.feed.offsetBytes) return;
  state.outbox.send(to, { type: "snapshot_request", term: state.term, chunk: read.chunk });
}

/** A chunk from the leader of this term. */
export function onSnapshotRequest<Token>(
  state: NodeState<Token>,
  from: NodeId,
  request: SnapshotRequest,
): void {
  onLeaderContact(state, from);
  const { meta } = request.chunk;
  if (meta.last.index <= state.commitIndex) {
    respond(state, from, { last: meta.last, nextOffsetBytes: meta.sizeBytes, installed: true });
    return;
  }
  if (state.installing !== null) return;
  // Only a node that lost its state to damage can be offered less than its log begins with. To take
  // it would give up entries it has promised to hold; a leader may have no reason of its own to make
  // a later one, while nothing is written, and must be told.
  if (meta.last.index < state.log.base.index) {
    respond(state, from, { last: state.log.base, nextOffsetBytes: 0, installed: false });
    return;
  }
  state.outbox.tasks.push({ kind: "stage_chunk", from, chunk: request.chunk });
}

/** Storage has taken a chunk and wants `nextOffsetBytes` next. */
export function onChunkStaged(
  state: NodeState<unknown>,
  from: NodeId,
  staged: { readonly meta: SnapshotMeta; readonly nextOffsetBytes: number },
): void {
  const { meta, nextOffsetBytes } = staged;
  // Whoever campaigns or leads by now builds on the log it has: it must not be replaced under it.
  if (state.role.kind !== "follower" || state.installing !== null) return;
  if (meta.last.index <= state.commitIndex) return;
  if (nextOffsetBytes < meta.sizeBytes) {
    respond(state, from, { last: meta.last, nextOffsetBytes, installed: false });
    return;
  }
  // From a member that does not lead it may be of a later term. What it covers is committed, and a
  // leader of an earlier term may have other entries there: it must not count this node any more.
  if (meta.last.term > state.term) becomeFollower(state, meta.last.term, null);
  state.installing = { from, meta, begun: false };
}

/** Hands the complete snapshot to storage once no batch is being written and none waits. */
export function maybeInstall(state: NodeState<unknown>): void {
  const { installing } = state;
  if (installing === null || installing.begun || state.durability.isWriting) return;
  installing.begun = true;
  state.outbox.tasks.push({ kind: "install", from: installing.from, meta: installing.meta });
}

/** Storage and state machine now stand at the snapshot; or its bytes were not what was promised. */
export function onInstalled(
  state: NodeState<unknown>,
  result: { readonly meta: SnapshotMeta; readonly ok: boolean },
): void {
  const { meta, ok } = result;
  invariant(
    meta.last.term <= state.term,
    "no state is of a later term than its node",
    () => ({ last: meta.last, term: state.term }),
  );
  const from = state.installing?.from;
  state.installing = null;
  if (from === undefined) return;
  if (!ok) {
    respond(state, from, { last: meta.last, nextOffsetBytes: 0, installed: false });
    return;
  }
  // Entries after the snapshot are kept only if this log contains its last one (§7, step 6).
  if (state.log.matches(meta.last)) state.log.compact(meta.last.index);
  else state.log.reset(meta.last);
  state.durability.onInstalled(state.log);
  state.isStateLost = false;
  state.snapshot = meta;
  state.configurations.reset({ index: meta.last.index, configuration: meta.configuration });
  for (const entry of state.log.wholeAfter(meta.last.index)) {
    noteConfiguration(state.configurations, entry);
  }
  state.commitIndex = meta.last.index;
  state.handedIndex = meta.last.index;
  respond(state, from, { last: meta.last, nextOffsetBytes: meta.sizeBytes, installed: true });
}

/** A follower wants the next chunk, or has installed the snapshot. */
export function onSnapshotResponse(
  state: NodeState<unknown>,
  from: NodeId,
  response: SnapshotResponse,
): void {
  const found = snapshotFeedOf(state, from);
  if (found === null) return;
  const { progress, feed } = found;
  progress.lastContactMs = state.nowMs;
  if (!response.installed && response.index > feed.meta.last.index) {
    giveSnapshot(state, progress, response.index);
    return;
  }
  if (feed.meta.last.index !== response.index) return;
  if (response.installed) {
    progress.maybeAdvance(response.index, state.nowMs);
    progress.becomeProbe(indexAfter(response.index));
    return;
  }
  const { nextOffsetBytes } = response;
  if (nextOffsetBytes > feed.offsetBytes) {
    feed.awaitingSinceMs = null;
    feed.attempts = 0;
  }
  // Else the answer is a repeated one, or the receiver has lost what it had: that must not make this
  // node send at once. Each repeated answer would beget a chunk, and each repeated chunk an answer,
  // more and more of them. The chunk that is due goes out when the patience with the last one is over.
  feed.offsetBytes = nextOffsetBytes;
}

function snapshotFeedOf(
  state: NodeState<unknown>,
  peer: NodeId,
): { progress: Progress; feed: Extract<Feed, { kind: "snapshot" }> } | null {
  if (state.role.kind !== "leader") return null;
  const progress = state.role.progress.get(peer);
  if (progress === undefined || progress.feed.kind !== "snapshot") return null;
  return { progress, feed: progress.feed };
}

function respond(
  state: NodeState<unknown>,
  to: NodeId,
  answer: {
    readonly last: LogPosition;
    readonly nextOffsetBytes: number;
    readonly installed: boolean;
  },
): void {
  state.outbox.send(to, {
    type: "snapshot_response",
    term: state.term,
    index: answer.last.index,
    nextOffsetBytes: answer.nextOffsetBytes,
    installed: answer.installed,
  });
}
