/**
 * The store as a program sees it, be it on other machines or inside the same process.
 *
 * @module
 */

import type {
  ClusterStatusAnswer,
  DeleteAnswer,
  GetAnswer,
  HealthAnswer,
  Json,
  LeaderAnswer,
  ListAnswer,
  MembersAnswer,
  MembersBody,
  PutAnswer,
} from "@raftkv/core/api";
import type { Claim, ClaimOptions } from "./claim.ts";
import type { Collection } from "./collection.ts";
import type { Lease } from "./lease.ts";
import type {
  ElectOptions,
  LeaseOptions,
  ListOptions,
  ListPageOptions,
  PutOptions,
  ReadOptions,
  RemoveOptions,
} from "./options.ts";
import type { RequestOptions } from "./request_options.ts";
import type { Selection } from "./selection.ts";
import type { StandardSchema } from "./standard_schema.ts";
import type { Txn } from "./txn.ts";
import type { Entry, IncrementBounds, IncrementResult } from "./txn_operation.ts";
import type { Value } from "./value.ts";
import type { WatchEvent, WatchOptions } from "./watch_event.ts";

/** A key that was read, and the revision of the store that shows it. */
export interface Found<T = Json> extends Omit<GetAnswer, "value">, Entry<T> {
}

/** Who is elected. */
export interface Elected<T = Json> {
  /** What it gave when it stood for election. */
  readonly value: T;
  /** Its fencing token. */
  readonly token: number;
}

/** What is left of a lease. */
export interface LeaseTime {
  /** Its id. */
  readonly lease: string;
  /** Seconds that are left, as of the last entry of the log. */
  readonly ttl: number;
  /** Seconds that it lives without renewal. */
  readonly grantedTtl: number;
  /** The keys that end with it. */
  readonly keys: readonly string[];
}

/** How many keys a deletion removed. */
export interface Deleted {
  /** How many there were. */
  readonly deleted: number;
  /** The store's revision after it. */
  readonly revision: number;
}

/** What a compaction left. */
export interface Compacted {
  /** The first revision that can still be read. */
  readonly compactRevision: number;
  /** The store's revision. */
  readonly revision: number;
}

/**
 * A store. Requests may overlap freely; at most 64 writes are sent at once, the others wait their
 * turn.
 *
 * Every method rejects with {@linkcode KvError} when it fails, with the reason of the caller's
 * signal when the caller ends it, and with a `TypeError` for a value that JSON cannot express.
 * Writes are repeated until their fate is known or the time is over, and take effect at most once.
 */
export interface Kv extends AsyncDisposable {
  /** The base URLs known by now: those given, and those learnt. */
  readonly endpoints: readonly string[];

  /** Sets a key to any JSON value, or to bytes. */
  put(key: string, value: Value, options?: PutOptions): Promise<PutAnswer>;

  /** Reads a key; null if there is none. */
  get<T = Json>(key: string, options?: ReadOptions): Promise<Found<T> | null>;

  /** Removes a key; the answer's `deleted` is 0 if there was none. */
  delete(key: string, options?: RemoveOptions): Promise<DeleteAnswer>;

  /** Removes all keys of a selection, at one revision: at most 4,096. */
  deleteRange(selection: Selection, options?: RequestOptions): Promise<Deleted>;

  /** Adds to a counter of 64 bits; a key that is not there counts as 0. */
  increment(key: string, options?: IncrementBounds & RequestOptions): Promise<IncrementResult>;

  /**
   * Replaces a value by what `change` makes of it, if nobody else has changed the key meanwhile; else
   * again, until it succeeds or its time is over. `change` gets null if there is none, and may be
   * called several times.
   */
  update(
    key: string,
    change: (found: Entry | null) => Value | Promise<Value>,
    options?: Omit<PutOptions, "ifRevision">,
  ): Promise<PutAnswer>;

  /**
   * Goes through keys in the order of their bytes. All pages are of one revision, that of the first,
   * so a list is a state that the store was in.
   */
  list<T = Json>(options?: ListOptions): AsyncGenerator<Entry<T>, void, undefined>;

  /** Reads one page of keys. */
  listPage(options?: ListPageOptions): Promise<ListAnswer>;

  /** How many keys a selection has. */
  count(options?: Selection & ReadOptions): Promise<number>;

  /** Begins a transaction. */
  txn(): Txn;

  /**
   * Follows keys, for as long as it is iterated: across the death of nodes and outages without a gap,
   * and from a fresh list, as a `reset`, if it fell behind what is kept.
   */
  watch<T = Json>(options?: WatchOptions): AsyncGenerator<WatchEvent<T>, void, undefined>;

  /** Makes a lease, and keeps it alive until it is revoked, disposed of, or lost. */
  lease(options: LeaseOptions): Promise<Lease>;

  /**
   * Takes over a lease that exists: renews it at once, and keeps it alive from now on.
   *
   * @throws {KvError} `lease_not_found` if it has ended
   */
  adoptLease(id: string, options?: RequestOptions): Promise<Lease>;

  /** What is left of a lease; null if there is none of this id. */
  leaseTime(id: string, options?: ReadOptions): Promise<LeaseTime | null>;

  /** Goes through the ids of all leases, in order. */
  leases(options?: ReadOptions): AsyncGenerator<string, void, undefined>;

  /**
   * Waits for a lock, through outages too, and holds it until it is released, disposed of, or lost:
   * then its `signal` is aborted. At most one holds it by the store's reckoning; what must be true even of a process that
   * was paused needs the fencing `token`, or {@linkcode Claim.held} in a transaction.
   *
   * @throws {KvError} `timeout` if it did not come in `timeoutMs`
   */
  lock(name: string, options?: ClaimOptions): Promise<Claim>;

  /**
   * Waits to be elected, through outages too, and leads until it resigns (`release`), is disposed of,
   * or loses the leadership: then its `signal` is aborted.
   *
   * @throws {KvError} `timeout` if it did not come in `timeoutMs`
   */
  elect(name: string, options?: ElectOptions): Promise<Claim>;

  /** Who is elected; null if nobody is. */
  elected<T = Json>(name: string, options?: ReadOptions): Promise<Elected<T> | null>;

  /** The part of the store under a prefix, whose values a schema checks. */
  collection<Input, Output>(
    prefix: string,
    schema: StandardSchema<Input, Output>,
  ): Collection<Input, Output>;

  /** Lets go of what lies before `revision`: it can no longer be read or watched. */
  compact(revision: number, options?: RequestOptions): Promise<Compacted>;

  /** What one node knows of all, itself included. */
  status(options?: RequestOptions): Promise<ClusterStatusAnswer>;

  /** Who leads; waits for an election under way. */
  leader(options?: RequestOptions): Promise<LeaderAnswer>;

  /** Who belongs to the cluster, in which role, and where in the log that stands. */
  members(options?: ReadOptions): Promise<MembersAnswer>;

  /**
   * Changes who belongs to the cluster, all of it in one step; resolves when the change is finished. It
   * is sent again only while it certainly had no effect: after `unknown`, look at the members.
   */
  changeMembers(change: MembersBody, options?: RequestOptions): Promise<MembersAnswer>;

  /**
   * Hands the leadership to a voter, or to the one that is furthest along; resolves to the new leader.
   * Sent again as {@linkcode Kv.changeMembers} is.
   */
  moveLeader(member?: string, options?: RequestOptions): Promise<LeaderAnswer>;

  /** Whether the first node that answers can serve; a node that cannot is an answer too. */
  health(options?: RequestOptions): Promise<HealthAnswer>;

  /** Ends what is under way, which rejects with an `AbortError`, and every later request. */
  close(): Promise<void>;
}
