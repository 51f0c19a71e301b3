/**
 * Fingerprints of 64 bits that do not mind how the three nodes are called: one number for each way
 * of naming them, added up over the parts of a state, and the smallest of the sums stands for it.
 *
 * One rule does mind: of two pre-candidates that ask each other, the one whose id comes later steps
 * back. That it goes on instead is left out where a renamed state stands for it, and costs nothing:
 * it is then as if the other had never asked, which is looked at in any case.
 *
 * @module
 */

import type { NodeId } from "@raftkv/core/raft";
import { canonical } from "./canonical.ts";

/** The three nodes. */
export const NODES: readonly NodeId[] = ["n1", "n2", "n3"] as NodeId[];

/** Each way to name them. */
const RENAMINGS: readonly ReadonlyMap<string, NodeId>[] = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
].map((order) =>
  new Map(NODES.map((id, at) => [id as string, NODES[order[at] as number] as NodeId]))
);

/** The names as they are. */
export const AS_NAMED: ReadonlyMap<string, NodeId> = RENAMINGS[0] as ReadonlyMap<string, NodeId>;

/** Two halves of 32 bits for each way to name the nodes. */
export const LANES: number = 2 * RENAMINGS.length;

/** The fingerprints of everything that was given a number, in the order of the numbers. */
export class Fingerprints {
  #lanes = new Uint32Array(1024 * LANES);

  /** All of them, {@linkcode LANES} to each. */
  get lanes(): Uint32Array {
    return this.#lanes;
  }

  /** Notes the fingerprint of what has the number `id`. */
  set(id: number, content: { readonly value: unknown; readonly nowMs: number }): void {
    while (this.#lanes.length < (id + 1) * LANES) {
      const larger = new Uint32Array(2 * this.#lanes.length);
      larger.set(this.#lanes);
      this.#lanes = larger;
    }
    for (const [at, rename] of RENAMINGS.entries()) {
      const text = canonical(content.value, { rename, nowMs: content.nowMs });
      hashInto(this.#lanes, id * LANES + 2 * at, text);
    }
  }
}

/** Two hashes of a text that have nothing to do with each other. */
function hashInto(lanes: Uint32Array, at: number, text: string): void {
  let one = 0xdeadbeef;
  let two = 0x41c6ce57;
  for (let place = 0; place < text.length; place++) {
    const code = text.charCodeAt(place);
    one = Math.imul(one ^ code, 2654435761);
    two = Math.imul(two ^ code, 1597334677);
  }
  one = Math.imul(one ^ (one >>> 16), 2246822507) ^ Math.imul(two ^ (two >>> 13), 3266489909);
  two = Math.imul(two ^ (two >>> 16), 2246822507) ^ Math.imul(one ^ (one >>> 13), 3266489909);
  lanes[at] = one;
  lanes[at + 1] = two;
}
