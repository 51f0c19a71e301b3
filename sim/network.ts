/**
 * A network that delays, loses and repeats messages, and that can be cut in any direction. What it
 * carries is encoded bytes, as on a real one.
 *
 * @module
 */

import type { Random } from "@raftkv/core";
import type { NodeId } from "@raftkv/core/raft";
import type { EventQueue } from "./event_queue.ts";
import type { Trace } from "./trace.ts";

/** How a network behaves. Rates are probabilities, times are milliseconds. */
export interface NetworkOptions {
  /** Shortest time a message takes. */
  readonly delayMsMin: number;
  /** Longest time a message takes. */
  readonly delayMsMax: number;
  /** Share of messages that vanish. */
  readonly dropRate: number;
  /** Share of messages that arrive twice. */
  readonly duplicateRate: number;
  /** Share of messages of which a copy arrives much later. */
  readonly replayRate: number;
  /** Longest time after which such a copy arrives. */
  readonly replayMsMax: number;
}

/** A calm local network. */
export const CALM_NETWORK: NetworkOptions = {
  delayMsMin: 0.1,
  delayMsMax: 1,
  dropRate: 0,
  duplicateRate: 0,
  replayRate: 0,
  replayMsMax: 0,
};

/** Delivers bytes to a node. */
export type Deliver = (from: NodeId, to: NodeId, bytes: Uint8Array) => void;

/** Carries messages between simulated nodes. */
export class Network {
  /** May be changed at any time; it concerns messages sent from then on. */
  options: NetworkOptions;
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #deliver: Deliver;
  readonly #trace: Trace;
  readonly #cut = new Set<string>();

  /** Makes a network without cuts. */
  constructor(
    queue: EventQueue,
    parts: {
      readonly random: Random;
      readonly options: NetworkOptions;
      readonly deliver: Deliver;
      readonly trace: Trace;
    },
  ) {
    this.#queue = queue;
    this.#random = parts.random;
    this.options = parts.options;
    this.#deliver = parts.deliver;
    this.#trace = parts.trace;
  }

  /** Stops everything that travels from one node to another, in this direction only. */
  cut(from: NodeId, to: NodeId): void {
    this.#cut.add(`${from}>${to}`);
  }

  /** Mends every cut. */
  heal(): void {
    this.#cut.clear();
  }

  /** Whether messages pass from one node to another. */
  isOpen(from: NodeId, to: NodeId): boolean {
    return !this.#cut.has(`${from}>${to}`);
  }

  /** Sends a message on its uncertain way. */
  send(from: NodeId, to: NodeId, bytes: Uint8Array): void {
    const { delayMsMin, delayMsMax, dropRate, duplicateRate, replayRate, replayMsMax } =
      this.options;
    this.#trace.add(`${this.#queue.nowMs} ${from}>${to}`, bytes);
    const copies = this.#random() < duplicateRate ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      if (this.#random() < dropRate) continue;
      this.#deliverIn(delayMsMin + this.#random() * (delayMsMax - delayMsMin), { from, to, bytes });
    }
    if (this.#random() < replayRate) {
      this.#deliverIn(this.#random() * replayMsMax, { from, to, bytes });
    }
  }

  #deliverIn(
    delayMs: number,
    { from, to, bytes }: { from: NodeId; to: NodeId; bytes: Uint8Array },
  ): void {
    this.#queue.after(delayMs, () => {
      if (this.isOpen(from, to)) this.#deliver(from, to, bytes);
    });
  }
}
