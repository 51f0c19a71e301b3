/**
 * A network that delays, loses and repeats messages, and that can be cut in any direction. What it
 * carries is encoded bytes, as on a real one.
 *
 * @module
 */

import type { Random } from "@raftkv/core";
import type { NodeId } from "@raftkv/core/raft";
import type { EventQueue } from "./event_queue.ts";

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
}

/** A calm local network. */
export const CALM_NETWORK: NetworkOptions = {
  delayMsMin: 0.1,
  delayMsMax: 1,
  dropRate: 0,
  duplicateRate: 0,
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
  readonly #cut = new Set<string>();

  /** Makes a network without cuts. */
  constructor(
    queue: EventQueue,
    parts: {
      readonly random: Random;
      readonly options: NetworkOptions;
      readonly deliver: Deliver;
    },
  ) {
    this.#queue = queue;
    this.#random = parts.random;
    this.options = parts.options;
    this.#deliver = parts.deliver;
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
    const copies = this.#random() < this.options.duplicateRate ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      if (this.#random() < this.options.dropRate) continue;
      const { delayMsMin, delayMsMax } = this.options;
      const delayMs = delayMsMin + this.#random() * (delayMsMax - delayMsMin);
      this.#queue.after(delayMs, () => {
        if (this.isOpen(from, to)) this.#deliver(from, to, bytes);
      });
    }
  }
}
