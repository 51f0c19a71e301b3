/**
 * Short ways to write Raft's messages in a test, and one line for each that a person can read.
 * Positions are pairs `[index, term]`; entries are given by their terms alone.
 *
 * @module
 */

import type {
  AppendAccepted,
  AppendRejected,
  AppendRequest,
  Configuration,
  Entry,
  HeartbeatRequest,
  HeartbeatResponse,
  LogIndex,
  LogPosition,
  Message,
  PreVoteRequest,
  PreVoteResponse,
  RaftMessage,
  ReadRound,
  ReplicaMessage,
  SnapshotMeta,
  SnapshotRequest,
  SnapshotResponse,
  Term,
  TimeoutNow,
  VoteRequest,
  VoteResponse,
} from "@raftkv/core/raft";
import { encodeConfiguration } from "@raftkv/core/codec";
import { configurationOf, isReplicaMessage, type NodeId } from "@raftkv/core/raft";

/** A position as `[index, term]`. */
export type Pair = readonly [index: number, term: number];

/** The position that a pair means. */
export function position([index, term]: Pair): LogPosition {
  return { index: index as LogIndex, term: term as Term };
}

/** Entries with these terms, the first one right after `after`. */
export function entries(after: number, terms: readonly number[]): Entry[] {
  return terms.map((term, at) => ({
    index: (after + 1 + at) as LogIndex,
    term: term as Term,
    kind: "command",
    timeMs: 0,
    payload: new TextEncoder().encode(`${after + 1 + at}.${term}`),
  }));
}

/** The entry that puts a configuration in force. */
export function configurationEntry(at: Pair, configuration: Configuration): Entry {
  const payload = encodeConfiguration(configuration);
  return { ...position(at), kind: "configuration", timeMs: 0, payload };
}

/** The members n1 to n`size`, each with a vote. */
export function members(size: number) {
  return configurationOf(
    Array.from(
      { length: size },
      (_, at) => ({ id: `n${at + 1}` as NodeId, url: `sim://n${at + 1}` }),
    ),
  );
}

/** A snapshot of a cluster of three that ends at `last`. */
export function snapshot(last: Pair, sizeBytes = 4): SnapshotMeta {
  return { last: position(last), configuration: members(3), sizeBytes, digest: "d".repeat(64) };
}

/** AppendEntries. */
export function append(
  term: number,
  content: { previous: Pair; entries?: readonly number[]; commit?: number },
): AppendRequest {
  return {
    type: "append_request",
    term: term as Term,
    previous: position(content.previous),
    entries: entries(content.previous[0], content.entries ?? []),
    leaderCommit: (content.commit ?? 0) as LogIndex,
  };
}

/** The follower holds everything up to `matchIndex`. */
export function accepted(term: number, matchIndex: number): AppendAccepted {
  return { type: "append_accepted", term: term as Term, matchIndex: matchIndex as LogIndex };
}

/** The follower does not hold the entry before. */
export function rejected(
  term: number,
  at: { index: number; hint: Pair; isDamaged?: boolean },
): AppendRejected {
  return {
    type: "append_rejected",
    term: term as Term,
    rejectedIndex: at.index as LogIndex,
    hint: position(at.hint),
    isDamaged: at.isDamaged ?? false,
  };
}

/** A heartbeat. */
export function heartbeat(
  term: number,
  content: { commit?: number; round?: number; sentAtMs?: number } = {},
) {
  return {
    type: "heartbeat_request",
    term: term as Term,
    commitIndex: (content.commit ?? 0) as LogIndex,
    round: (content.round ?? 0) as ReadRound,
    sentAtMs: content.sentAtMs ?? 0,
  } satisfies HeartbeatRequest;
}

/** The answer to a heartbeat; with a promise, if one of when it was asked for and for how long. */
export function heartbeatAnswer(
  term: number,
  round = 0,
  promise: { sentAtMs: number; withheldMs: number } = { sentAtMs: 0, withheldMs: 0 },
): HeartbeatResponse {
  return { type: "heartbeat_response", term: term as Term, round: round as ReadRound, ...promise };
}

/** Asks for a vote. */
export function voteRequest(term: number, last: Pair, transfer = false): VoteRequest {
  return { type: "vote_request", term: term as Term, last: position(last), transfer };
}

/** Gives or refuses a vote. */
export function vote(term: number, granted: boolean): VoteResponse {
  return { type: "vote_response", term: term as Term, granted };
}

/** Asks whether a vote would be given. */
export function preVoteRequest(term: number, last: Pair): PreVoteRequest {
  return { type: "pre_vote_request", term: term as Term, last: position(last) };
}

/** Says whether a vote would be given. */
export function preVote(term: number, granted: boolean): PreVoteResponse {
  return { type: "pre_vote_response", term: term as Term, granted };
}

/** A chunk of a snapshot. */
export function chunk(
  term: number,
  content: { meta: SnapshotMeta; offset?: number; bytes?: number },
): SnapshotRequest {
  const { meta, offset = 0, bytes = meta.sizeBytes } = content;
  return {
    type: "snapshot_request",
    term: term as Term,
    chunk: { meta, offsetBytes: offset, data: new Uint8Array(bytes) },
  };
}

/** The answer to a chunk. */
export function chunkAnswer(
  term: number,
  content: { index: number; next: number; installed?: boolean },
): SnapshotResponse {
  return {
    type: "snapshot_response",
    term: term as Term,
    index: content.index as LogIndex,
    nextOffsetBytes: content.next,
    installed: content.installed ?? false,
  };
}

/** The leader asks its successor to campaign. */
export function timeoutNow(term: number): TimeoutNow {
  return { type: "timeout_now", term: term as Term };
}

/** One line for a message: equal messages give equal lines. */
export function describeMessage(message: Message): string {
  return isReplicaMessage(message) ? describeService(message) : describeRaft(message);
}

function describeRaft(message: RaftMessage): string {
  const line = `${message.type} t${message.term}`;
  switch (message.type) {
    case "pre_vote_request":
    case "vote_request":
      return `${line} last=${pair(message.last)}`;
    case "pre_vote_response":
    case "vote_response":
      return `${line} ${message.granted ? "granted" : "refused"}`;
    case "append_request": {
      const terms = message.entries.map((entry) => entry.term).join(",");
      return `${line} prev=${pair(message.previous)} [${terms}] commit=${message.leaderCommit}`;
    }
    case "append_accepted":
      return `${line} match=${message.matchIndex}`;
    case "append_rejected":
      return `${line} at=${message.rejectedIndex} hint=${pair(message.hint)}` +
        (message.isDamaged ? " damaged" : "");
    case "heartbeat_request": {
      const sent = message.sentAtMs === 0 ? "" : ` sent=${message.sentAtMs}`;
      return `${line} commit=${message.commitIndex} round=${message.round}${sent}`;
    }
    case "heartbeat_response": {
      const sent = message.sentAtMs === 0 ? "" : ` sent=${message.sentAtMs}`;
      const withheld = message.withheldMs === 0 ? "" : ` withheld=${message.withheldMs}`;
      return `${line} round=${message.round}${sent}${withheld}`;
    }
    case "snapshot_request":
      return `${line} last=${pair(message.chunk.meta.last)} offset=${message.chunk.offsetBytes}`;
    case "snapshot_response":
      return `${line} index=${message.index} ${
        message.installed ? "installed" : `next=${message.nextOffsetBytes}`
      }`;
    case "timeout_now":
      return line;
  }
}

/** Numbers drawn at random are left out: they only have to differ. */
function describeService(message: ReplicaMessage): string {
  switch (message.type) {
    case "forward_request":
      return `forward_request t${message.term} ${new TextDecoder().decode(message.payload)}`;
    case "forward_response": {
      const { end } = message;
      return `forward_response ${end.kind === "applied" ? `applied at ${end.index}` : end.reason}`;
    }
    case "read_index_request":
      return `read_index_request${message.lease ? " lease" : ""}`;
    case "read_index_response":
      return `read_index_response ${message.granted?.index ?? "unknown"}`;
    default:
      return message.type;
  }
}

function pair({ index, term }: LogPosition): string {
  return `${index}/${term}`;
}
