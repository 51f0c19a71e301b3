/**
 * One node of the explored cluster: the production Raft core on a disk that keeps what is synced.
 * Nothing happens to it by itself; it takes one input at a time and tells what came of it.
 *
 * @module
 */

import {
  type Configuration,
  configurationOf,
  DEFAULT_WINDOWS,
  type Entry,
  type Envelope,
  type HardState,
  type NodeId,
  type PersistBatch,
  POSITION_ZERO,
  type RaftMessage,
  RaftNode,
  type RaftTiming,
  type ReadGrant,
  TERM_ZERO,
} from "@raftkv/core/raft";
import { LONG_MS } from "./canonical.ts";
import { NODES } from "./fingerprint.ts";

/** What a crash leaves. */
export interface Disk {
  /** The durable term and vote. */
  readonly hardState: HardState;
  /** The durable log, from index 1. */
  readonly entries: readonly Entry[];
}

/** The disk of a node that was never started. */
export const EMPTY_DISK: Disk = {
  hardState: { term: TERM_ZERO, votedFor: null },
  entries: [],
};

/** What may happen to a node. */
export type Input =
  | { readonly kind: "message"; readonly from: NodeId; readonly message: RaftMessage }
  /** Its timer runs out: a leader speaks to its peers, the others ask for votes. */
  | { readonly kind: "timer" }
  /** It hears nothing for longer than any timeout. */
  | { readonly kind: "silence" }
  /** A client proposes the command with this number. */
  | { readonly kind: "propose"; readonly command: number }
  /** A client asks for a read, at a moment when so many entries are known to be committed. */
  | { readonly kind: "read"; readonly committed: number }
  /** The batch on its way reaches the disk. */
  | { readonly kind: "persisted" };

/** A message on its way, with the disk of its sender at the moment it left. */
export interface Sent extends Envelope<RaftMessage> {
  readonly disk: Disk;
}

/**
 * Heartbeats cost next to no time and timeouts much, so that no way the search can go adds up enough
 * heartbeats for a timeout: states then need not be told apart by how many there were.
 */
const TIMING: RaftTiming = {
  heartbeatMs: 1,
  electionTimeoutMsMin: LONG_MS,
  electionTimeoutMsMax: 2 * LONG_MS,
};

const CONFIGURATION: Configuration = configurationOf(
  NODES.map((id) => ({ id, url: `sim://${id}` })),
);

/** A node that was just started. */
export class Actor {
  readonly id: NodeId;
  readonly node: RaftNode<number>;
  #disk: Disk;
  #batch: PersistBatch | null = null;
  #after: readonly Envelope<RaftMessage>[] = [];
  #nowMs = 0;
  #sent: Sent[] = [];
  #grants: ReadGrant<number>[] = [];

  /** Starts from what the disk holds. */
  constructor(id: NodeId, disk: Disk) {
    this.id = id;
    this.#disk = disk;
    this.node = new RaftNode({
      id,
      initialConfiguration: CONFIGURATION,
      recovered: { ...disk, snapshot: null, base: POSITION_ZERO, entries: [...disk.entries] },
      timing: TIMING,
      // One entry a message: logs are compared and mended bit by bit.
      windows: { ...DEFAULT_WINDOWS, appendBytesMax: 1 },
      // All draw the same: who comes first is the explorer's choice, not that of chance.
      random: () => 0,
      now: { monotonicMs: 0, wallMs: 0 },
    });
    this.#drain();
  }

  /** What a crash would leave now. */
  get disk(): Disk {
    return this.#disk;
  }

  /** The batch on its way to the disk. */
  get batch(): PersistBatch | null {
    return this.#batch;
  }

  /** Its clock. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Everything that tells it from another. */
  toJSON(): Record<string, unknown> {
    const { batch, disk, id, node } = this;
    return { id, node, disk, batch, after: this.#after };
  }

  /**
   * Takes an input.
   *
   * @param keepsUp Whether the disk finishes at once what the input gives it to do.
   */
  take(input: Input, keepsUp: boolean): void {
    this.#apply(input);
    this.#drain();
    while (keepsUp && this.#batch !== null) {
      this.#persist();
      this.#drain();
    }
  }

  /** What left since the last call, and the reads that were found safe. */
  takeOutput(): { readonly sent: readonly Sent[]; readonly grants: readonly ReadGrant<number>[] } {
    const output = { sent: this.#sent, grants: this.#grants };
    this.#sent = [];
    this.#grants = [];
    return output;
  }

  #apply(input: Input): void {
    switch (input.kind) {
      case "message":
        return this.node.step(input.from, input.message);
      case "timer":
        return this.#tick(Math.max(this.#nowMs, this.node.wakeAtMs));
      case "silence":
        return this.#tick(this.#nowMs + TIMING.electionTimeoutMsMax);
      case "propose":
        this.node.propose(Uint8Array.of(input.command));
        return;
      case "read":
        return this.node.read(input.committed);
      case "persisted":
        return this.#persist();
    }
  }

  #tick(nowMs: number): void {
    this.#nowMs = nowMs;
    // The wall clock stands still: entries that differ by their time alone are one to the protocol.
    this.node.tick({ monotonicMs: nowMs, wallMs: 0 });
  }

  #drain(): void {
    for (;;) {
      const out = this.node.drain();
      this.#send(out.sendNow);
      if (out.persist !== null) {
        this.#batch = out.persist;
        this.#after = out.sendAfterPersist;
      }
      this.#grants.push(...out.grants);
      if (!out.hasMore) return;
    }
  }

  #persist(): void {
    const batch = this.#batch;
    if (batch === null) return;
    this.#batch = null;
    this.#disk = diskAfter(this.#disk, batch);
    this.#send(this.#after);
    this.#after = [];
    this.node.onPersisted(batch.ticket);
  }

  #send(envelopes: readonly Envelope<RaftMessage>[]): void {
    for (const envelope of envelopes) this.#sent.push({ ...envelope, disk: this.#disk });
  }
}

/** The disk once a batch has reached it. */
export function diskAfter(disk: Disk, batch: PersistBatch): Disk {
  const first = batch.entries[0];
  return {
    hardState: batch.hardState ?? disk.hardState,
    entries: first === undefined
      ? disk.entries
      : [...disk.entries.slice(0, first.index - 1), ...batch.entries],
  };
}
