/**
 * The numbers and names of Raft as types of their own, so that an index cannot stand where a term
 * is meant. Arithmetic on them goes through the functions here: the off-by-one lives in one place.
 *
 * @module
 */

/** Exists in the types alone; it makes {@linkcode Branded} types distinct. */
export declare const brand: unique symbol;

/** A `T` that only the code which made it may call a `Name`. */
export type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** An election term (§5.1). Starts at 0 ("no term yet") and never goes back. */
export type Term = Branded<number, "Term">;

/** A position in the log (§5.3). The first entry has index 1; 0 stands before the log. */
export type LogIndex = Branded<number, "LogIndex">;

/** The name of a cluster member, unique in its cluster. */
export type NodeId = Branded<string, "NodeId">;

/** Names one batch handed to storage, so that its completion cannot be taken for another's. */
export type Ticket = Branded<number, "Ticket">;

/** Numbers the rounds in which a leader confirms its leadership for reads; never reused. */
export type ReadRound = Branded<number, "ReadRound">;

/** Term zero: before any election. */
export const TERM_ZERO: Term = 0 as Term;

/** Index zero: the place before the first entry. */
export const INDEX_ZERO: LogIndex = 0 as LogIndex;

/** Where an entry stands and who created it: together they identify it (§5.3, Log Matching). */
export interface LogPosition {
  /** The entry's index. */
  readonly index: LogIndex;
  /** The term of the leader that created it. */
  readonly term: Term;
}

/** The position before any log. */
export const POSITION_ZERO: LogPosition = { index: INDEX_ZERO, term: TERM_ZERO };

/** The index `count` places after `index` (one place if not given). */
export function indexAfter(index: LogIndex, count = 1): LogIndex {
  return (index + count) as LogIndex;
}

/** The index right before `index`. */
export function indexBefore(index: LogIndex): LogIndex {
  return (index - 1) as LogIndex;
}

/** The term that follows `term`. */
export function termAfter(term: Term): Term {
  return (term + 1) as Term;
}

/** The smaller of two indexes. */
export function indexMin(a: LogIndex, b: LogIndex): LogIndex {
  return a < b ? a : b;
}

/** The larger of two indexes. */
export function indexMax(a: LogIndex, b: LogIndex): LogIndex {
  return a > b ? a : b;
}

/**
 * Whether a log that ends at `candidate` is at least as up to date as one that ends at `voter`
 * (§5.4.1): the later last term wins, and only within one term the longer log.
 */
export function isUpToDate(candidate: LogPosition, voter: LogPosition): boolean {
  if (candidate.term !== voter.term) return candidate.term > voter.term;
  return candidate.index >= voter.index;
}
