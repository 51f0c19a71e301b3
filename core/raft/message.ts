/**
 * What nodes say to each other: a closed union, one interface per message. The names are the
 * paper's where it has one.
 *
 * @module
 */

import type { Configuration } from "./configuration.ts";
import type { Entry } from "./entry.ts";
import type { LogIndex, LogPosition, NodeId, ReadRound, Term } from "./ids.ts";
import type { MembershipChange, MembershipRefusal } from "./membership.ts";
import type { EntriesRequest, EntriesResponse, SnapshotSupply } from "./repair_message.ts";
import type { SnapshotChunk } from "./snapshot.ts";

/** A message of the consensus protocol. */
export interface ProtocolMessage<Type extends string> {
  /** Which message it is. */
  readonly type: Type;
  /** The sender's term. */
  readonly term: Term;
}

/** A message with which nodes serve each other's clients. */
export interface ServiceMessage<Type extends string> {
  /** Which message it is. */
  readonly type: Type;
  /** Chosen by the asking node, echoed in the answer. */
  readonly requestId: number;
}

/** Asks whether a vote would be granted, before any term is touched (thesis §9.6). */
export interface PreVoteRequest extends ProtocolMessage<"pre_vote_request"> {
  /** The term the sender would campaign in: one above its own. */
  readonly term: Term;
  /** Where the sender's log ends. */
  readonly last: LogPosition;
}

/** Answers a {@linkcode PreVoteRequest}. */
export interface PreVoteResponse extends ProtocolMessage<"pre_vote_response"> {
  /** The asked-for term if granted, else the responder's own: a higher one is adopted. */
  readonly term: Term;
  /** Whether the vote is given. */
  readonly granted: boolean;
}

/** RequestVote (§5.2). */
export interface VoteRequest extends ProtocolMessage<"vote_request"> {
  /** Where the sender's log ends. */
  readonly last: LogPosition;
  /** The leader asked for this election (thesis §3.10), so its stickiness does not apply. */
  readonly transfer: boolean;
}

/** Answers a {@linkcode VoteRequest}; leaves only after the vote is durable. */
export interface VoteResponse extends ProtocolMessage<"vote_response"> {
  /** Whether the vote is given. */
  readonly granted: boolean;
}

/** AppendEntries with entries, or with none as a probe (§5.3). */
export interface AppendRequest extends ProtocolMessage<"append_request"> {
  /** The entry right before the first of `entries`. */
  readonly previous: LogPosition;
  /** What follows `previous`, contiguous; empty in a probe. */
  readonly entries: readonly Entry[];
  /** The leader's commit index. */
  readonly leaderCommit: LogIndex;
}

/** The entry before did match: the follower now durably holds the leader's log up to `matchIndex`. */
export interface AppendAccepted extends ProtocolMessage<"append_accepted"> {
  /** The last index of which that is true. */
  readonly matchIndex: LogIndex;
}

/** The entry before did not match, or the request was of an older term. */
export interface AppendRejected extends ProtocolMessage<"append_rejected"> {
  /** Index of the request's previous entry: tells a fresh rejection from a stale one. */
  readonly rejectedIndex: LogIndex;
  /** The last position at which the follower's log may still agree with the leader's. */
  readonly hint: LogPosition;
  /** The follower lost entries behind the hint to damage, perhaps after it had acknowledged them. */
  readonly isDamaged: boolean;
}

/** Keeps followers quiet, spreads the commit index and carries read rounds. No disk is involved. */
export interface HeartbeatRequest extends ProtocolMessage<"heartbeat_request"> {
  /** Never beyond what the receiver is known to hold. */
  readonly commitIndex: LogIndex;
  /** The newest read round that wants an answer; 0 for none. */
  readonly round: ReadRound;
  /** When it was sent, in milliseconds since the sender began to lead; 0 if nobody needs to know. */
  readonly sentAtMs: number;
}

/** Answers a {@linkcode HeartbeatRequest} with the same round and time. */
export interface HeartbeatResponse extends ProtocolMessage<"heartbeat_response"> {
  /** The request's round. */
  readonly round: ReadRound;
  /** The request's. */
  readonly sentAtMs: number;
  /**
   * For how many milliseconds from now the sender gives its vote to nobody but in a hand-over; 0 if
   * it promises nothing.
   */
  readonly withheldMs: number;
}

/** InstallSnapshot, one chunk (§7). */
export interface SnapshotRequest extends ProtocolMessage<"snapshot_request"> {
  /** The slice it carries. */
  readonly chunk: SnapshotChunk;
}

/** Tells which byte of the snapshot is wanted next, or that it is installed. */
export interface SnapshotResponse extends ProtocolMessage<"snapshot_response"> {
  /**
   * The last entry of the snapshot spoken of. That may be a later one than was offered: the sender lost
   * the state before its log to damage, and only one that reaches this entry helps.
   */
  readonly index: LogIndex;
  /** First byte not yet staged; the leader goes on from here. */
  readonly nextOffsetBytes: number;
  /** The receiver's log now begins after this snapshot, or had passed it already. */
  readonly installed: boolean;
}

/** The leader asks the receiver to campaign at once (thesis §3.10). */
export interface TimeoutNow extends ProtocolMessage<"timeout_now"> {
}

/** A follower hands a client's command to the leader. */
export interface ForwardRequest extends ServiceMessage<"forward_request"> {
  /** Drawn at random by each run of the sending process: its numbers begin anew, its name does not. */
  readonly sender: number;
  /** Higher than any the same sender used before: a repeated request must not count twice. */
  readonly requestId: number;
  /** The term whose leader is meant. */
  readonly term: Term;
  /** Whether the client wants to know where the time went. */
  readonly isTraced: boolean;
  /** The client's command. */
  readonly payload: Uint8Array;
}

/** How a forwarded command ended. */
export interface ForwardResponse extends ServiceMessage<"forward_response"> {
  /** As in the request: an answer to an earlier run of the process is none to this one. */
  readonly sender: number;
  /** How it ended. */
  readonly end: ForwardEnd;
}

/** The ways a forwarded command can end. */
export type ForwardEnd =
  | {
    readonly kind: "applied";
    /** Where it stands in the log. */
    readonly index: LogIndex;
    /** The state machine's encoded answer. */
    readonly result: Uint8Array;
    /** Where the time went, if the request asked and the leader could tell; else null. */
    readonly times: WriteTimes | null;
  }
  | { readonly kind: "failed"; readonly reason: ProposalFailure };

/** Where the time of one write went, on the leader that took it; all in milliseconds. */
export interface WriteTimes {
  /** From its arrival until it stood in the leader's log. */
  readonly queueMs: number;
  /** From there until the leader's own disk had it; null if it was applied before. */
  readonly fsyncMs: number | null;
  /** From there until it was committed: a majority of disks had it. */
  readonly quorumMs: number;
  /** Of each other member that had it on disk when it was applied: from there until the leader knew. */
  readonly peers: readonly { readonly id: NodeId; readonly ackMs: number }[];
}

/**
 * Why a proposal did not come to an answer. `not_leader`, `no_leader`, `overloaded`, `storage_full`
 * and `stopping`: it never entered a log. `lost`: its entry was overwritten by another. `unknown`: it may still
 * happen.
 */
export type ProposalFailure =
  | "not_leader"
  | "no_leader"
  | "overloaded"
  | "storage_full"
  | "stopping"
  | "lost"
  | "unknown";

/** A follower hands an operator's order to the leader. */
export interface OrderRequest extends ServiceMessage<"order_request"> {
  /** Drawn at random by each run of the sending process, as in {@linkcode ForwardRequest}. */
  readonly sender: number;
  /** Higher than any the same sender used before: a repeated request must not count twice. */
  readonly requestId: number;
  /** The term whose leader is meant. */
  readonly term: Term;
  /** What is to be done. */
  readonly order: Order;
}

/** What an operator may want of the leader. */
export type Order =
  | {
    readonly kind: "change_membership";
    /** What is to change. */
    readonly change: MembershipChange;
    /** Where the configuration stands that the operator has seen; null if any will do. */
    readonly expectedIndex: number | null;
  }
  | {
    readonly kind: "transfer_leadership";
    /** Who is to lead; null for whoever is furthest along. */
    readonly target: NodeId | null;
  };

/** How a forwarded order ended. */
export interface OrderResponse extends ServiceMessage<"order_response"> {
  /** As in the request: an answer to an earlier run of the process is none to this one. */
  readonly sender: number;
  /** How it ended. */
  readonly end: OrderEnd;
}

/** The ways an order can end. */
export type OrderEnd =
  | {
    readonly kind: "membership_changed";
    /** Where the final configuration stands; it is committed. */
    readonly index: LogIndex;
    /** The final configuration. */
    readonly configuration: Configuration;
  }
  | { readonly kind: "membership_refused"; readonly reason: MembershipRefusal }
  /** Somebody else leads now, or `leaderId` did already; not always the one that was meant. */
  | { readonly kind: "leadership_transferred"; readonly leaderId: NodeId; readonly term: Term }
  | { readonly kind: "transfer_refused"; readonly reason: TransferRefusal }
  | { readonly kind: "failed"; readonly reason: ProposalFailure };

/**
 * Why the leader leads on. `no_heir`: no voter that could take over has answered lately.
 * `not_taken_over`: the one that was asked to did not do so in time.
 */
export type TransferRefusal = "unknown_member" | "not_a_voter" | "no_heir" | "not_taken_over";

/** A follower asks the leader for an index that is safe to read at (thesis §6.4). */
export interface ReadIndexRequest extends ServiceMessage<"read_index_request"> {
  /** Drawn at random for each attempt, so that no late answer fits a later question. */
  readonly requestId: number;
  /** Whether the leader's lease is enough of a proof; else a quorum is asked. */
  readonly lease: boolean;
}

/**
 * What showed that a leader still led when it told up to where to read. `quorum`: the answers to a
 * question asked after the read had arrived. `lease`: promises of votes, and the clocks with them.
 */
export type ReadProof = "quorum" | "lease";

/** Up to where to read, for a read that saw everything acknowledged before it began. */
export interface ReadIndex {
  /** What must be applied first. */
  readonly index: LogIndex;
  /** What that rests on. */
  readonly proof: ReadProof;
}

/** Answers a {@linkcode ReadIndexRequest}. */
export interface ReadIndexResponse extends ServiceMessage<"read_index_response"> {
  /** What was asked for, or null if the responder cannot tell (not the leader any more). */
  readonly granted: ReadIndex | null;
}

/** Asks a peer how it is, for the cluster's status page. */
export interface StatusRequest extends ServiceMessage<"status_request"> {
}

/** A node's own view of itself. */
export interface StatusResponse extends ServiceMessage<"status_response"> {
  /** The answer. */
  readonly status: NodeStatus;
}

/** The hash of the sender's state machine at an entry that it has applied. */
export interface StateHash {
  /** Which message it is. */
  readonly type: "state_hash";
  /** The entry. */
  readonly index: LogIndex;
  /** What the state machine gives as the hash of its state. */
  readonly hash: string;
  /** Whether the receiver is to tell its own in return. */
  readonly asks: boolean;
}

/** The roles of §5.1, with the pre-candidate of thesis §9.6 and the voteless learner of §4.2.1. */
export type Role = "follower" | "pre_candidate" | "candidate" | "leader" | "learner";

/** What a node knows of itself. */
export interface NodeStatus {
  /** The node. */
  readonly id: NodeId;
  /** Its role in its term. */
  readonly role: Role;
  /** The term it is in. */
  readonly term: Term;
  /** The leader it follows, or null if it knows of none. */
  readonly leaderId: NodeId | null;
  /** The last entry in its log. */
  readonly lastIndex: LogIndex;
  /** The last entry it knows to be committed. */
  readonly commitIndex: LogIndex;
  /** The last entry its state machine has taken in. */
  readonly appliedIndex: LogIndex;
  /** The last entry its newest snapshot covers. */
  readonly snapshotIndex: LogIndex;
  /** The store's revision. */
  readonly revision: number;
}

/** Anything one node may say to another. */
export type Message = RaftMessage | ReplicaMessage;

/** The messages of the consensus protocol. */
export type RaftMessage =
  | PreVoteRequest
  | PreVoteResponse
  | VoteRequest
  | VoteResponse
  | AppendRequest
  | AppendAccepted
  | AppendRejected
  | HeartbeatRequest
  | HeartbeatResponse
  | SnapshotRequest
  | SnapshotResponse
  | TimeoutNow;

/** The messages with which nodes serve each other's clients. */
export type ReplicaMessage =
  | ForwardRequest
  | ForwardResponse
  | OrderRequest
  | OrderResponse
  | ReadIndexRequest
  | ReadIndexResponse
  | StatusRequest
  | StatusResponse
  | StateHash
  | EntriesRequest
  | EntriesResponse
  | SnapshotSupply;

/** A message with its address. */
export interface Envelope<M extends Message = Message> {
  /** The receiver. */
  readonly to: NodeId;
  /** What it is told. */
  readonly message: M;
}

/** Whether a message is for the replica rather than for the consensus protocol. */
export function isReplicaMessage(message: Message): message is ReplicaMessage {
  switch (message.type) {
    case "forward_request":
    case "forward_response":
    case "order_request":
    case "order_response":
    case "read_index_request":
    case "read_index_response":
    case "status_request":
    case "status_response":
    case "state_hash":
    case "entries_request":
    case "entries_response":
    case "snapshot_supply":
      return true;
    default:
      return false;
  }
}
