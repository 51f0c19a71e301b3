/**
 * I7 and I8: what is committed agrees on all nodes, and never changes (§5.4.3).
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { Entry, NodeId, PersistBatch } from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import { isSameBytes } from "../same_bytes.ts";
import type { Chronicle } from "./chronicle.ts";
import type { Rule } from "./rule.ts";

/** I7 committed prefixes agree, I8 committed for good. */
export class CommittedEntries implements Rule {
  readonly #chronicle: Chronicle;

  /** Begins with nothing seen. */
  constructor(chronicle: Chronicle) {
    this.#chronicle = chronicle;
  }

  /** A disk that had not heard of it may hold another entry there for a while; never afterwards. */
  onPersisting({ id, disk }: Observed, { entries }: PersistBatch): void {
    const first = entries[0];
    if (first === undefined || first.index > this.#chronicle.committedIndex) return;
    for (const { index, term } of entries) {
      const committed = this.#chronicle.committedTerm(index);
      if (committed === undefined) return;
      invariant(
        term === committed || disk.termAt(index) !== committed,
        "I8 committed for good: no disk replaces a committed entry that it holds",
        () => ({ id, index, committed, by: term }),
      );
    }
  }

  onApplied(id: NodeId, entry: Entry): void {
    const { index, term } = entry;
    const known = this.#chronicle.committedEntry(index);
    const isSame = known !== undefined && known.term === term && known.kind === entry.kind &&
      isSameBytes(known.payload, entry.payload);
    invariant(
      isSame,
      "I7 committed prefixes agree: what a node applies is committed, and the same everywhere",
      () => ({ id, index, term, committed: this.#chronicle.committedTerm(index) ?? null }),
    );
  }
}
