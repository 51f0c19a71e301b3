/**
 * I6: a new leader holds every entry that was committed in earlier terms (§5.4).
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { Chronicle } from "./chronicle.ts";
import type { Rule, Step } from "./rule.ts";

/** I6 leader completeness. */
export class LeaderCompleteness implements Rule {
  readonly #chronicle: Chronicle;

  /** Begins with nothing seen. */
  constructor(chronicle: Chronicle) {
    this.#chronicle = chronicle;
  }

  onElected({ node: { id, disk }, now }: Step): void {
    for (let index = this.#chronicle.committedIndex; index > 0; index--) {
      // What a snapshot covers was committed when that was made.
      if (disk.isCompacted(index)) return;
      const term = this.#chronicle.committedTerm(index);
      // Late votes may make a leader in a term that is over: it owes nothing to the terms after it.
      if ((this.#chronicle.committedBy(index) ?? 0) >= now.status.term) continue;
      invariant(
        disk.termAt(index) === term,
        "I6 leader completeness: a new leader holds every entry committed in earlier terms",
        () => ({ id, in: now.status.term, index, term, held: disk.termAt(index) }),
      );
    }
  }
}
