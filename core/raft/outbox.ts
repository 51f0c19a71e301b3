/**
 * Collects what a node wants done, and decides which messages may leave now and which only after
 * the next batch is durable.
 *
 * @module
 */

import { unreachable } from "../assert.ts";
import type { Entry } from "./entry.ts";
import type { LogIndex, NodeId, Term } from "./ids.ts";
import type { Envelope, RaftMessage } from "./message.ts";
import type { PersistBatch } from "./persist.ts";
import type { ReadGrant } from "./read_rounds.ts";
import type { SnapshotChunk, SnapshotMeta } from "./snapshot.ts";

/** Snapshot work for the host's storage; each task is answered by an input. */
export type SnapshotTask =
  | {
    /** Read a chunk to send to `to`. */
    readonly kind: "read_chunk";
    readonly to: NodeId;
    readonly meta: SnapshotMeta;
    readonly offsetBytes: number;
  }
  | { readonly kind: "stage_chunk"; readonly from: NodeId; readonly chunk: SnapshotChunk }
  | { readonly kind: "install"; readonly from: NodeId; readonly meta: SnapshotMeta };

/** What the node wants done, in the order of the fields. */
export interface RaftOutbox<Token> {
  /** Messages that promise nothing the disk has not kept. */
  readonly sendNow: readonly Envelope<RaftMessage>[];
  /** To be made durable by one write and one sync, then reported by its ticket. */
  readonly persist: PersistBatch | null;
  /** Messages that may leave only after `persist` is durable. */
  readonly sendAfterPersist: readonly Envelope<RaftMessage>[];
  /** Newly committed entries, in order, each handed over once. */
  readonly committed: readonly Entry[];
  /** Whether more committed entries wait than this drain handed over. */
  readonly hasMore: boolean;
  /** Reads that have become safe. */
  readonly grants: readonly ReadGrant<Token>[];
  /** Reads that this node can no longer decide: it does not lead any more. */
  readonly abandoned: readonly Token[];
  /** Snapshot work for storage. */
  readonly tasks: readonly SnapshotTask[];
}

/** The mutable half of {@linkcode RaftOutbox}. */
export class OutboxBuilder<Token> {
  grants: ReadGrant<Token>[] = [];
  abandoned: Token[] = [];
  tasks: SnapshotTask[] = [];
  #now: Envelope<RaftMessage>[] = [];
  #held: Envelope<RaftMessage>[] = [];

  /** Queues a message for `to`. */
  send(to: NodeId, message: RaftMessage): void {
    if (isPromise(message)) hold(this.#held, { to, message });
    else this.#now.push({ to, message });
  }

  /**
   * Forgets promises of terms before `term`. They are of no use to anyone, and an acknowledgement
   * among them may name entries that the new term's leader has replaced before they ever reached
   * the disk: sent later, it would make a deposed leader count them.
   */
  dropOlderThan(term: Term): void {
    this.#held = this.#held.filter(({ message }) => message.term >= term);
  }

  /** Everything it holds, as plain data. */
  toJSON(): object {
    return { ...this, now: this.#now, held: this.#held };
  }

  /**
   * Forgets requests for votes that have not left: their sender is no candidate any more. The leader
   * of the term may have cut the log that they speak of.
   */
  dropCandidacy(): void {
    this.#held = this.#held.filter(({ message }) => message.type !== "vote_request");
  }

  /** Splits the queued messages by what is durable now; `persist` covers all the rest. */
  takeMessages(
    kept: DurableClaims,
    persist: PersistBatch | null,
  ): { now: Envelope<RaftMessage>[]; after: Envelope<RaftMessage>[] } {
    const now: Envelope<RaftMessage>[] = [];
    const early: Envelope<RaftMessage>[] = [];
    const held: Envelope<RaftMessage>[] = [];
    for (const envelope of this.#now) {
      (isTermKept(envelope.message, kept) ? now : early).push(envelope);
    }
    for (const envelope of this.#held) {
      if (isPromiseKept(envelope.message, kept)) now.push(envelope);
      else hold(held, envelope);
    }
    for (const envelope of early) hold(held, envelope);
    this.#now = [];
    this.#held = persist === null ? held : [];
    return { now, after: persist === null ? [] : held };
  }
}

/**
 * Adds a message to those that wait, in order. One of a kind for each peer is enough: the newest answer
 * says all that those before it did, and an acknowledgement speaks for all entries before its own. While
 * a disk hangs, a leader that asks again and again would else fill the memory.
 */
function hold(waiting: Envelope<RaftMessage>[], envelope: Envelope<RaftMessage>): void {
  const { message, to } = envelope;
  const at = waiting.findIndex((each) => each.to === to && each.message.type === message.type);
  const earlier = waiting[at]?.message;
  if (earlier === undefined) waiting.push(envelope);
  else if (!isLess(message, earlier)) waiting[at] = envelope;
}

/** Whether a message acknowledges less than an earlier one: it answers an old request. */
function isLess(message: RaftMessage, earlier: RaftMessage): boolean {
  return message.type === "append_accepted" && earlier.type === "append_accepted" &&
    message.matchIndex < earlier.matchIndex;
}

/** What a crash now would leave, as far as messages speak of it. */
export interface DurableClaims {
  readonly term: Term;
  /** Whether the present vote is durable. */
  readonly vote: boolean;
  readonly index: LogIndex;
}

/** Whether the message promises something that must be on disk first. */
function isPromise(message: RaftMessage): boolean {
  switch (message.type) {
    case "vote_request": // promises the sender's vote for itself
    case "vote_response":
    case "append_accepted":
      return true;
    case "snapshot_response":
      return message.installed;
    case "pre_vote_request":
    case "pre_vote_response":
    case "append_request":
    case "append_rejected":
    case "heartbeat_request":
    case "heartbeat_response":
    case "snapshot_request":
    case "timeout_now":
      return false;
    default:
      return unreachable(message);
  }
}

/** Whether the term that a message shows its receiver is durable here. */
function isTermKept(message: RaftMessage, kept: DurableClaims): boolean {
  // The term of a pre-vote is a question ("would you?"), nobody has entered it.
  if (message.type === "pre_vote_request") return true;
  if (message.type === "pre_vote_response" && message.granted) return true;
  return message.term <= kept.term;
}

/** Whether what a promise speaks of has become durable while it waited. */
function isPromiseKept(message: RaftMessage, kept: DurableClaims): boolean {
  if (message.term > kept.term) return false;
  switch (message.type) {
    case "append_accepted":
      return message.matchIndex <= kept.index;
    case "snapshot_response":
      // Its last entry may be here as an entry that is still on its way to the disk.
      return !message.installed || message.index <= kept.index;
    default:
      return kept.vote;
  }
}
