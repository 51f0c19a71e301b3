/**
 * I44: what strangers say changes nothing. Every message that a node takes off a link was sent to it,
 * by the very peer under whose name it comes, in this cluster, and arrives as it was sent.
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { NodeId } from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { Rule } from "./rule.ts";

/** Who sent something to whom. */
interface Posted {
  readonly from: NodeId;
  readonly to: NodeId[];
}

/** I44 no stranger is heard. */
export class Strangers implements Rule {
  /** By the bytes themselves, wherever they turn up: equal ones that another made are others. */
  readonly #posted = new WeakMap<Uint8Array, Posted>();

  onPosted({ id }: Observed, to: NodeId, bytes: Uint8Array): void {
    const posted = this.#posted.get(bytes);
    if (posted === undefined) this.#posted.set(bytes, { from: id, to: [to] });
    else posted.to.push(to);
  }

  onDelivered({ id }: Observed, from: NodeId, bytes: Uint8Array): void {
    const posted = this.#posted.get(bytes);
    invariant(
      posted?.from === from && posted.to.includes(id),
      "I44 no stranger is heard: a message comes from the peer that it is taken for",
      () => ({ id, from, posted: posted ?? null, bytes: bytes.toHex() }),
    );
  }
}
