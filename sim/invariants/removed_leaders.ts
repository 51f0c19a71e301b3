/**
 * I17, of leaders that leave: one that has no vote any more leads until that is committed, and no step
 * longer (thesis §4.2.2).
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { Chronicle } from "./chronicle.ts";
import { hasVote } from "./configurations.ts";
import type { Rule, Step } from "./rule.ts";

/** I17 only voters count, nor do others lead. */
export class RemovedLeaders implements Rule {
  readonly #chronicle: Chronicle;

  /** Begins with nothing seen. */
  constructor(chronicle: Chronicle) {
    this.#chronicle = chronicle;
  }

  onCommitted({ now: { configuration, configurationIndex, status } }: Step): void {
    const { commitIndex, id, role, term } = status;
    if (role !== "leader" || hasVote(configuration, id)) return;
    if (configuration.votersOutgoing.length > 0) return;
    // Before it has committed in its own term it cannot know that its removal is.
    const isKnown = configurationIndex <= commitIndex &&
      this.#chronicle.committedTerm(commitIndex) === term;
    invariant(
      !isKnown,
      "I17 only voters count: a leader whose removal is committed leads no more",
      () => ({ status, configurationIndex, ...configuration }),
    );
  }
}
