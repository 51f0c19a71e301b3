/**
 * A node that was taken for the leader and has just said that it is none.
 *
 * @module
 */

import type { NodeId } from "../raft/ids.ts";

/**
 * Whom not to ask again for a moment: it may be that nobody leads yet, and to ask would only go to and
 * fro. Another leader is asked as soon as there is one.
 */
export class Disclaimer {
  #by: NodeId | null = null;
  #untilMs = -Infinity;

  /** `peer` does not lead; until `untilMs` there is no use in asking it again. */
  note(peer: NodeId, untilMs: number): void {
    this.#by = peer;
    this.#untilMs = untilMs;
  }

  /** Whether `peer` is still not to be asked. */
  isOf(peer: NodeId, nowMs: number): boolean {
    return peer === this.#by && nowMs < this.#untilMs;
  }
}
