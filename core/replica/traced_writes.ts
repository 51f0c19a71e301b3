/**
 * Where the time of some writes goes, for clients that ask. A leader that traces none pays for one
 * look at an empty map a turn.
 *
 * @module
 */

import type { LogIndex, NodeId } from "../raft/ids.ts";
import type { WriteTimes } from "../raft/message.ts";
import type { RaftNode } from "../raft/node.ts";

/** Traced at once; of further ones, no times are told. */
const TRACED_MAX = 64;

interface Traced {
  readonly arrivedAtMs: number;
  readonly appendedAtMs: number;
  durableAtMs: number | null;
  committedAtMs: number | null;
  readonly ackedAtMs: Map<NodeId, number>;
}

/** The traced entries in the log of a leader, until they are applied. */
export class TracedWrites {
  readonly #open = new Map<LogIndex, Traced>();

  /** A traced command has become the entry at `index`. */
  begin(index: LogIndex, moments: { readonly arrivedAtMs: number; readonly nowMs: number }): void {
    const { arrivedAtMs, nowMs } = moments;
    if (this.#open.size >= TRACED_MAX) return;
    this.#open.set(index, {
      arrivedAtMs,
      appendedAtMs: nowMs,
      durableAtMs: null,
      committedAtMs: null,
      ackedAtMs: new Map(),
    });
  }

  /** Notes how far the entries have come. */
  observe(node: RaftNode<unknown>, nowMs: number): void {
    for (const [index, traced] of this.#open) {
      if (node.durableIndex >= index) traced.durableAtMs ??= nowMs;
      if (node.commitIndex >= index) traced.committedAtMs ??= nowMs;
      for (const id of node.holdersOf(index)) {
        if (!traced.ackedAtMs.has(id)) traced.ackedAtMs.set(id, nowMs);
      }
    }
  }

  /** The entry at `index` is applied: what became of its time, if it was traced up to here. */
  end(index: LogIndex): WriteTimes | null {
    const traced = this.#open.get(index);
    if (traced === undefined) return null;
    this.#open.delete(index);
    const { arrivedAtMs, appendedAtMs, durableAtMs, committedAtMs, ackedAtMs } = traced;
    if (committedAtMs === null) return null;
    return {
      queueMs: appendedAtMs - arrivedAtMs,
      fsyncMs: durableAtMs === null ? null : durableAtMs - appendedAtMs,
      quorumMs: committedAtMs - appendedAtMs,
      peers: [...ackedAtMs].map(([id, atMs]) => ({ id, ackMs: atMs - appendedAtMs })),
    };
  }

  /** Entries up to `index` will not be applied one by one. */
  skip(index: LogIndex): void {
    for (const at of this.#open.keys()) if (at <= index) this.#open.delete(at);
  }
}
