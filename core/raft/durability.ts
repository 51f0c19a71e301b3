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
  readonly repairs: readonly LogIndex[];
  /** Last entry of the batch that is still in the log: a truncation meanwhile lowers it. */
  through: LogIndex;
  readonly sinceMs: number;
}

/** Tracks the way of term, vote and entries to the disk. */
export class Durability {
  #hardState: HardState;
  /** The last entry of the present log that was ever written. */
  #written: LogIndex;
  /** Those up to there that were lost to damage and not written again, in order. */
  #lost: readonly LogIndex[];
  #inFlight: InFlight | null = null;
  #tickets = 0;

  /** @param log As storage recovered it. */
  constructor(hardState: HardState, log: Pick<RaftLog, "lastIndex" | "lost">) {
    this.#hardState = hardState;
    this.#written = log.lastIndex;
    this.#lost = log.lost.map(({ index }) => index);
  }

  /** The term that a crash now would leave. No message may carry a later one. */
  get term(): Term {
    return this.#hardState.term;
  }

  /** The last entry of the present log that a crash now would leave, with all before it. */
  get index(): LogIndex {
    const first = this.#lost[0];
    return first === undefined ? this.#written : indexMin(this.#written, indexBefore(first));
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
    this.#written = indexMin(this.#written, indexBefore(from));
    if (this.#lost.length > 0) this.#lost = this.#lost.filter((index) => index < from);
    if (this.#inFlight !== null) {
      this.#inFlight.through = indexMin(this.#inFlight.through, indexBefore(from));
    }
  }

  /** A durable snapshot took the place of the log, or of its beginning; `log` is what is left. */
  onInstalled(log: Pick<RaftLog, "base" | "lastIndex">): void {
    invariant(this.#inFlight === null, "no batch is written while a snapshot is installed");
    this.#written = log.lastIndex;
    this.#lost = this.#lost.filter((index) => index > log.base.index && index <= log.lastIndex);
  }

  /** The next batch, or null if there is nothing to write or one is on its way. */
  nextBatch(
    log: RaftLog,
    current: { readonly hardState: HardState; readonly nowMs: number },
  ): PersistBatch | null {
    const { hardState, nowMs } = current;
    if (this.#inFlight !== null) return null;
    const kept = this.holds(hardState.term, hardState.votedFor);
    const restored = this.#lost.filter((index) => !log.isLost(index));
    if (kept && this.#written === log.lastIndex && restored.length === 0) return null;
    const ticket = ++this.#tickets as Ticket;
    const entries = log.between(this.#written, log.lastIndex);
    this.#inFlight = {
      ticket,
      hardState: kept ? null : hardState,
      repairs: restored,
      through: log.lastIndex,
      sinceMs: nowMs,
    };
    const repairs = restored.map((index) => log.entry(index));
    return { ticket, hardState: kept ? null : hardState, entries, repairs };
  }

  /** Everything it holds, as plain data. */
  toJSON(): object {
    return {
      hardState: this.#hardState,
      written: this.#written,
      lost: this.#lost,
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
    this.#written = indexMax(this.#written, written.through);
    const { repairs } = written;
    if (repairs.length > 0) this.#lost = this.#lost.filter((index) => !repairs.includes(index));
  }
}
