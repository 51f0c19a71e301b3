/**
 * The safety rules of Raft as the explorer checks them: of what a node sends, of the step it takes,
 * of two nodes side by side. What needs the past stands in `history.ts`.
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { Entry, RaftMessage, ReadGrant } from "@raftkv/core/raft";
import type { Sent } from "./actor.ts";
import { isSameEntry, type View } from "./view.ts";

/** Nothing leaves a node that promises what its disk does not hold. */
export function checkSent(from: View, sent: Sent): void {
  const { disk: { hardState, entries }, message, to } = sent;
  const detail = () => ({ from: from.id, to, message, hardState, durable: entries.length });
  invariant(
    isQuestion(message) || message.term <= hardState.term,
    "I3 durable term: no message shows a term that its sender's disk does not hold",
    detail,
  );
  const vote = voteIn(from, sent);
  invariant(
    vote === null || hardState.term > message.term || hardState.votedFor === vote,
    "I2 one durable vote: a vote is durable before it is given",
    detail,
  );
  invariant(
    message.type !== "append_accepted" || message.matchIndex <= entries.length,
    "I19 durable before promised: entries are durable before they are acknowledged",
    detail,
  );
}

/** Whom the message gives its sender's vote; null if it gives none. */
export function voteIn(from: View, { message, to }: Sent): Sent["to"] | null {
  if (message.type === "vote_request") return from.id;
  return message.type === "vote_response" && message.granted ? to : null;
}

/** The term of a pre-vote is a question, nobody has entered it. */
function isQuestion(message: RaftMessage): boolean {
  return message.type === "pre_vote_request" ||
    (message.type === "pre_vote_response" && message.granted);
}

/** One step of one run of a node. */
export function checkStep(before: View, after: View): void {
  const detail = () => ({ before, after });
  invariant(after.term >= before.term, "I3 terms never go back", detail);
  invariant(
    after.commitIndex >= before.commitIndex && after.commitIndex <= after.log.length,
    "I11 commit monotony: the commit index never goes back and stays inside the log",
    detail,
  );
  const [old, next] = [before.hardState, after.hardState];
  invariant(
    next.term > old.term ||
      (next.term === old.term && (old.votedFor === null || old.votedFor === next.votedFor)),
    "I2 one durable vote: a durable term never goes back, and its vote never changes",
    detail,
  );
  if (before.role !== "leader" || after.role !== "leader" || before.term !== after.term) return;
  invariant(
    before.log.every((entry, at) => isSameAt(after.log, at, entry)),
    "I4 leader append-only: a leader never cuts its own log",
    detail,
  );
}

/** A read is safe at an index only if that covers all that was committed when it began. */
export function checkGrant({ token, index }: Pick<ReadGrant<number>, "token" | "index">): void {
  invariant(
    index >= token,
    "I24 no stale read: a read sees everything committed before it began",
    () => ({ committedBefore: token, index }),
  );
}

/** Two nodes at one moment. */
export function checkPair(a: View, b: View): void {
  checkLogsMatch(a, b);
  checkMatch(a, b);
  checkMatch(b, a);
}

function checkLogsMatch(a: View, b: View): void {
  let agree = true;
  for (const [at, entry] of a.log.entries()) {
    const other = b.log[at];
    if (other === undefined) return;
    const isSame = isSameEntry(entry, other);
    invariant(
      entry.term !== other.term || (isSame && agree),
      "I5 log matching: entries with equal index and term, and all before them, are equal",
      () => ({ nodes: [a.id, b.id], index: entry.index }),
    );
    agree &&= isSame;
  }
}

/** What a leader counts of a follower is on the follower's disk, until a later leader replaces it. */
function checkMatch(leader: View, follower: View): void {
  const match = leader.matches.get(follower.id) ?? 0;
  if (match === 0 || follower.hardState.term > leader.term) return;
  for (let at = 0; at < match; at++) {
    const entry = leader.log[at];
    invariant(
      entry !== undefined && isSameAt(follower.durable, at, entry),
      "I15 match is durable: what a leader counts of a follower is on that follower's disk",
      () => ({ leader: leader.id, follower: follower.id, match }),
    );
  }
}

function isSameAt(log: readonly Entry[], at: number, entry: Entry): boolean {
  const other = log[at];
  return other !== undefined && isSameEntry(entry, other);
}
