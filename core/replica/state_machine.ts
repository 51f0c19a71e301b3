/**
 * What the replica asks of the state machine that it replicates.
 *
 * @module
 */

import type { Entry } from "../raft/entry.ts";

/**
 * A deterministic state machine. Its state is a pure function of the entries applied: no clock, no
 * chance, nothing local. Equal logs give equal answers and, byte for byte, equal snapshots.
 */
export interface StateMachine<Result> {
  /** The store's revision: it grows with each change and never goes back. */
  readonly revision: number;

  /**
   * A hash of the state and of how it came about, equal on replicas that applied the same entries;
   * it is part of snapshots. Replicas compare it all the time; without it, they do not.
   */
  readonly stateHash?: string;

  /** Takes in one entry of kind `command`, in the order of the log, each once. Total. */
  apply(entry: Entry): Result;

  /** An answer as bytes, to cross from one node to another. */
  encodeResult(result: Result): Uint8Array;

  /**
   * The answer that `bytes` hold.
   *
   * @throws {DecodeError} if they hold none
   */
  decodeResult(bytes: Uint8Array): Result;

  /** The state of this moment as slices, made lazily: entries may be applied meanwhile. */
  snapshot(): Iterable<Uint8Array>;

  /** Begins to read a snapshot. The present state stays in force until `finish`. */
  restorer(): StateRestorer;
}

/** Takes in a snapshot bit by bit. */
export interface StateRestorer {
  /**
   * Takes the next bytes, cut wherever the caller likes.
   *
   * @throws {DecodeError} if they are not the next bytes of a snapshot; the restorer is then spent
   */
  push(slice: Uint8Array): void;

  /**
   * Puts the restored state in force.
   *
   * @throws {DecodeError} if the snapshot is not complete; the old state then stays
   */
  finish(): void;
}
