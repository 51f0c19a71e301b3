/**
 * What the HTTP edge needs of a node, declared by its consumer: the app is tested against a fake.
 *
 * @module
 */

import type {
  Configuration,
  Member,
  MembershipChange,
  NodeId,
  NodeStatus,
  Term,
} from "@raftkv/core/raft";
import type { MemberStatus, StateCapture } from "@raftkv/core/replica";
import type { Command, CommandResult, KvReader, WatchSource } from "@raftkv/core/kv";
import type { Consistency, Served } from "./served.ts";

/** How fresh a read must be. */
export interface Freshness {
  /** What it must see. */
  readonly consistency: Consistency;
  /** Of a stale read: all that was acknowledged this many milliseconds before must be in it. */
  readonly maxStalenessMs?: number;
  /** It must show this revision or a later one; waited for. */
  readonly minRevision?: number;
}

/** How long a call may take. */
export interface TimeLimit {
  /** Milliseconds from the call to its end. */
  readonly timeoutMs: number;
}

/** What a client says of the call itself. */
export interface CallOptions extends TimeLimit {
  /** Whether to tell where the time went. */
  readonly explain?: boolean;
}

/** Who is told how a call ended, once: for callers that would not have a promise for each. */
export interface Settle<Result> {
  /** It ended well; `served` tells more of it, if there is more to tell. */
  readonly resolve: (result: Result, served?: Served) => void;
  /** It did not; with a `KvFailure`, unless something unforeseen was thrown. */
  readonly reject: (thrown: unknown) => void;
}

/** What a node has applied, revision by revision. */
export interface EventFeed extends WatchSource {
  /**
   * Resolves once the store has come to `revision`, after `waitMsMax`, when `signal` is aborted or the
   * node stops, whichever comes first.
   */
  reached(
    revision: number,
    until: { readonly waitMsMax: number; readonly signal: AbortSignal },
  ): Promise<void>;
}

/** The whole store at one moment. */
export interface CapturedStore extends StateCapture {
  /** Its revision then. */
  readonly revision: number;
}

/** How the membership is to change. */
export interface ChangeRequest {
  /** All of it at once, or nothing. */
  readonly change: MembershipChange;
  /** Where the configuration stands that the operator has seen; null if any will do. */
  readonly expectedIndex: number | null;
}

/** Who leads after a hand-over. */
export interface Heir {
  /** The leader. */
  readonly leaderId: NodeId;
  /** Its term. */
  readonly term: Term;
}

/** Who belongs to the cluster. */
export interface Membership {
  /** Where the configuration stands in the log. */
  readonly index: number;
  /** Whether the node knows it to be committed. */
  readonly isCommitted: boolean;
  /** The members in force and their roles. */
  readonly configuration: Configuration;
}

/** What the HTTP edge needs of a node. */
export interface KvPort {
  /** The id of the node itself. */
  readonly nodeId: string;
  /** The id of its cluster. */
  readonly clusterId: string;
  /** Whether the node has begun to shut down. */
  readonly isStopping: boolean;
  /** Whether it does so because it is no member any more. */
  readonly isRemoved: boolean;
  /** Whether it lost its state to damage, and has no snapshot in its place yet. */
  readonly isStateLost: boolean;

  /**
   * Proposes a command, on whichever node leads, and calls back when it is applied, or when it does
   * not come to an answer in time: the failure's outcome says what is known.
   */
  proposeThen(command: Command, options: CallOptions, settle: Settle<CommandResult>): void;

  /**
   * Calls back when a read of this freshness may be served. The reader must be used in that turn: it
   * shows the state of that moment, not of later ones.
   */
  readThen(freshness: Freshness, options: CallOptions, settle: Settle<KvReader>): void;

  /** The state machine of the node, to be followed as it goes on. */
  readonly events: EventFeed;

  /**
   * The state as of a moment that a linearizable read may see, to be written down at leisure.
   *
   * @throws {KvFailure} if that moment does not come in time
   */
  capture(limit: TimeLimit): Promise<CapturedStore>;

  /** What the node knows of itself. */
  status(): NodeStatus;

  /** Everyone in the cluster, in order of their ids. */
  members(): readonly Member[];

  /** Who belongs to the cluster, as far as the node knows. */
  membership(): Membership;

  /**
   * Changes the membership, on whichever node leads, and waits until the change is finished.
   *
   * @throws {KvFailure} if it is refused, or does not come to an answer in time
   */
  changeMembership(request: ChangeRequest, limit: TimeLimit): Promise<Membership>;

  /**
   * Hands the leadership to `target`, or to whoever is furthest along, and waits for the new leader,
   * which may be another if that one won the election.
   *
   * @throws {KvFailure} if it is refused, or does not come to an answer in time
   */
  transferLeadership(target: NodeId | null, limit: TimeLimit): Promise<Heir>;

  /**
   * Asks every member how it is; a silent member has no status.
   *
   * @throws {KvFailure} if the node stops, or if too many ask at once
   */
  clusterStatus(limit: TimeLimit): Promise<readonly MemberStatus[]>;
}
