/**
 * Every message that was ever on its way.
 *
 * @module
 */

import type { NodeId, RaftMessage, Term } from "@raftkv/core/raft";
import type { Sent } from "./actor.ts";
import { NODES } from "./fingerprint.ts";
import { Interner } from "./interner.ts";

/** A message with both its ends. */
export interface Message {
  /** Who sent it. */
  readonly from: NodeId;
  /** Who is to get it: 0, 1 or 2. */
  readonly to: number;
  /** What it says. */
  readonly message: RaftMessage;
}

/** All messages, by number. */
export class Messages {
  readonly #known = new Interner<Message>();

  /** How many there are. */
  get count(): number {
    return this.#known.kept.length;
  }

  /** The fingerprints, by number. */
  get lanes(): Uint32Array {
    return this.#known.lanes;
  }

  /** A message by its number. */
  at(id: number): Message {
    return this.#known.kept[id] as Message;
  }

  /** The numbers of what a node has sent, leaving out what asks for a term after `termMax`. */
  addAll(
    from: NodeId,
    { sent, termMax }: { readonly sent: readonly Sent[]; readonly termMax: Term },
  ): number[] {
    const ids = sent.filter(({ message }) => message.term <= termMax).map(({ message, to }) =>
      this.#known.idOf(
        { value: { from, message, to }, nowMs: 0 },
        () => ({ from, to: NODES.indexOf(to), message }),
      )
    );
    return [...new Set(ids)].sort((a, b) => a - b);
  }
}
