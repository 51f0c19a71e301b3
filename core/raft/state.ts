/**
 * Everything a node remembers, by lifetime. Handlers in the neighbouring files read and change it;
 * nothing else does.
 *
 * @module
 */

import type { Random } from "../random.ts";
import { decodeConfiguration } from "../codec/configuration_codec.ts";
import type { Configuration } from "./configuration.ts";
import { ConfigurationHistory } from "./configuration_history.ts";
import { Durability } from "./durability.ts";
import type { Entry } from "./entry.ts";
import {
  INDEX_ZERO,
  indexMax,
  type LogIndex,
  type NodeId,
  POSITION_ZERO,
  type Term,
} from "./ids.ts";
import { RaftLog } from "./log.ts";
import { isStateLost } from "./persist.ts";
import type { RaftOptions, RaftTiming, RaftWindows } from "./options.ts";
import { OutboxBuilder } from "./outbox.ts";
import type { Progress } from "./progress.ts";
import type { ReadRounds } from "./read_rounds.ts";
import type { SnapshotMeta } from "./snapshot.ts";

/** What only a campaigning node remembers. */
export interface CampaignState {
  readonly kind: "pre_candidate" | "candidate";
  /** Who answered what. A set, not a count: a duplicated answer is no second vote. */
  readonly votes: Map<NodeId, boolean>;
  /** Whether a leader that hands over asked for it. */
  readonly transfer: boolean;
}

/** A leader's picture of the promises that it was given; see `leader_lease.ts`. */
export interface LeaseState {
  /** When the leadership began; heartbeats name the time since then. */
  readonly beganMs: number;
  /** Answers to heartbeats sent before this moment count for nothing. */
  fromMs: number;
  /** The least that the wall clock was ahead of the monotonic one since `fromMs`. */
  wallLeadMs: number;
  /** Somebody was asked to campaign in spite of all promises, and may do so at any time from now on. */
  isForfeited: boolean;
}

/** What only a leader remembers. */
export interface LeaderState<Token> {
  readonly kind: "leader";
  /** Every member but the leader itself. */
  readonly progress: Map<NodeId, Progress>;
  readonly reads: ReadRounds<Token>;
  readonly lease: LeaseState;
  heartbeatDueMs: number;
  /** Bytes of entries that are not yet committed. */
  uncommittedBytes: number;
  /** The leadership is being handed over; nothing is proposed until it is or the time is up. */
  transfer: { readonly target: NodeId; readonly deadlineMs: number; asked: boolean } | null;
  /** No hand-over begins before this moment. */
  transferNotBeforeMs: number;
  /** No snapshot is made for a follower before this moment: there was no room for the last. */
  snapshotNotBeforeMs: number;
}

/** The role and what belongs to it alone. */
export type RoleState<Token> = { readonly kind: "follower" } | CampaignState | LeaderState<Token>;

/** Everything a node remembers. */
export interface NodeState<Token> {
  readonly id: NodeId;
  readonly timing: RaftTiming;
  readonly windows: RaftWindows;
  readonly random: Random;

  // Durable once the next batch is: see `durability`.
  /** Never goes back. */
  term: Term;
  /** At most one vote per term, across restarts. */
  votedFor: NodeId | null;
  readonly log: RaftLog;
  /** No snapshot holds what stood before the log: nothing can be applied until one is received. */
  isStateLost: boolean;
  /** The newest complete snapshot in storage. */
  snapshot: SnapshotMeta | null;

  // Volatile.
  nowMs: number;
  /** The wall clock, for the entries this node creates as a leader. */
  wallMs: number;
  role: RoleState<Token>;
  leaderId: NodeId | null;
  /** When the leader of this term was last heard; -Infinity if it is believed gone. */
  leaderContactMs: number;
  /** Before this moment the vote is given to nobody, whatever the term; see `leader_lease.ts`. */
  voteWithheldUntilMs: number;
  electionDeadlineMs: number;
  /** How often it was a candidate since a leader was last heard. */
  campaigns: number;
  /** Never goes back while the node runs. */
  commitIndex: LogIndex;
  /** The last committed entry handed over. Never beyond `commitIndex`. */
  handedIndex: LogIndex;
  /** The one in force: the last in the log. */
  readonly configuration: Configuration;
  readonly configurations: ConfigurationHistory;
  /** Which life of its directory each node has that was met; see {@linkcode Member.incarnation}. */
  readonly incarnations: Map<NodeId, string>;
  /** A received snapshot that waits to be installed, or is being installed. Appends are then ignored. */
  installing: { readonly from: NodeId; readonly meta: SnapshotMeta; begun: boolean } | null;
  readonly durability: Durability;
  readonly outbox: OutboxBuilder<Token>;
}

/** The state of a node that has just been started. */
export function createState<Token>(options: RaftOptions): NodeState<Token> {
  const { recovered } = options;
  const log = new RaftLog(recovered.base, recovered.entries);
  const snapshot = recovered.snapshot;
  const isLost = isStateLost(recovered);
  const covered = (snapshot?.last ?? POSITION_ZERO).index;
  const start = isLost ? INDEX_ZERO : indexMax(recovered.base.index, covered);
  // What a snapshot covers need not be had again.
  if (log.wholeIndex < start && start <= log.lastIndex) log.compact(start);
  const configurations = new ConfigurationHistory({
    index: snapshot?.last.index ?? INDEX_ZERO,
    configuration: snapshot?.configuration ?? options.initialConfiguration,
  });
  for (const entry of log.wholeAfter(start)) noteConfiguration(configurations, entry);
  return {
    id: options.id,
    timing: options.timing,
    windows: options.windows,
    random: options.random,
    term: recovered.hardState.term,
    votedFor: recovered.hardState.votedFor,
    log,
    isStateLost: isLost,
    snapshot,
    nowMs: options.now.monotonicMs,
    wallMs: options.now.wallMs,
    role: { kind: "follower" },
    leaderId: null,
    leaderContactMs: -Infinity,
    voteWithheldUntilMs: firstVoteMs(options),
    electionDeadlineMs: options.now.monotonicMs,
    campaigns: 0,
    commitIndex: start,
    handedIndex: start,
    configurations,
    incarnations: new Map(
      options.incarnation === undefined ? [] : [[options.id, options.incarnation]],
    ),
    get configuration() {
      return configurations.latest.configuration;
    },
    installing: null,
    durability: new Durability(recovered.hardState, log),
    outbox: new OutboxBuilder(),
  };
}

/**
 * When a node that starts may first vote. The process before it may have promised its vote away just
 * before it ended; a node without a term never did.
 */
function firstVoteMs({ timing, recovered, now }: RaftOptions): number {
  const mayHavePromised = timing.leaseDriftMs !== undefined && recovered.hardState.term > 0;
  return mayHavePromised ? now.monotonicMs + timing.electionTimeoutMsMin : -Infinity;
}

/** Puts a configuration in force if the appended entry holds one. */
export function noteConfiguration(configurations: ConfigurationHistory, entry: Entry): void {
  if (entry.kind !== "configuration") return;
  const configuration = decodeConfiguration(entry.payload);
  configurations.append({ index: entry.index, configuration });
}

/**
 * The last entry up to which nothing is lost: what may be committed, applied and acknowledged here
 * ends there.
 */
export function wholeIndexOf({ isStateLost, log }: NodeState<unknown>): LogIndex {
  return isStateLost ? INDEX_ZERO : log.wholeIndex;
}

/** The members other than this node. */
export function peersOf(state: NodeState<unknown>): NodeId[] {
  return state.configuration.members.map((member) => member.id).filter((id) => id !== state.id);
}

/** Draws a number of milliseconds in [min, max). */
export function drawMs(
  state: NodeState<unknown>,
  range: { readonly min: number; readonly max: number },
): number {
  return range.min + Math.floor(state.random() * (range.max - range.min));
}

/**
 * How long a batch that is being written holds back what comes after it, in milliseconds. A disk that
 * takes longer is slower than a round to the followers, who can commit without it.
 */
const BATCHING_MS_MAX = 5;

/** Whether a batch is being written, and the next one is gathered meanwhile (thesis §10.2.2). */
export function isBatching(state: NodeState<unknown>): boolean {
  return state.durability.isWriting && state.durability.writingForMs(state.nowMs) < BATCHING_MS_MAX;
}

/** Whether a follower is there, as far as its leader can tell. */
export function hasAnsweredLately(
  { nowMs, timing }: NodeState<unknown>,
  { lastContactMs }: Progress,
): boolean {
  return nowMs - lastContactMs < timing.electionTimeoutMsMin;
}
