/**
 * A network that delays, loses and repeats messages, and that can be cut in any direction. What it
 * carries is encoded bytes, as on a real one.
 *
 * @module
 */

import type { Random } from "@raftkv/core";
import type { NodeId } from "@raftkv/core/raft";
import { encodeMessageFrame, parseFrame } from "@raftkv/transport/frame";
import { anyTimeMs } from "./chance.ts";
import type { EventQueue } from "./event_queue.ts";
import type { Trace } from "./trace.ts";

/** How a network behaves. Rates are probabilities, times are milliseconds. */
export interface NetworkOptions {
  /** Shortest time a message takes. */
  readonly delayMsMin: number;
  /** Longest time a message takes, but for those of the tail. */
  readonly delayMsMax: number;
  /** Share of messages that take much longer. */
  readonly tailRate: number;
  /** The mean of what they take longer; it is distributed exponentially. */
  readonly tailMsMean: number;
  /** Share of messages that vanish. */
  readonly dropRate: number;
  /** Share of messages that arrive twice. */
  readonly duplicateRate: number;
  /** Share of messages that arrive with a bit turned over, for the frame's checksum to find. */
  readonly corruptRate: number;
  /** Share of messages of which a copy arrives much later. */
  readonly replayRate: number;
  /** Longest time after which such a copy arrives. */
  readonly replayMsMax: number;
}

/** A calm local network. */
export const CALM_NETWORK: NetworkOptions = {
  delayMsMin: 0.1,
  delayMsMax: 1,
  tailRate: 0,
  tailMsMean: 0,
  dropRate: 0,
  duplicateRate: 0,
  corruptRate: 0,
  replayRate: 0,
  replayMsMax: 0,
};

/** A pair of nodes, in the direction of what travels. */
export interface Way {
  /** Where it leaves. */
  readonly from: NodeId;
  /** Where it is to arrive. */
  readonly to: NodeId;
}

/** Delivers bytes to a node. */
export type Deliver = (from: NodeId, to: NodeId, bytes: Uint8Array) => void;

/** Something that is wrong with one direction between two nodes. */
interface Trouble {
  /** How many cuts concern it. */
  cuts: number;
  /** What every message takes longer. */
  slowMs: number;
  /** Until when messages wait, to arrive all at once. */
  cloggedUntilMs: number;
}

/** Carries messages between simulated nodes. */
export class Network {
  /** May be changed at any time; it concerns messages sent from then on. */
  options: NetworkOptions;
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #deliver: Deliver;
  readonly #onMalformed: (way: Way) => void;
  readonly #trace: Trace;
  readonly #troubles = new Map<NodeId, Map<NodeId, Trouble>>();

  /** Makes a network without cuts. */
  constructor(
    queue: EventQueue,
    parts: {
      readonly random: Random;
      readonly options: NetworkOptions;
      readonly deliver: Deliver;
      /** A frame was not as it was sent: what a real link ends over. */
      readonly onMalformed: (way: Way) => void;
      readonly trace: Trace;
    },
  ) {
    this.#queue = queue;
    this.#random = parts.random;
    this.options = parts.options;
    this.#deliver = parts.deliver;
    this.#onMalformed = parts.onMalformed;
    this.#trace = parts.trace;
  }

  /** Stops everything that travels from one node to another, in this direction only. */
  cut(from: NodeId, to: NodeId): void {
    this.#trouble(from, to).cuts++;
  }

  /** Stops everything on these ways; returns what ends this, and this alone. */
  cutAll(ways: readonly Way[]): () => void {
    const troubles = ways.map(({ from, to }) => this.#trouble(from, to));
    for (const trouble of troubles) trouble.cuts++;
    let isCut = true;
    return () => {
      if (!isCut) return;
      isCut = false;
      for (const trouble of troubles) trouble.cuts = Math.max(0, trouble.cuts - 1);
    };
  }

  /** Makes everything on a way take longer by so many milliseconds; 0 ends it. */
  slow({ from, to }: Way, byMs: number): void {
    this.#trouble(from, to).slowMs = byMs;
  }

  /** Holds everything on a way back for so many milliseconds, to let it go all at once. */
  clog({ from, to }: Way, forMs: number): void {
    this.#trouble(from, to).cloggedUntilMs = this.#queue.nowMs + forMs;
  }

  /** Mends every way. */
  heal(): void {
    this.#troubles.clear();
  }

  /** Whether messages pass from one node to another. */
  isOpen(from: NodeId, to: NodeId): boolean {
    return (this.#troubles.get(from)?.get(to)?.cuts ?? 0) === 0;
  }

  /** Sends a message on its uncertain way. */
  send(from: NodeId, to: NodeId, bytes: Uint8Array): void {
    const { dropRate, duplicateRate, replayRate, replayMsMax } = this.options;
    this.#trace.message({ from, to, bytes });
    const copies = this.#happens(duplicateRate) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      if (this.#happens(dropRate)) continue;
      this.#deliverIn(this.#delayMs(from, to), { from, to, bytes });
    }
    if (this.#happens(replayRate)) {
      this.#deliverIn(this.#random() * replayMsMax, { from, to, bytes });
    }
  }

  #happens(rate: number): boolean {
    return rate > 0 && this.#random() < rate;
  }

  #delayMs(from: NodeId, to: NodeId): number {
    const { delayMsMin, delayMsMax, tailRate, tailMsMean } = this.options;
    let delayMs = delayMsMin + this.#random() * (delayMsMax - delayMsMin);
    if (this.#happens(tailRate)) delayMs += anyTimeMs(this.#random, tailMsMean);
    const trouble = this.#troubles.get(from)?.get(to);
    if (trouble === undefined) return delayMs;
    return Math.max(delayMs + trouble.slowMs, trouble.cloggedUntilMs - this.#queue.nowMs);
  }

  #deliverIn(
    delayMs: number,
    { from, to, bytes }: { from: NodeId; to: NodeId; bytes: Uint8Array },
  ): void {
    const isDamaged = this.#happens(this.options.corruptRate);
    this.#queue.after(delayMs, () => {
      if (!this.isOpen(from, to)) return;
      if (isDamaged) this.#deliverDamaged({ from, to, bytes });
      else this.#deliver(from, to, bytes);
    });
  }

  /** Only a damaged message needs its frame: that a sound one comes out as it went in is tested elsewhere. */
  #deliverDamaged({ from, to, bytes }: { from: NodeId; to: NodeId; bytes: Uint8Array }): void {
    const frame = encodeMessageFrame(bytes);
    const bit = Math.floor(this.#random() * 8 * frame.length);
    frame[bit >> 3]! ^= 1 << (bit & 7);
    const parsed = parseFrame(frame);
    if (parsed.kind === "message") this.#deliver(from, to, parsed.message);
    else this.#onMalformed({ from, to });
  }

  #trouble(from: NodeId, to: NodeId): Trouble {
    let ways = this.#troubles.get(from);
    if (ways === undefined) this.#troubles.set(from, ways = new Map());
    let trouble = ways.get(to);
    if (trouble === undefined) {
      ways.set(to, trouble = { cuts: 0, slowMs: 0, cloggedUntilMs: 0 });
    }
    return trouble;
  }
}
