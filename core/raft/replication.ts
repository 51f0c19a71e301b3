/**
 * What a leader sends to each follower when it is drained: entries, a probe, the news of a commit,
 * or the next chunk of a snapshot. Everything appended since the last drain goes out together.
 *
 * @module
 */

import { type Entry, entrySizeBytes } from "./entry.ts";
import { indexAfter, indexBefore, type LogIndex, type LogPosition, type Term } from "./ids.ts";
import { sendHeartbeat } from "./leader.ts";
import type { AppendRequest } from "./message.ts";
import type { Feed, Progress } from "./progress.ts";
import { isBatching, type LeaderState, type NodeState } from "./state.ts";

/** Most bytes of entries in a probe that is repeated. */
const REPEATED_BYTES_MAX = 16 * 1024;

/** How often the patience with an unanswered snapshot chunk doubles at the most. */
const CHUNK_DOUBLINGS_MAX = 2;

/** Sends every follower what it may have now. */
export function replicate<Token>(state: NodeState<Token>, leader: LeaderState<Token>): void {
  const drafts: Drafts = new Map();
  for (const progress of leader.progress.values()) {
    while (progress.maySend() && maybeAppend(state, progress, drafts));
    if (progress.feed.kind === "snapshot") feedSnapshot(state, progress, progress.feed);
    // A follower that nothing was sent to would learn of a commit only with the next heartbeat, and
    // everyone who waits on it for that index would wait too.
    const news = Math.min(state.commitIndex, progress.matchIndex);
    if (news > progress.toldCommit && !isBatching(state)) sendHeartbeat(state, leader, progress);
  }
}

/** An append as it is to be sent, and what of it counts against a window. */
interface Draft {
  readonly message: AppendRequest;
  readonly bytes: number;
}

/**
 * What was sent in this drain, by the index that it follows: a second follower in the same place gets
 * the very same object, which is put into bytes once.
 */
type Drafts = Map<LogIndex, Draft>;

/** Sends one append; returns whether another may follow. */
function maybeAppend(state: NodeState<unknown>, progress: Progress, drafts: Drafts): boolean {
  const probing = progress.feed.kind === "probe";
  if (!probing && progress.nextIndex > state.log.lastIndex) return false;
  const previousIndex = indexBefore(progress.nextIndex);
  const previousTerm = state.log.termAt(previousIndex);
  if (previousTerm === null) {
    startSnapshot(state, progress);
    return false;
  }
  const previous = { index: previousIndex, term: previousTerm as Term };
  if (probing) {
    sendAppend(state, progress, draftAfter(state, progress, previous));
    return false;
  }
  const draft = drafts.get(previousIndex) ?? draftAfter(state, progress, previous);
  drafts.set(previousIndex, draft);
  sendAppend(state, progress, draft);
  return true;
}

function draftAfter(
  state: NodeState<unknown>,
  progress: Progress,
  previous: LogPosition,
): Draft {
  const entries = entriesAfter(state, progress, previous);
  const { term, commitIndex: leaderCommit } = state;
  const message: AppendRequest = { type: "append_request", term, previous, entries, leaderCommit };
  return { message, bytes: sizeBytesOf(entries) };
}

function sendAppend(
  state: NodeState<unknown>,
  progress: Progress,
  { message, bytes }: Draft,
): void {
  const lastIndex = message.entries.at(-1)?.index ?? message.previous.index;
  progress.onSent(lastIndex, { bytes, nowMs: state.nowMs });
  if (state.commitIndex <= lastIndex) progress.toldCommit = state.commitIndex;
  state.outbox.send(progress.id, message);
}

/** What goes along with `previous`; with a probe that is repeated, only what costs next to nothing. */
function entriesAfter(
  state: NodeState<unknown>,
  { feed }: Progress,
  previous: LogPosition,
): Entry[] {
  const first = indexAfter(previous.index);
  if (feed.kind !== "probe" || !feed.isRepeated) {
    return state.log.batchFrom(first, state.windows.appendBytesMax);
  }
  const bytesMax = Math.min(REPEATED_BYTES_MAX, state.windows.appendBytesMax);
  const entries = state.log.batchFrom(first, bytesMax);
  return sizeBytesOf(entries) <= REPEATED_BYTES_MAX ? entries : [];
}

function sizeBytesOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => sum + entrySizeBytes(entry), 0);
}

function startSnapshot(state: NodeState<unknown>, progress: Progress): void {
  // Entries are compacted away only once a snapshot covers them, so there is one.
  if (state.snapshot !== null) progress.becomeSnapshot(state.snapshot);
}

/** Asks storage for the next chunk unless one is on its way, or has been for too long. */
function feedSnapshot(
  state: NodeState<unknown>,
  progress: Progress,
  feed: Extract<Feed, { kind: "snapshot" }>,
): void {
  // Twice as patient after each attempt: a link on which a chunk takes longer than that must not be
  // filled with copies of it.
  const patienceMs = state.timing.electionTimeoutMsMin *
    2 ** Math.min(feed.attempts - 1, CHUNK_DOUBLINGS_MAX);
  if (feed.awaitingSinceMs !== null && state.nowMs - feed.awaitingSinceMs < patienceMs) return;
  feed.awaitingSinceMs = state.nowMs;
  feed.attempts++;
  state.outbox.tasks.push({
    kind: "read_chunk",
    to: progress.id,
    meta: feed.meta,
    offsetBytes: feed.offsetBytes,
  });
}
