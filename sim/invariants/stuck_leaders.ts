/**
 * I41: a leader that cannot persist gives way. None speaks any more three election timeouts after it
 * gave its disk a batch that has not ended since.
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { Envelope, NodeId, PersistBatch, Ticket } from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { Rule } from "./rule.ts";

const TIMEOUTS_MAX = 3;

/** I41 a leader that cannot persist gives way. */
export class StuckLeaders implements Rule {
  readonly #limitMs: number;
  /** Since when each batch is on its way, by the node's clock. */
  readonly #writing = new Map<NodeId, Map<Ticket, number>>();

  /** Begins with idle disks. `timeoutMs` is the longest election timeout. */
  constructor(timeoutMs: number) {
    this.#limitMs = TIMEOUTS_MAX * timeoutMs;
  }

  onWriting({ id, clock }: Observed, { ticket }: PersistBatch): void {
    const batches = this.#writing.get(id) ?? new Map<Ticket, number>();
    this.#writing.set(id, batches.set(ticket, clock.monotonicMs));
  }

  onPersisted({ id }: Observed, { ticket }: PersistBatch): void {
    this.#writing.get(id)?.delete(ticket);
  }

  onCrashed(id: NodeId): void {
    this.#writing.delete(id);
  }

  onSent({ id, clock }: Observed, { to, message }: Envelope): void {
    if (message.type !== "heartbeat_request") return;
    // Maps keep the order of insertion: the first is the oldest.
    const [sinceMs = clock.monotonicMs] = this.#writing.get(id)?.values() ?? [];
    invariant(
      clock.monotonicMs - sinceMs <= this.#limitMs,
      "I41 a leader that cannot persist gives way",
      () => ({ id, to, term: message.term, stuckForMs: clock.monotonicMs - sinceMs }),
    );
  }
}
