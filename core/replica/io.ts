/**
 * What goes into a replica and what comes out: the whole surface between the core and its host.
 *
 * @module
 */

import type { Configuration, Member } from "../raft/configuration.ts";
import type { LogIndex, LogPosition, NodeId, Term, Ticket } from "../raft/ids.ts";
import type { MembershipChange, MembershipRefusal } from "../raft/membership.ts";
import type {
  Envelope,
  Message,
  NodeStatus,
  ProposalFailure,
  ReadProof,
  TransferRefusal,
  WriteTimes,
} from "../raft/message.ts";
import type { SnapshotTask } from "../raft/outbox.ts";
import type { PersistBatch } from "../raft/persist.ts";
import type { SnapshotChunk, SnapshotMeta, SnapshotPoint } from "../raft/snapshot.ts";
import type { StateRestorer } from "./state_machine.ts";

/** Names a client's request between host and replica; the host never uses one twice. */
export type RequestId = number;

/**
 * What must prove that a leader still leads when it serves a read. `linearizable`: the answers of a
 * quorum to a question asked after the read arrived. `lease`: the time for which a quorum promised to
 * elect nobody else, if lease reads are on and there is any left; else as above. It is as fresh as the
 * other while the clocks keep to what `RaftTiming.leaseDriftMs` says.
 */
export type ReadMode = "linearizable" | "lease";

/** Everything that can change a replica. */
export type Input =
  /** Time passes. */
  | { readonly kind: "tick" }
  /** A peer said something. */
  | { readonly kind: "message"; readonly from: NodeId; readonly message: Message }
  /** A client wants a command committed before `deadlineMs` on the monotonic clock. */
  | {
    readonly kind: "propose";
    readonly requestId: RequestId;
    readonly payload: Uint8Array;
    readonly deadlineMs: number;
    /** Whether to tell where the time went. */
    readonly isTraced?: true;
  }
  /** A client wants to read everything that was acknowledged before now. */
  | {
    readonly kind: "read";
    readonly requestId: RequestId;
    readonly deadlineMs: number;
    /** What proves that nothing newer was acknowledged; `linearizable` if not given. */
    readonly mode?: ReadMode;
  }
  /** A client wants to know how every member is. */
  | { readonly kind: "cluster_status"; readonly requestId: RequestId; readonly deadlineMs: number }
  /**
   * An operator wants to change the membership, if the configuration in force stands at
   * `expectedIndex` (null: whichever it is).
   */
  | {
    readonly kind: "change_membership";
    readonly requestId: RequestId;
    readonly change: MembershipChange;
    readonly expectedIndex: number | null;
    readonly deadlineMs: number;
  }
  /** A batch is durable. */
  | { readonly kind: "persisted"; readonly ticket: Ticket }
  /** The link to a peer came up, whose data directory is in the life named. */
  | { readonly kind: "peer_up"; readonly peer: NodeId; readonly incarnation?: string }
  /** The link to a peer broke: a hint that it is gone. */
  | { readonly kind: "peer_down"; readonly peer: NodeId }
  /** A `save_snapshot` task is done. */
  | { readonly kind: "snapshot_saved"; readonly meta: SnapshotMeta }
  /** A `save_snapshot` task found no room: there is no snapshot, and the log is kept. */
  | { readonly kind: "snapshot_failed" }
  /** A `read_chunk` task is done; null if that snapshot is no longer kept. */
  | {
    readonly kind: "chunk_read";
    readonly to: NodeId;
    readonly index: LogIndex;
    readonly chunk: SnapshotChunk | null;
  }
  /** A `stage_chunk` task is done. */
  | {
    readonly kind: "chunk_staged";
    readonly from: NodeId;
    readonly meta: SnapshotMeta;
    readonly nextOffsetBytes: number;
  }
  /** An `install` task is done: the state machine holds the snapshot, unless its bytes were bad. */
  | { readonly kind: "installed"; readonly meta: SnapshotMeta; readonly ok: boolean }
  /** The disk has no room but what is kept for what frees some, or has room again. */
  | { readonly kind: "disk_room"; readonly isShort: boolean }
  /**
   * Hand the leadership to `target`, or to whoever is furthest along. If somebody waits for an
   * `answer`, the order goes to the leader, whoever that is; else only this node is meant.
   */
  | {
    readonly kind: "transfer_leadership";
    readonly target: NodeId | null;
    readonly answer?: { readonly requestId: RequestId; readonly deadlineMs: number };
  }
  /** The node is about to stop: take nothing new, hand over what it leads. */
  | { readonly kind: "stop" };

/** Work for the host's storage beside the batches; each task ends in an input. */
export type HostTask =
  | Exclude<SnapshotTask, { kind: "install" }>
  | {
    /** Install the staged snapshot, then feed its bytes to the restorer and finish it. */
    readonly kind: "install";
    readonly meta: SnapshotMeta;
    readonly restorer: StateRestorer;
  }
  | {
    readonly kind: "save_snapshot";
    readonly point: SnapshotPoint;
    readonly slices: Iterable<Uint8Array>;
  }
  /** No answer is awaited. */
  | { readonly kind: "compact"; readonly through: LogIndex };

/** The state of one moment. */
export interface StateCapture {
  /** Where in the log it stands. */
  readonly point: SnapshotPoint;
  /** Its bytes, made lazily. */
  readonly slices: Iterable<Uint8Array>;
}

/** What a node lost to damage and does not have again yet. It votes, but does not lead. */
export interface Damage {
  /** Whether nothing is lost, or all of it is back. */
  readonly isWhole: boolean;
  /** Entries of which only the position is known, as far as one message names them. */
  readonly lost: readonly LogPosition[];
  /** No snapshot holds the state before its log: it waits for one from the leader. */
  readonly isStateLost: boolean;
}

/** Why a request failed, in the words of the failure table's rows. */
export type RequestFailure = Exclude<ProposalFailure, "not_leader"> | "timeout";

/** The end of a client's request; each request gets exactly one. */
export type Reply<Result> =
  | {
    readonly kind: "applied";
    readonly requestId: RequestId;
    readonly index: LogIndex;
    readonly result: Result;
    /** Where the time went, if that was asked for and can be told. */
    readonly trace?: WriteTrace;
  }
  /** The state machine may be read now. */
  | { readonly kind: "readable"; readonly requestId: RequestId; readonly round: ReadMoments }
  | {
    readonly kind: "cluster_status";
    readonly requestId: RequestId;
    readonly nodes: readonly MemberStatus[];
  }
  /** The change is finished: its final configuration is committed, at `index`. */
  | {
    readonly kind: "membership_changed";
    readonly requestId: RequestId;
    readonly index: LogIndex;
    readonly configuration: Configuration;
  }
  /** Nothing was proposed. */
  | {
    readonly kind: "membership_refused";
    readonly requestId: RequestId;
    readonly reason: MembershipRefusal;
  }
  /** `leaderId` leads now: the one that was meant, or another that won the election. */
  | {
    readonly kind: "leadership_transferred";
    readonly requestId: RequestId;
    readonly leaderId: NodeId;
    readonly term: Term;
  }
  /** The leader leads on. */
  | {
    readonly kind: "transfer_refused";
    readonly requestId: RequestId;
    readonly reason: TransferRefusal;
  }
  | { readonly kind: "failed"; readonly requestId: RequestId; readonly reason: RequestFailure };

/** Where the time of a write went. */
export interface WriteTrace {
  /** When this node took it in, by its monotonic clock. */
  readonly arrivedAtMs: number;
  /** To which leader it went, and when; null if this node leads. */
  readonly forwarded: { readonly to: NodeId; readonly atMs: number } | null;
  /** On the leader. */
  readonly times: WriteTimes;
}

/**
 * When a read and those that shared its round came how far, by the node's monotonic clock, and what
 * the answer rests on.
 */
export interface ReadMoments {
  /** When the leader was asked: the state now shows all that was acknowledged before. */
  readonly askedAtMs: number;
  /** When the leader had told up to where to read. */
  readonly grantedAtMs: number;
  /** What showed that it still led; not always what the read had asked for. */
  readonly proof: ReadProof;
}

/** A member and, if it answered in time, how it is. */
export interface MemberStatus {
  /** The member. */
  readonly member: Member;
  /** What it said, or null if it did not in time. */
  readonly status: NodeStatus | null;
}

/** What a replica wants done. */
export interface Outbox<Result> {
  /** Messages that promise nothing the disk has not kept. */
  readonly sendNow: readonly Envelope[];
  /** To be made durable by one write and one sync, then reported by its ticket. */
  readonly persist: PersistBatch | null;
  /** Messages that may leave only after `persist` is durable. */
  readonly sendAfterPersist: readonly Envelope[];
  /** Ends of requests. */
  readonly replies: readonly Reply<Result>[];
  /** Storage work beside the batch. */
  readonly tasks: readonly HostTask[];
  /** Whether to drain again soon though no input has come: work was left to keep this one short. */
  readonly hasMore: boolean;
}
