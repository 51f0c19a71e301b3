/**
 * Proposals that this node holds in memory because no log does yet: those that wait for a leader, and
 * those that were handed to one.
 *
 * @module
 */

import type { NodeId, Term } from "../raft/ids.ts";
import type { RequestId } from "./io.ts";

/** Who waits for the end of a proposal. */
export type Origin =
  /** The node itself, for its state machine. */
  | { readonly kind: "own" }
  | {
    readonly kind: "client";
    readonly requestId: RequestId;
    readonly deadlineMs: number;
    /** When it arrived, if it is to be traced. */
    readonly tracedFromMs: number | null;
  }
  | {
    readonly kind: "peer";
    readonly from: NodeId;
    readonly sender: number;
    readonly requestId: number;
    /** The term in which the peer believes this node to lead. */
    readonly term: Term;
    /** When it arrived, if it is to be traced. */
    readonly tracedFromMs: number | null;
  };

/** A command that waits for a leader. */
export interface Waiting {
  readonly origin: Origin;
  readonly payload: Uint8Array;
}

/** A command that was handed to a leader elsewhere. */
export interface Forwarded {
  readonly origin: Origin & { kind: "client" };
  readonly payload: Uint8Array;
  readonly to: NodeId;
  readonly atMs: number;
}

/** Most proposals held at once. */
const HELD_MAX = 10_000;

/** Most bytes of their payloads: as many as a leader takes into its log before it refuses more. */
const HELD_BYTES_MAX = 64 * 1024 * 1024;

/** What is held, within bounds. */
export class HeldProposals {
  #waiting: Waiting[] = [];
  readonly #forwarded = new Map<number, Forwarded>();
  /** How many of those that wait are not for a client of this node. */
  #foreignCount = 0;
  #bytes = 0;

  /** How many are held. */
  get count(): number {
    return this.#waiting.length + this.#forwarded.size;
  }

  /** How many wait for a leader. */
  get waitingCount(): number {
    return this.#waiting.length;
  }

  /** Lets a command wait, if there is room. */
  maybeAdd(waiting: Waiting): boolean {
    const { length } = waiting.payload;
    if (this.count >= HELD_MAX || this.#bytes + length > HELD_BYTES_MAX) return false;
    this.#bytes += length;
    this.#wait(waiting);
    return true;
  }

  /** Takes out all that wait. */
  takeWaiting(): Waiting[] {
    const taken = this.#waiting;
    this.#waiting = [];
    this.#foreignCount = 0;
    for (const { payload } of taken) this.#bytes -= payload.length;
    return taken;
  }

  /** Takes out those that wait for others than clients of this node; costs nothing if none does. */
  takeForeign(): Waiting[] {
    if (this.#foreignCount === 0) return [];
    return this.#takeWhere(({ origin }) => origin.kind !== "client");
  }

  /** Notes a command as handed to a leader, under the number of its message. */
  forward(number: number, forwarded: Forwarded): void {
    this.#forwarded.set(number, forwarded);
    this.#bytes += forwarded.payload.length;
  }

  /** Takes out a command that was handed over; null if it has ended. */
  takeForwarded(number: number): Forwarded | null {
    const forwarded = this.#forwarded.get(number);
    if (forwarded === undefined) return null;
    this.#forwarded.delete(number);
    this.#bytes -= forwarded.payload.length;
    return forwarded;
  }

  /** Lets a command that a leader sent back wait again. There is room: it was held all the time. */
  waitAgain({ origin, payload }: Forwarded): void {
    this.#bytes += payload.length;
    this.#wait({ origin, payload });
  }

  /** Takes out what was handed to `peer`. */
  takeForwardedTo(peer: NodeId): Forwarded[] {
    return this.#takeForwardedWhere(({ to }) => to === peer);
  }

  /** Takes out what has run out of time. */
  takeExpired(nowMs: number): { readonly waiting: Waiting[]; readonly forwarded: Forwarded[] } {
    const isOver = ({ origin }: Waiting) => origin.kind === "client" && origin.deadlineMs <= nowMs;
    return {
      waiting: this.#takeWhere(isOver),
      forwarded: this.#takeForwardedWhere(isOver),
    };
  }

  #wait(waiting: Waiting): void {
    this.#waiting.push(waiting);
    if (waiting.origin.kind !== "client") this.#foreignCount++;
  }

  #takeWhere(isMeant: (waiting: Waiting) => boolean): Waiting[] {
    const taken = this.#waiting.filter(isMeant);
    if (taken.length === 0) return taken;
    this.#waiting = this.#waiting.filter((waiting) => !isMeant(waiting));
    for (const { origin, payload } of taken) {
      this.#bytes -= payload.length;
      if (origin.kind !== "client") this.#foreignCount--;
    }
    return taken;
  }

  #takeForwardedWhere(isMeant: (forwarded: Forwarded) => boolean): Forwarded[] {
    const numbers = [...this.#forwarded].filter(([, each]) => isMeant(each)).map(([at]) => at);
    return numbers.map((number) => this.takeForwarded(number) as Forwarded);
  }
}
