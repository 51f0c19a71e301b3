/**
 * The node: the term gate, then each message to the handler of its kind. No algorithm lives here.
 *
 * @module
 */

import { unreachable } from "../assert.ts";
import type { Configuration, Member } from "./configuration.ts";
import {
  onElectionTimeout,
  onLeaderHint,
  onPreVoteRequest,
  onPreVoteResponse,
  onTimeoutNow,
  onVoteKept,
  onVoteRequest,
  onVoteResponse,
  onVoterUp,
} from "./election.ts";
import { onAppendRequest, onHeartbeatRequest } from "./follower.ts";
import type { LogIndex, NodeId, Term, Ticket } from "./ids.ts";
import type { Instant } from "./instant.ts";
import {
  advanceReads,
  maybeCommit,
  onAppendAccepted,
  onAppendRejected,
  onHeartbeatResponse,
  onLeaderTick,
  onLinkChange,
  propose,
  type ProposeResult,
  read,
} from "./leader.ts";
import type { MembershipChange } from "./membership.ts";
import type { RaftMessage, Role } from "./message.ts";
import { type RaftOptions, validateRaftOptions } from "./options.ts";
import type { RaftOutbox } from "./outbox.ts";
import { advanceChange, type ChangeResult, proposeChange } from "./reconfiguration.ts";
import {
  compactLog,
  onSnapshotFailed,
  onSnapshotSaved,
  type SnapshotDemand,
  snapshotDemandAt,
  snapshotIndexOf,
} from "./own_snapshots.ts";
import { type LogRepair, logRepairOf } from "./repair.ts";
import { replicate } from "./replication.ts";
import { resetElectionTimer } from "./roles.ts";
import type { SnapshotChunk, SnapshotMeta } from "./snapshot.ts";
import {
  maybeInstall,
  onChunkRead,
  onChunkStaged,
  onInstalled,
  onSnapshotRequest,
  onSnapshotResponse,
} from "./snapshot_transfer.ts";
import { answerStale, enterTerm } from "./term_gate.ts";
import { createState, isBatching, type NodeState } from "./state.ts";
import { advanceTransfer, beginTransfer } from "./transfer.ts";

/** Most committed entries that one drain hands over, so that applying them never takes long. */
const COMMITTED_PER_DRAIN_MAX = 512;

/**
 * One Raft node without IO. Feed it messages, time and completions; carry out what
 * {@linkcode RaftNode.drain} returns. `Token` is whatever the host uses to name a read.
 */
export class RaftNode<Token> {
  /** What the node lost to damage, and how it has that again. */
  readonly repair: LogRepair;
  readonly #state: NodeState<Token>;

  /**
   * Starts from what storage recovered, as a follower.
   *
   * @throws {RangeError} if the options contradict each other
   */
  constructor(options: RaftOptions) {
    validateRaftOptions(options);
    this.#state = createState(options);
    this.repair = logRepairOf(this.#state);
    resetElectionTimer(this.#state);
    // Alone, there is nobody to wait for.
    if (this.#state.configuration.voters.length === 1) {
      this.#state.electionDeadlineMs = this.#state.nowMs;
    }
  }

  /** This node. */
  get id(): NodeId {
    return this.#state.id;
  }

  /** Its role in its term. */
  get role(): Role {
    return this.#state.role.kind;
  }

  /** The term it is in, durable or not. */
  get term(): Term {
    return this.#state.term;
  }

  /** Whom it voted for in its term. */
  get votedFor(): NodeId | null {
    return this.#state.votedFor;
  }

  /** The leader it follows, or null if it knows of none. */
  get leaderId(): NodeId | null {
    return this.#state.leaderId;
  }

  /** The last entry in its log, durable or not. */
  get lastIndex(): LogIndex {
    return this.#state.log.lastIndex;
  }

  /** The last entry it knows to be committed. */
  get commitIndex(): LogIndex {
    return this.#state.commitIndex;
  }

  /** The last entry that would survive a crash now. */
  get durableIndex(): LogIndex {
    return this.#state.durability.index;
  }

  /** The other members known to have the log up to `index` on disk; none unless this node leads. */
  holdersOf(index: LogIndex): readonly NodeId[] {
    const { role } = this.#state;
    if (role.kind !== "leader") return [];
    return [...role.progress.values()].filter((each) => each.matchIndex >= index)
      .map(({ id }) => id);
  }

  /** The last entry its newest snapshot covers; 0 without one. */
  get snapshotIndex(): LogIndex {
    return snapshotIndexOf(this.#state);
  }

  /** The members in force. */
  get configuration(): Configuration {
    return this.#state.configuration;
  }

  /** The index of the entry that holds the members in force. */
  get configurationIndex(): LogIndex {
    return this.#state.configurations.latest.index;
  }

  /** Whether the members in force are known to be committed. */
  get isConfigurationCommitted(): boolean {
    return this.configurationIndex <= this.#state.commitIndex;
  }

  /** Everyone to hold a link to: the members in force, and those who leave until that is committed. */
  get peers(): readonly Member[] {
    return this.#state.configurations.members(this.#state.commitIndex)
      .filter((member) => member.id !== this.id);
  }

  /** The members that were in force right after the entry at `index`, not older than the last applied. */
  configurationAt(index: LogIndex): Configuration {
    return this.#state.configurations.at(index);
  }

  /** Whether what is proposed had better wait for the batch that is being written, and go with the next. */
  get isBatching(): boolean {
    return isBatching(this.#state);
  }

  /** Whether a hand-over of the leadership is under way. */
  get isHandingOver(): boolean {
    return this.#state.role.kind === "leader" && this.#state.role.transfer !== null;
  }

  /** Whether a received snapshot is about to replace the state machine. */
  get isInstalling(): boolean {
    return this.#state.installing !== null;
  }

  /** What followers want of a snapshot of the state at `appliedIndex`. */
  snapshotDemandAt(appliedIndex: LogIndex): SnapshotDemand {
    return snapshotDemandAt(this.#state, appliedIndex);
  }

  /** The term at `index`, or null if it is compacted away or beyond the end. */
  termAt(index: LogIndex): Term | null {
    return this.#state.log.termAt(index);
  }

  /** When {@linkcode RaftNode.tick} next has something to do, by the monotonic clock. */
  get wakeAtMs(): number {
    const { role } = this.#state;
    return role.kind === "leader" ? role.heartbeatDueMs : this.#state.electionDeadlineMs;
  }

  /** Lets time pass. Called before every other input of the same moment. */
  tick(now: Instant): void {
    const state = this.#state;
    state.nowMs = now.monotonicMs;
    state.wallMs = now.wallMs;
    if (state.role.kind === "leader") onLeaderTick(state, state.role);
    else if (state.nowMs >= state.electionDeadlineMs) onElectionTimeout(state);
  }

  /** Takes a message from a member. */
  step(from: NodeId, message: RaftMessage): void {
    const state = this.#state;
    if (message.term > state.term && !enterTerm(state, from, message)) return;
    if (message.term < state.term) answerStale(state, from, message);
    else this.#dispatch(from, message);
  }

  /** Proposes a command; only a leader takes it. */
  propose(payload: Uint8Array): ProposeResult {
    return propose(this.#state, payload);
  }

  /** Proposes a change of the membership; only a leader takes it. */
  changeMembership(change: MembershipChange, expectedIndex: number | null): ChangeResult {
    return proposeChange(this.#state, change, { expectedIndex });
  }

  /**
   * Asks for an index that is safe to read at; answered in a later outbox.
   *
   * @param proof Whether the leader's lease is proof enough that it still leads, where it holds one.
   */
  read(token: Token, proof: { readonly lease: boolean } = { lease: false }): void {
    read(this.#state, token, proof);
  }

  /** Begins to hand the leadership over; returns whether there is anyone to take it. */
  transferLeadership(target: NodeId | null): boolean {
    return beginTransfer(this.#state, target);
  }

  /** The batch with this ticket is durable. */
  onPersisted(ticket: Ticket): void {
    this.#state.durability.onPersisted(ticket);
    onVoteKept(this.#state);
    maybeCommit(this.#state);
  }

  /** The link to a peer came up; `incarnation` names the life of the peer's data directory. */
  onPeerUp(peer: NodeId, incarnation?: string): void {
    // The first that was met counts, also before it is written down: it may have voted by then.
    const { incarnations } = this.#state;
    if (incarnation !== undefined && !incarnations.has(peer)) incarnations.set(peer, incarnation);
    if (this.#state.role.kind === "leader") onLinkChange(this.#state.role, peer);
    else onVoterUp(this.#state, peer);
  }

  /** The link to a peer broke. */
  onPeerDown(peer: NodeId): void {
    if (this.#state.role.kind === "leader") onLinkChange(this.#state.role, peer);
    else onLeaderHint(this.#state, peer);
  }

  /** A snapshot of the own state machine is durable. */
  onSnapshotSaved(meta: SnapshotMeta): void {
    onSnapshotSaved(this.#state, meta);
  }

  /** There was no room for a snapshot of the own state machine. */
  onSnapshotFailed(): void {
    onSnapshotFailed(this.#state);
  }

  /**
   * Lets go of the log up to and including `through`, which a durable snapshot must cover, and of what
   * only the disk is to keep: of what the newest snapshot covers, so many bytes stay for followers that
   * fall behind, and whatever one needs that is known to be behind already.
   */
  compact(through: LogIndex, trailingBytesMax: number): void {
    compactLog(this.#state, { through, trailingBytesMax });
  }

  /** Answers a `read_chunk` task. */
  onChunkRead(to: NodeId, read: { index: LogIndex; chunk: SnapshotChunk | null }): void {
    onChunkRead(this.#state, to, read);
  }

  /** Answers a `stage_chunk` task. */
  onChunkStaged(from: NodeId, staged: { meta: SnapshotMeta; nextOffsetBytes: number }): void {
    onChunkStaged(this.#state, from, staged);
  }

  /** Answers an `install` task. */
  onInstalled(result: { meta: SnapshotMeta; ok: boolean }): void {
    onInstalled(this.#state, result);
  }

  /** Hands over all work since the last call: many inputs, one outbox, one sync. */
  drain(): RaftOutbox<Token> {
    const state = this.#state;
    maybeCommit(state); // a single voter has nobody else to hear from
    if (state.role.kind === "leader") {
      advanceChange(state);
      advanceTransfer(state);
      advanceReads(state);
      if (state.role.kind === "leader") replicate(state, state.role);
    }
    const persist = this.#nextBatch();
    maybeInstall(state);
    const kept = {
      term: state.durability.term,
      vote: state.durability.holds(state.term, state.votedFor),
      index: state.durability.index,
    };
    const messages = state.outbox.takeMessages(kept, persist);
    const committed = this.#takeCommitted();
    const outbox: RaftOutbox<Token> = {
      sendNow: messages.now,
      persist,
      sendAfterPersist: messages.after,
      committed,
      // Nothing is handed over during an installation: asking for turns would only spin.
      hasMore: state.installing === null && state.handedIndex < state.commitIndex,
      grants: state.outbox.grants,
      abandoned: state.outbox.abandoned,
      tasks: state.outbox.tasks,
    };
    state.outbox.grants = [];
    state.outbox.abandoned = [];
    state.outbox.tasks = [];
    return outbox;
  }

  /**
   * Everything it remembers, as plain data, for tools that print nodes or tell them apart: two of
   * equal memory, options and clocks behave alike from here on.
   */
  toJSON(): object {
    return { ...this.#state };
  }

  #nextBatch(): RaftOutbox<Token>["persist"] {
    const state = this.#state;
    // Storage must not write entries while it replaces the log.
    if (state.installing?.begun) return null;
    return state.durability.nextBatch(state.log, {
      hardState: { term: state.term, votedFor: state.votedFor },
      nowMs: state.nowMs,
    });
  }

  #takeCommitted(): RaftOutbox<Token>["committed"] {
    const state = this.#state;
    if (state.installing !== null || state.handedIndex === state.commitIndex) return [];
    const through = Math.min(state.commitIndex, state.handedIndex + COMMITTED_PER_DRAIN_MAX);
    const committed = state.log.between(state.handedIndex, through as LogIndex);
    state.handedIndex = through as LogIndex;
    state.configurations.compact(state.handedIndex);
    return committed;
  }

  #dispatch(from: NodeId, message: RaftMessage): void {
    const state = this.#state;
    switch (message.type) {
      case "pre_vote_request":
        return onPreVoteRequest(state, from, message);
      case "pre_vote_response":
        return onPreVoteResponse(state, from, message);
      case "vote_request":
        return onVoteRequest(state, from, message);
      case "vote_response":
        return onVoteResponse(state, from, message);
      case "append_request":
        return onAppendRequest(state, from, message);
      case "append_accepted":
        return onAppendAccepted(state, from, message);
      case "append_rejected":
        return onAppendRejected(state, from, message);
      case "heartbeat_request":
        return onHeartbeatRequest(state, from, message);
      case "heartbeat_response":
        return onHeartbeatResponse(state, from, message);
      case "snapshot_request":
        return onSnapshotRequest(state, from, message);
      case "snapshot_response":
        return onSnapshotResponse(state, from, message);
      case "timeout_now":
        return onTimeoutNow(state, from);
      default:
        return unreachable(message);
    }
  }
}
