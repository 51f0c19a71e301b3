/**
 * Gives each content one number, so that millions of states are told apart by comparing numbers.
 *
 * @module
 */

import { canonical } from "./canonical.ts";
import { AS_NAMED, Fingerprints } from "./fingerprint.ts";

/** A content and the clock from which its moments are told. */
export interface Content {
  /** The content. */
  readonly value: unknown;
  /** The clock; 0 where there are no moments. */
  readonly nowMs: number;
}

/** Contents by number, with their fingerprints and something that is kept for each. */
export class Interner<Kept> {
  /** What is kept, by number. */
  readonly kept: Kept[] = [];
  readonly #ids = new Map<string, number>();
  readonly #fingerprints = new Fingerprints();

  /** The fingerprints, by number. */
  get lanes(): Uint32Array {
    return this.#fingerprints.lanes;
  }

  /** The number of a content; `keep` makes what is kept if the content is new. */
  idOf(content: Content, keep: () => Kept): number {
    const text = canonical(content.value, { rename: AS_NAMED, nowMs: content.nowMs });
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    const id = this.kept.length;
    this.kept.push(keep());
    this.#ids.set(text, id);
    this.#fingerprints.set(id, content);
    return id;
  }
}
