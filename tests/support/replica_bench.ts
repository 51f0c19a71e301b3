/**
 * One replica of a journal on a bench: inputs go in by hand, replies and messages are read off.
 * Its disk finishes each batch at once unless told to hang.
 *
 * @module
 */

import {
  type Configuration,
  DEFAULT_TIMING,
  DEFAULT_WINDOWS,
  type Envelope,
  type LogIndex,
  type LogPosition,
  type MembershipChange,
  type Message,
  type NodeId,
  POSITION_ZERO,
  type RaftTiming,
  type StoredEntry,
  type Term,
  type Ticket,
} from "@raftkv/core/raft";
import {
  type HostTask,
  type Input,
  type ReadMode,
  Replica,
  type Reply,
} from "@raftkv/core/replica";
import { pcg32 } from "../../core/random.ts";
import { JournalMachine, line } from "./journal_machine.ts";
import { accepted, entries, heartbeat, heartbeatAnswer, members } from "./raft_messages.ts";

/** What a replica on the bench starts from. */
export interface ReplicaBenchOptions {
  readonly size?: number;
  /** The members at the beginning, in place of `size`. */
  readonly configuration?: Configuration;
  readonly term?: number;
  readonly log?: readonly number[];
  /** What storage found behind index 0, in place of `log`; some of it may be lost. */
  readonly stored?: readonly StoredEntry[];
  /** Where the log begins, the state before it being lost unless that is at 0. */
  readonly base?: LogPosition;
  readonly snapshotLogBytesMin?: number;
  readonly seed?: number;
  readonly timing?: Partial<RaftTiming>;
}

/** A replica under test; it is n1. */
export class ReplicaBench {
  readonly replica: Replica<number>;
  readonly machine: JournalMachine = new JournalMachine();
  /** Every reply so far. */
  readonly replies: Reply<number>[] = [];
  sent: Envelope[] = [];
  tasks: HostTask[] = [];
  /** Whether batches stay on their way. */
  diskHangs = false;
  hasMore = false;
  nowMs = 0;
  #requests = 0;
  #held: { readonly ticket: Ticket; readonly after: readonly Envelope[] }[] = [];

  constructor(options: ReplicaBenchOptions = {}) {
    this.replica = new Replica<number>({
      id: "n1" as NodeId,
      initialConfiguration: options.configuration ?? members(options.size ?? 3),
      recovered: {
        hardState: { term: (options.term ?? 0) as Term, votedFor: null },
        snapshot: null,
        base: options.base ?? POSITION_ZERO,
        entries: options.stored ?? entries(options.base?.index ?? 0, options.log ?? []),
      },
      timing: { ...DEFAULT_TIMING, ...options.timing },
      windows: DEFAULT_WINDOWS,
      random: pcg32(options.seed ?? 1),
      now: this.#now(),
      machine: this.machine,
      snapshotLogBytesMin: options.snapshotLogBytesMin ?? 1 << 30,
    });
  }

  /** Feeds one input and carries out what follows. */
  step(input: Input): this {
    this.replica.step(this.#now(), input);
    return this.drain();
  }

  /** Carries out what the replica wants. */
  drain(): this {
    const out = this.replica.drain();
    this.sent.push(...out.sendNow);
    this.replies.push(...out.replies);
    this.tasks.push(...out.tasks);
    this.hasMore = out.hasMore;
    if (out.persist !== null) {
      this.#held.push({ ticket: out.persist.ticket, after: out.sendAfterPersist });
    }
    if (!this.diskHangs) this.sync();
    if (out.hasMore) this.drain();
    return this;
  }

  /** Everything becomes durable. */
  sync(): this {
    for (let batch = this.#held.shift(); batch !== undefined; batch = this.#held.shift()) {
      this.sent.push(...batch.after);
      this.step({ kind: "persisted", ticket: batch.ticket });
    }
    return this;
  }

  /** Lets time pass as a host would: a tick whenever the replica asked for one. */
  wait(ms: number): this {
    const endMs = this.nowMs + ms;
    while (this.replica.wakeAtMs <= endMs) {
      this.nowMs = Math.max(this.nowMs, this.replica.wakeAtMs);
      this.step({ kind: "tick" });
    }
    this.nowMs = endMs;
    return this;
  }

  /** Delivers a message. */
  receive(from: string, message: Message): this {
    return this.step({ kind: "message", from: from as NodeId, message });
  }

  /** A client's command; returns the number of the request. */
  propose(text: string, timeoutMs = 1_000): number {
    const requestId = ++this.#requests;
    const deadlineMs = this.nowMs + timeoutMs;
    this.step({ kind: "propose", requestId, payload: line(text), deadlineMs });
    return requestId;
  }

  /** The command of a client who wants to know where the time goes. */
  proposeTraced(text: string): number {
    const requestId = ++this.#requests;
    const deadlineMs = this.nowMs + 60_000;
    this.step({ kind: "propose", requestId, payload: line(text), deadlineMs, isTraced: true });
    return requestId;
  }

  /** A client's read. */
  read(timeoutMs = 1_000, mode: ReadMode = "linearizable"): number {
    const requestId = ++this.#requests;
    this.step({ kind: "read", requestId, deadlineMs: this.nowMs + timeoutMs, mode });
    return requestId;
  }

  /** An operator's change of the membership. */
  changeMembership(content: Partial<MembershipChange>, timeoutMs = 1_000): number {
    const requestId = ++this.#requests;
    this.step({
      kind: "change_membership",
      requestId,
      change: { add: [], remove: [], promote: [], move: [], ...content },
      expectedIndex: null,
      deadlineMs: this.nowMs + timeoutMs,
    });
    return requestId;
  }

  /** An operator's order to hand the leadership over. */
  transfer(target: NodeId | null, timeoutMs = 1_000): number {
    const requestId = ++this.#requests;
    const answer = { requestId, deadlineMs: this.nowMs + timeoutMs };
    this.step({ kind: "transfer_leadership", target, answer });
    return requestId;
  }

  /** A client's question about the cluster. */
  askStatus(timeoutMs = 1_000): number {
    const requestId = ++this.#requests;
    this.step({ kind: "cluster_status", requestId, deadlineMs: this.nowMs + timeoutMs });
    return requestId;
  }

  /** How a request ended, in short; null if it has not. */
  end(requestId: number): string | null {
    const reply = this.replies.find((each) => each.requestId === requestId);
    return reply === undefined ? null : reply.kind === "failed" ? reply.reason : reply.kind;
  }

  /** The messages of one type that left since the last call. */
  take<T extends Message["type"]>(type: T): (Message & { type: T })[] {
    const found = this.sent.map(({ message }) => message)
      .filter((message): message is Message & { type: T } => message.type === type);
    this.sent = this.sent.filter(({ message }) => message.type !== type);
    return found;
  }

  /** Links to everyone. */
  linked(): this {
    for (const { id } of this.replica.members) {
      if (id !== this.replica.id) this.step({ kind: "peer_up", peer: id });
    }
    return this;
  }

  /** Makes n2 the leader in `term`. */
  follow(term: number): this {
    return this.receive("n2", heartbeat(term));
  }

  /** Makes the replica win an election and commit its no-op. */
  lead(): this {
    this.linked();
    const others = this.replica.members.map(({ id }) => id).filter((id) => id !== this.replica.id);
    while (this.replica.role === "follower") this.wait(50);
    const term = (this.replica.term + 1) as Term;
    for (const id of others) this.receive(id, { type: "pre_vote_response", term, granted: true });
    for (const id of others) this.receive(id, { type: "vote_response", term, granted: true });
    this.acknowledge();
    this.sent = [];
    return this;
  }

  /** Every follower acknowledges all it was sent and heard. */
  acknowledge(): this {
    const { lastIndex, term } = this.replica.status();
    const rounds = this.take("heartbeat_request").map(({ round }) => Number(round));
    for (const { id } of this.replica.members) {
      if (id === this.replica.id || this.replica.role !== "leader") continue;
      this.receive(id, accepted(term, lastIndex));
      for (const round of rounds) this.receive(id, heartbeatAnswer(term, round));
    }
    return this;
  }

  /** The last index of the log. */
  get lastIndex(): LogIndex {
    return this.replica.status().lastIndex;
  }

  #now() {
    return { monotonicMs: this.nowMs, wallMs: this.nowMs };
  }
}
