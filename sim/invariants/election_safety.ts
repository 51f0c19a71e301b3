/**
 * I1: at most one leader in a term, ever (§5.2).
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { Chronicle } from "./chronicle.ts";
import type { Rule, Step } from "./rule.ts";

/** I1 election safety. */
export class ElectionSafety implements Rule {
  readonly #chronicle: Chronicle;

  /** Begins with nothing seen. */
  constructor(chronicle: Chronicle) {
    this.#chronicle = chronicle;
  }

  onStepped({ now: { status } }: Step): void {
    if (status.role !== "leader") return;
    const known = this.#chronicle.leaders.get(status.term) ?? status.id;
    invariant(
      known === status.id,
      "I1 election safety: there is at most one leader in a term",
      () => ({ term: status.term, leaders: [known, status.id] }),
    );
  }
}
