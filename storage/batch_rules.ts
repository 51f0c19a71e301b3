/**
 * What no batch may do, whatever the store is made of.
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import {
  type HardState,
  indexAfter,
  indexBefore,
  type LogIndex,
  type LogPosition,
  type PersistBatch,
  type Term,
  TERM_ZERO,
} from "@raftkv/core/raft";

/** What is stored before a batch. */
export interface StoredState {
  /** The position right before the stored entries. */
  readonly base: LogPosition;
  /** The position of the last stored entry. */
  readonly last: LogPosition;
  /** The durable term and vote. */
  readonly hardState: HardState;
  /** The term of a stored entry or of the base; null for any other index. */
  readonly termAt: (index: LogIndex) => Term | null;
}

/**
 * Refuses a batch that would leave a log with a gap, take back a term or change a vote, or that
 * recovery would refuse: a replica that asks for that has left its specification.
 *
 * @throws {InvariantViolation} if it does
 */
export function checkBatch(
  { hardState, entries, repairs }: PersistBatch,
  stored: StoredState,
): void {
  if (hardState !== null) checkHardState(hardState, stored.hardState);
  for (const { index, term } of repairs) {
    const isStored = index > stored.base.index && stored.termAt(index) === term;
    invariant(isStored, "what is repaired is stored", () => ({ index, term }));
  }
  const first = entries[0];
  if (first === undefined) return;
  const { base, last } = stored;
  invariant(first.index > base.index, "no compacted entry is replaced", () => [first.index, base]);
  invariant(first.index <= last.index + 1, "the log has no gap", () => [first.index, last]);
  let { index } = first;
  let term = stored.termAt(indexBefore(index)) ?? TERM_ZERO;
  for (const entry of entries) {
    invariant(entry.index === index, "entries of a batch are contiguous", () => entry.index);
    invariant(entry.term >= term, "terms never go back along the log", () => [entry.term, term]);
    invariant(entry.term > 0, "every entry has a term", () => entry.index);
    invariant(entry.kind !== "noop" || entry.payload.length === 0, "a no-op carries nothing");
    index = indexAfter(index);
    term = entry.term;
  }
}

function checkHardState(hardState: HardState, stored: HardState): void {
  const { term, votedFor } = stored;
  invariant(hardState.term >= term, "the term never goes back", () => [stored, hardState]);
  invariant(hardState.term > 0 || hardState.votedFor === null, "nobody votes before any term");
  if (hardState.term > term || votedFor === null) return;
  invariant(
    hardState.votedFor === votedFor,
    "a vote is never changed",
    () => [stored, hardState],
  );
}
