/**
 * Following: AppendEntries and heartbeats at the receiving end (§5.3).
 *
 * @module
 */

import { invariant } from "../assert.ts";
import type { Entry } from "./entry.ts";
import {
  indexAfter,
  indexMin,
  type LogIndex,
  type LogPosition,
  type NodeId,
  POSITION_ZERO,
} from "./ids.ts";
import { promiseVote } from "./leader_lease.ts";
import type { AppendRequest, HeartbeatRequest } from "./message.ts";
import { onLeaderContact } from "./roles.ts";
import { restoreEntries } from "./repair.ts";
import { type NodeState, noteConfiguration, wholeIndexOf } from "./state.ts";

/** AppendEntries of the node's own term. Refused or not, it proves that the leader is there. */
export function onAppendRequest<Token>(
  state: NodeState<Token>,
  from: NodeId,
  request: AppendRequest,
): void {
  onLeaderContact(state, from);
  // The log is about to be replaced; the leader asks again.
  if (state.installing !== null) return;
  const slice = withoutCommitted(state, request);
  const wholeIndex = wholeIndexOf(state);
  if (slice.previous.index > wholeIndex || !state.log.matches(slice.previous)) {
    state.outbox.send(from, {
      type: "append_rejected",
      term: state.term,
      rejectedIndex: request.previous.index,
      hint: hintFor(state, request.previous),
      isDamaged: wholeIndex < state.log.lastIndex,
    });
    return;
  }
  takeEntries(state, slice.entries);
  const verified = indexAfter(slice.previous.index, slice.entries.length);
  // Beyond `verified` this log may still hold another leader's entries, whatever is committed there.
  advanceCommit(state, indexMin(request.leaderCommit, verified));
  state.outbox.send(from, { type: "append_accepted", term: state.term, matchIndex: verified });
}

/** Where the leader should go on: where the logs may still agree, and before anything lost here. */
function hintFor(state: NodeState<unknown>, previous: LogPosition): LogPosition {
  if (state.isStateLost) return POSITION_ZERO;
  return state.log.lastAtOrBelow(indexMin(previous.index, state.log.wholeIndex), previous.term);
}

/**
 * The part of a request that lies beyond the commit index. What is committed is the same everywhere
 * (§5.4.3), also where this log has been compacted away and can no longer be compared: taking that
 * for a conflict would cut committed entries.
 */
function withoutCommitted(
  state: NodeState<unknown>,
  request: AppendRequest,
): Pick<AppendRequest, "previous" | "entries"> {
  const skip = state.commitIndex - request.previous.index;
  if (skip <= 0) return request;
  const term = state.log.termAt(state.commitIndex);
  invariant(term !== null, "the term at the commit index is known");
  return {
    previous: { index: state.commitIndex, term },
    entries: request.entries.slice(skip),
  };
}

/**
 * Appends what is not held yet. Entries that already agree are kept even if the request ends before
 * them: it may be an old, shorter one that was delayed, and cutting would drop entries that have
 * been acknowledged (§5.3).
 */
function takeEntries(state: NodeState<unknown>, entries: readonly Entry[]): void {
  if (wholeIndexOf(state) < state.log.lastIndex) restoreEntries(state, entries);
  const first = entries.findIndex((entry) => state.log.termAt(entry.index) !== entry.term);
  if (first < 0) return;
  const from = (entries[first] as Entry).index;
  if (from <= state.log.lastIndex) {
    invariant(from > state.commitIndex, "a committed entry is never replaced", () => ({
      from,
      commit: state.commitIndex,
    }));
    state.log.truncateFrom(from);
    state.durability.onTruncated(from);
    state.configurations.truncateFrom(from);
  }
  for (const entry of entries.slice(first)) {
    state.log.append(entry);
    noteConfiguration(state.configurations, entry);
  }
}

/** A heartbeat of the node's own term. Its commit index never exceeds what we acknowledged. */
export function onHeartbeatRequest<Token>(
  state: NodeState<Token>,
  from: NodeId,
  request: HeartbeatRequest,
): void {
  onLeaderContact(state, from);
  if (state.installing === null) advanceCommit(state, request.commitIndex);
  state.outbox.send(from, {
    type: "heartbeat_response",
    term: state.term,
    round: request.round,
    sentAtMs: request.sentAtMs,
    withheldMs: promiseVote(state),
  });
}

function advanceCommit(state: NodeState<unknown>, index: LogIndex): void {
  // A leader may remember an acknowledgement of what has been damaged since.
  const wholeIndex = wholeIndexOf(state);
  const to = wholeIndex < state.log.lastIndex ? indexMin(index, wholeIndex) : index;
  if (to <= state.commitIndex) return;
  invariant(to <= state.log.lastIndex, "the commit index stays inside the log", () => ({
    to,
    last: state.log.lastIndex,
  }));
  state.commitIndex = to;
}
