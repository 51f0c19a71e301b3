/**
 * I3: terms never go back on a disk, and no message shows a later one than its sender's disk holds
 * (§5.1).
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import {
  type Envelope,
  isReplicaMessage,
  type Message,
  type NodeId,
  type PersistBatch,
  type Term,
} from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { Rule } from "./rule.ts";

/** I3 durable terms. */
export class DurableTerms implements Rule {
  readonly #kept = new Map<NodeId, Term>();

  onPersisted({ id }: Observed, { hardState }: PersistBatch): void {
    if (hardState === null) return;
    const known = this.#kept.get(id) ?? 0;
    invariant(
      hardState.term >= known,
      "I3 durable terms: a durable term never goes back",
      () => ({ id, known, next: hardState.term }),
    );
    this.#kept.set(id, hardState.term);
  }

  onSent({ id, disk }: Observed, { to, message }: Envelope): void {
    const term = shownTerm(message);
    invariant(
      term === null || term <= disk.hardState.term,
      "I3 durable terms: no message shows a term that its sender's disk does not hold",
      () => ({ from: id, to, type: message.type, term, disk: disk.hardState }),
    );
  }
}

/** The term that a message claims its sender to be in; null if it claims none. */
function shownTerm(message: Message): Term | null {
  // A term in those names the leader that is meant, of whom the sender has heard.
  if (isReplicaMessage(message)) return null;
  switch (message.type) {
    // The term of a pre-vote is a question: nobody has entered it.
    case "pre_vote_request":
      return null;
    case "pre_vote_response":
      return message.granted ? null : message.term;
    default:
      return message.term;
  }
}
