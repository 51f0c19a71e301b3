/**
 * I18: a snapshot is of committed entries, and says so rightly: its last entry's term and the
 * configuration in force there are those of the log (§7).
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { Configuration, SnapshotMeta } from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import type { Chronicle } from "./chronicle.ts";
import type { Rule } from "./rule.ts";

/** I18 snapshots. */
export class Snapshots implements Rule {
  readonly #chronicle: Chronicle;

  /** Begins with nothing seen. */
  constructor(chronicle: Chronicle) {
    this.#chronicle = chronicle;
  }

  onSnapshot({ id }: Observed, meta: SnapshotMeta): void {
    const { last, configuration } = meta;
    const committed = this.#chronicle.committedTerm(last.index);
    invariant(
      committed === last.term,
      "I18 snapshots: a snapshot ends with a committed entry",
      () => ({ id, last, committed: committed ?? null }),
    );
    const expected = this.#chronicle.configurationAt(last.index);
    invariant(
      expected === null || votersOf(expected) === votersOf(configuration),
      "I18 snapshots: a snapshot holds the configuration that was in force at its end",
      () => ({ id, last, configuration, expected }),
    );
  }
}

function votersOf({ voters, votersOutgoing, learners }: Configuration): string {
  return [voters, votersOutgoing, learners].map((ids) => ids.join()).join("/");
}
