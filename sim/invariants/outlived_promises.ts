/**
 * I19, of promises that wait for a disk: none outlives the term in which it was made. A leader of a
 * later term may have replaced what it speaks of before that ever reached the disk.
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { Envelope, Message, NodeId, PersistBatch, Term } from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { Rule } from "./rule.ts";

/** I19 no promise outlives its term. */
export class OutlivedPromises implements Rule {
  /** The term in which each node gave its disk the last batch. */
  readonly #written = new Map<NodeId, Term>();
  /** What left with that batch: its node may have entered a later term since. */
  readonly #released = new WeakSet<Envelope>();

  onWriting(node: Observed, _batch: PersistBatch): void {
    this.#written.set(node.id, node.status()?.term ?? 0 as Term);
  }

  onReleased({ id }: Observed, envelopes: readonly Envelope[]): void {
    const term = this.#written.get(id);
    for (const envelope of envelopes) {
      this.#released.add(envelope);
      if (term !== undefined) this.#demand(envelope, { id, term });
    }
  }

  onSent(node: Observed, envelope: Envelope): void {
    if (promisedTerm(envelope.message) === null || this.#released.has(envelope)) return;
    const term = node.status()?.term;
    if (term !== undefined) this.#demand(envelope, { id: node.id, term });
  }

  onCrashed(id: NodeId): void {
    this.#written.delete(id);
  }

  #demand(
    { message, to }: Envelope,
    { id, term }: { readonly id: NodeId; readonly term: Term },
  ): void {
    const promised = promisedTerm(message);
    invariant(
      promised === null || promised === term,
      "I19 durable before promised: no promise outlives the term in which it was made",
      () => ({ id, to, type: message.type, term, promised }),
    );
  }
}

/** The term in which a message promises what a disk holds; null if it promises nothing. */
function promisedTerm(message: Message): Term | null {
  switch (message.type) {
    case "vote_request":
    case "vote_response":
    case "append_accepted":
      return message.term;
    case "snapshot_response":
      return message.installed ? message.term : null;
    default:
      return null;
  }
}
