/**
 * One Raft node on a bench: messages go in by hand, what it sends is read off line by line, and its
 * disk finishes a batch only when told to.
 *
 * @module
 */

import {
  DEFAULT_TIMING,
  DEFAULT_WINDOWS,
  type Entry,
  type Envelope,
  type NodeId,
  type PersistBatch,
  POSITION_ZERO,
  type RaftMessage,
  RaftNode,
  type RaftTiming,
  type ReadGrant,
  type SnapshotMeta,
  type SnapshotTask,
  type StoredEntry,
  type Term,
} from "@raftkv/core/raft";
import { pcg32 } from "../../core/random.ts";
import { describeMessage, entries, members, type Pair, position } from "./raft_messages.ts";

/** What a node on the bench starts from. */
export interface BenchOptions {
  /** Its name; n1 if not given. */
  readonly id?: string;
  /** How many voters. */
  readonly size?: number;
  readonly term?: number;
  readonly votedFor?: string;
  /** Terms of the stored entries. */
  readonly log?: readonly number[];
  /** Where the stored log begins, and the snapshot that covers what is before. */
  readonly snapshot?: SnapshotMeta;
  readonly base?: Pair;
  readonly windows?: Partial<typeof DEFAULT_WINDOWS>;
  readonly timing?: Partial<RaftTiming>;
  /** Stored entries of any kind, in place of `log`. */
  readonly stored?: readonly StoredEntry[];
  /** Names the life of its data directory. */
  readonly incarnation?: string;
}

/** A node under test. */
export class RaftBench {
  readonly node: RaftNode<string>;
  /** What left the node and was not taken yet. */
  sent: Envelope<RaftMessage>[] = [];
  #batch: PersistBatch | null = null;
  #after: readonly Envelope<RaftMessage>[] = [];
  #nowMs = 0;
  readonly committed: Entry[] = [];
  readonly grants: ReadGrant<string>[] = [];
  readonly abandoned: string[] = [];
  tasks: SnapshotTask[] = [];

  constructor(options: BenchOptions = {}) {
    const { term = 0, votedFor = null, log = [], windows = {} } = options;
    const base = options.base === undefined
      ? options.snapshot?.last ?? POSITION_ZERO
      : position(options.base);
    this.node = new RaftNode({
      id: (options.id ?? "n1") as NodeId,
      ...options.incarnation === undefined ? {} : { incarnation: options.incarnation },
      initialConfiguration: members(options.size ?? 3),
      recovered: {
        hardState: { term: term as Term, votedFor: votedFor as NodeId | null },
        snapshot: options.snapshot ?? null,
        base,
        entries: options.stored ?? entries(base.index, log),
      },
      timing: { ...DEFAULT_TIMING, ...options.timing },
      windows: { ...DEFAULT_WINDOWS, ...windows },
      random: pcg32(1),
      now: { monotonicMs: 0, wallMs: 0 },
    });
  }

  /** The batch on its way to the disk. */
  get batch(): PersistBatch | null {
    return this.#batch;
  }

  /** Milliseconds since the start. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Lets time pass in steps no longer than a heartbeat. */
  wait(ms: number): this {
    const endMs = this.#nowMs + ms;
    while (this.#nowMs < endMs) {
      this.#nowMs = Math.min(endMs, this.#nowMs + 50);
      this.node.tick({ monotonicMs: this.#nowMs, wallMs: this.#nowMs });
      this.drain();
    }
    return this;
  }

  /** Delivers messages, as one turn of the host. */
  receive(from: string, ...messages: RaftMessage[]): this {
    for (const message of messages) this.node.step(from as NodeId, message);
    return this.drain();
  }

  /** Carries out what the node wants, up to the sync. */
  drain(): this {
    const out = this.node.drain();
    this.sent.push(...out.sendNow);
    if (out.persist !== null) {
      this.#batch = out.persist;
      this.#after = out.sendAfterPersist;
    }
    this.committed.push(...out.committed);
    this.grants.push(...out.grants);
    this.abandoned.push(...out.abandoned);
    this.tasks.push(...out.tasks);
    return this;
  }

  /** The batch on its way becomes durable, and what waited for it leaves. The next one stays. */
  syncOnce(): this {
    const batch = this.#batch;
    if (batch === null) return this;
    this.#batch = null;
    this.sent.push(...this.#after);
    this.#after = [];
    this.node.onPersisted(batch.ticket);
    return this.drain();
  }

  /** Everything becomes durable. */
  sync(): this {
    while (this.#batch !== null) this.syncOnce();
    return this;
  }

  /** What left the node since the last call, as `to <- message`. */
  take(): string[] {
    const lines = this.sent.map(({ to, message }) => `${to} <- ${describeMessage(message)}`);
    this.sent = [];
    return lines;
  }

  /** Forgets what left so far. */
  quiet(): this {
    this.take();
    return this;
  }

  /** Makes the node win an election; its no-op stays on the way to the disk. */
  becomeLeader(): this {
    const voters = this.node.configuration.voters.slice(1);
    while (this.node.role === "follower") this.wait(50);
    const asked = voters.length === 0 ? this.node.term : (this.node.term + 1) as Term;
    for (const voter of voters) {
      this.receive(voter, { type: "pre_vote_response", term: asked, granted: true });
    }
    this.sync();
    for (const voter of voters) {
      this.receive(voter, { type: "vote_response", term: asked, granted: true });
    }
    return this.quiet();
  }

  /** The terms of the log from `first` on. */
  terms(first = 1): (number | null)[] {
    const terms = [];
    for (let index = first; index <= this.node.lastIndex; index++) {
      terms.push(this.node.termAt(position([index, 0]).index));
    }
    return terms;
  }
}
