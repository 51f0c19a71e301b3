/**
 * Whoever watches a simulated cluster from outside: told of everything that happens to its nodes, at
 * the moment at which it happens, and free to throw if it breaks a rule.
 *
 * @module
 */

import type { Entry, Envelope, NodeId, PersistBatch, SnapshotMeta } from "@raftkv/core/raft";
import type { Input } from "@raftkv/core/replica";
import type { Observed } from "./observed.ts";

/** What a node may be told that is no message. */
export type Told = Exclude<Input, { readonly kind: "message" }>;

/** What happens to nodes. */
export interface NodeWitness {
  /** A node has taken a step; nothing of what follows from it has left yet. */
  onStepped(node: Observed): void;
  /** A node sends a message. */
  onSent(node: Observed, envelope: Envelope): void;
  /** A message leaves for the network, in this form. */
  onPosted(node: Observed, to: NodeId, bytes: Uint8Array): void;
  /** Messages that had to wait for a batch leave next, all together. */
  onReleased(node: Observed, envelopes: readonly Envelope[]): void;
  /** A link hands bytes to a node that runs, under the name of a peer. */
  onDelivered(node: Observed, from: NodeId, bytes: Uint8Array): void;
  /** A node takes a message in, next. */
  onReceived(node: Observed, from: NodeId, message: Envelope["message"]): void;
  /** A node takes anything else in, next. */
  onTold(node: Observed, input: Told): void;
  /** A node gives its disk a batch. */
  onWriting(node: Observed, batch: PersistBatch): void;
  /** A batch goes to a node's disk: called before it is there. */
  onPersisting(node: Observed, batch: PersistBatch): void;
  /** A batch has reached a node's disk. */
  onPersisted(node: Observed, batch: PersistBatch): void;
  /** A node has saved its state. */
  onSnapshot(node: Observed, meta: SnapshotMeta): void;
  /** A leader's snapshot took the place of a node's log. */
  onInstalled(node: Observed, meta: SnapshotMeta): void;
  /** A node's state machine takes in an entry. */
  onApplied(id: NodeId, entry: Entry): void;
  /** A node's state machine has taken in an entry, and this came of it. */
  onCarriedOut(id: NodeId, entry: Entry, result: unknown): void;
  /** A node was stopped: what it had only in memory may go back. */
  onCrashed(id: NodeId): void;
  /** A node has read its disk and begins to run. */
  onStarted(node: Observed): void;
}

/** What happens around nodes. */
export interface SurroundingsWitness {
  /** Something happened to a node's files. */
  onDiskEvent(id: NodeId, event: DiskEvent): void;
  /** A link dropped a frame that was not as it was sent. */
  onFrameDropped(from: NodeId, to: NodeId): void;
}

/**
 * The moments at which a witness is told; it need not care for all of them. It changes nothing and
 * draws no chance.
 */
export interface Witness extends NodeWitness, SurroundingsWitness {}

/**
 * What may happen to a node's files: bytes that a crash left half written were cut off; a call that
 * found no room found some later.
 */
export type DiskEvent = "torn_tail_cut" | "room_again";

/** Tells several witnesses, in order. */
export class Witnesses implements Witness {
  readonly #all: Partial<Witness>[];

  /** Begins with these. */
  constructor(witnesses: readonly Partial<Witness>[]) {
    this.#all = [...witnesses];
  }

  /** One more witness, from now on. */
  add(witness: Partial<Witness>): void {
    this.#all.push(witness);
  }

  onStepped(node: Observed): void {
    for (const each of this.#all) each.onStepped?.(node);
  }

  onSent(node: Observed, envelope: Envelope): void {
    for (const each of this.#all) each.onSent?.(node, envelope);
  }

  onPosted(node: Observed, to: NodeId, bytes: Uint8Array): void {
    for (const each of this.#all) each.onPosted?.(node, to, bytes);
  }

  onReleased(node: Observed, envelopes: readonly Envelope[]): void {
    for (const each of this.#all) each.onReleased?.(node, envelopes);
  }

  onDelivered(node: Observed, from: NodeId, bytes: Uint8Array): void {
    for (const each of this.#all) each.onDelivered?.(node, from, bytes);
  }

  onReceived(node: Observed, from: NodeId, message: Envelope["message"]): void {
    for (const each of this.#all) each.onReceived?.(node, from, message);
  }

  onTold(node: Observed, input: Told): void {
    for (const each of this.#all) each.onTold?.(node, input);
  }

  onWriting(node: Observed, batch: PersistBatch): void {
    for (const each of this.#all) each.onWriting?.(node, batch);
  }

  onPersisting(node: Observed, batch: PersistBatch): void {
    for (const each of this.#all) each.onPersisting?.(node, batch);
  }

  onPersisted(node: Observed, batch: PersistBatch): void {
    for (const each of this.#all) each.onPersisted?.(node, batch);
  }

  onSnapshot(node: Observed, meta: SnapshotMeta): void {
    for (const each of this.#all) each.onSnapshot?.(node, meta);
  }

  onInstalled(node: Observed, meta: SnapshotMeta): void {
    for (const each of this.#all) each.onInstalled?.(node, meta);
  }

  onApplied(id: NodeId, entry: Entry): void {
    for (const each of this.#all) each.onApplied?.(id, entry);
  }

  onCarriedOut(id: NodeId, entry: Entry, result: unknown): void {
    for (const each of this.#all) each.onCarriedOut?.(id, entry, result);
  }

  onCrashed(id: NodeId): void {
    for (const each of this.#all) each.onCrashed?.(id);
  }

  onStarted(node: Observed): void {
    for (const each of this.#all) each.onStarted?.(node);
  }

  onDiskEvent(id: NodeId, event: DiskEvent): void {
    for (const each of this.#all) each.onDiskEvent?.(id, event);
  }

  onFrameDropped(from: NodeId, to: NodeId): void {
    for (const each of this.#all) each.onFrameDropped?.(from, to);
  }
}
