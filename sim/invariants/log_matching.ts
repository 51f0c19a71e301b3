/**
 * I5: entries with equal index and term are equal, and so are all before them, on every disk that
 * ever held them (§5.3). Each is compared with the first of its kind, and so is its predecessor:
 * by induction, the logs are equal up to there.
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { Entry, LogIndex, PersistBatch } from "@raftkv/core/raft";
import type { Observed } from "../observed.ts";
import { isSameBytes } from "../same_bytes.ts";
import type { Chronicle } from "./chronicle.ts";
import type { Rule } from "./rule.ts";

/** I5 log matching. */
export class LogMatching implements Rule {
  readonly #chronicle: Chronicle;

  /** Begins with nothing seen. */
  constructor(chronicle: Chronicle) {
    this.#chronicle = chronicle;
  }

  onPersisted({ id, disk }: Observed, { entries, repairs }: PersistBatch): void {
    for (const entry of entries) this.#onWritten({ id, disk }, entry);
    for (const entry of repairs) this.#onWritten({ id, disk }, entry);
  }

  #onWritten({ id, disk }: Pick<Observed, "id" | "disk">, entry: Entry): void {
    const { index, term } = entry;
    const previousTerm = disk.termAt((index - 1) as LogIndex);
    const known = this.#chronicle.written(index, term);
    if (known === undefined) {
      this.#chronicle.write(entry, previousTerm);
      return;
    }
    invariant(
      isSameEntry(known.entry, entry) &&
        (previousTerm === null || known.previousTerm === null ||
          known.previousTerm === previousTerm),
      "I5 log matching: entries with equal index and term, and all before them, are equal",
      () => ({ id, index, term, previousTerm, known: known.previousTerm }),
    );
  }
}

function isSameEntry(a: Entry, b: Entry): boolean {
  if (a.kind !== b.kind || a.timeMs !== b.timeMs) return false;
  return isSameBytes(a.payload, b.payload);
}
