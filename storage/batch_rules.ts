/**
 * What no batch may do, whatever the store is made of.
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { HardState, LogPosition, PersistBatch } from "@raftkv/core/raft";

/** What is stored before a batch. */
export interface StoredState {
  /** The position right before the stored entries. */
  readonly base: LogPosition;
  /** The position of the last stored entry. */
  readonly last: LogPosition;
  /** The durable term and vote. */
  readonly hardState: HardState;
}

/**
 * Refuses a batch that would leave a log with a gap, take back a term or change a vote: a replica
 * that asks for that has left its specification.
 *
 * @throws {InvariantViolation} if it does
 */
export function checkBatch({ hardState, entries }: PersistBatch, stored: StoredState): void {
  const { base, last } = stored;
  let index = entries[0]?.index ?? last.index;
  if (entries.length > 0) {
    invariant(index > base.index, "no compacted entry is replaced", () => ({ index, base }));
    invariant(index <= last.index + 1, "the log has no gap", () => ({ index, last }));
  }
  for (const entry of entries) {
    invariant(entry.index === index, "entries of a batch are contiguous", () => entry.index);
    index++;
  }
  if (hardState !== null) checkHardState(hardState, stored.hardState);
}

function checkHardState(hardState: HardState, stored: HardState): void {
  const { term, votedFor } = stored;
  invariant(hardState.term >= term, "the term never goes back", () => [stored, hardState]);
  if (hardState.term > term || votedFor === null) return;
  invariant(
    hardState.votedFor === votedFor,
    "a vote is never changed",
    () => [stored, hardState],
  );
}
