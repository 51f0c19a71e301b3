/**
 * Knows which part of a node's state is durable, which is on its way to the disk, and which waits
 * for the next batch. One batch is under way at a time: whatever arrives meanwhile forms the next
 * one (group commit), and a completion can only mean the batch whose ticket it carries.
 *
 * @module
 */

import { invariant } from "../assert.ts";
import {
  indexBefore,
  indexMax,
  indexMin,
  type LogIndex,
  type NodeId,
  type Term,
  type Ticket,
} from "./ids.ts";
import type { RaftLog } from "./log.ts";
import type { HardState, PersistBatch } from "./persist.ts";

interface InFlight {
  readonly ticket: Ticket;
  readonly hardState: HardState | null;
  /** Last entry of the batch that is still in the log: a truncation meanwhile lowers it. */
  through: LogIndex;
  readonly sinceMs: number;
}

/** Tracks the way of term, vote and entries to the disk. */
export class Durability {
  #hardState: HardState;
  #index: LogIndex;
  #inFlight: InFlight | null = null;
  #tickets = 0;

  /** @param index The last entry that storage recovered. */
  constructor(hardState: HardState, index: LogIndex) {
    this.#hardState = hardState;
    this.#index = index;
  }

  /** The term that a crash now would leave. No message may carry a later one. */
  get term(): Term {
    return this.#hardState.term;
  }

  /** The last entry of the present log that a crash now would leave. */
  get index(): LogIndex {
    return this.#index;
  }

  /** Whether a batch is on its way. */
  get isWriting(): boolean {
    return this.#inFlight !== null;
  }

  /** For how long the batch on its way has been written, in milliseconds; 0 if there is none. */
  writingForMs(nowMs: number): number {
    return this.#inFlight === null ? 0 : nowMs - this.#inFlight.sinceMs;
  }

  /** Whether exactly this term and vote are durable. */
  holds(term: Term, votedFor: NodeId | null): boolean {
    return this.#hardState.term === term && this.#hardState.votedFor === votedFor;
  }

  /** The log lost its entries from `from` on: what was written of them no longer counts. */
  onTruncated(from: LogIndex): void {
    this.#index = indexMin(this.#index, indexBefore(from));
    if (this.#inFlight !== null) {
      this.#inFlight.through = indexMin(this.#inFlight.through, indexBefore(from));
    }
  }

  /** The whole log was replaced by a durable snapshot that ends at `index`. */
  onInstalled(index: LogIndex): void {
    invariant(this.#inFlight === null, "no batch is written while a snapshot is installed");
    this.#index = index;
  }

  /** The next batch, or null if there is nothing to write or one is on its way. */
  nextBatch(
    log: RaftLog,
    current: { readonly hardState: HardState; readonly nowMs: number },
  ): PersistBatch | null {
    const { hardState, nowMs } = current;
    if (this.#inFlight !== null) return null;
    const kept = this.holds(hardState.term, hardState.votedFor);
    if (kept && this.#index === log.lastIndex) return null;
    const ticket = ++this.#tickets as Ticket;
    const entries = log.between(this.#index, log.lastIndex);
    this.#inFlight = {
      ticket,
      hardState: kept ? null : hardState,
      through: log.lastIndex,
      sinceMs: nowMs,
    };
    return { ticket, hardState: kept ? null : hardState, entries };
  }

  /** Everything it holds, as plain data. */
  toJSON(): object {
    return {
      hardState: this.#hardState,
      index: this.#index,
      inFlight: this.#inFlight,
      tickets: this.#tickets,
    };
  }

  /** The batch with this ticket is durable. */
  onPersisted(ticket: Ticket): void {
    const written = this.#inFlight;
    invariant(
      written !== null && written.ticket === ticket,
      "a completion names the batch on its way",
    );
    this.#inFlight = null;
    if (written.hardState !== null) this.#hardState = written.hardState;
    this.#index = indexMax(this.#index, written.through);
  }
}
