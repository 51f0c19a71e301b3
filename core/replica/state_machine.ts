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
  /**
   * Called now and then on the leader alone: the command that should be proposed because time has
   * passed, or null. It must be safe to apply late, twice, or not at all. A machine that time does
   * not touch has no such method.
   */
  maintenance?(now: LeaderTime): Uint8Array | null;

  /**
   * Whether a command at most takes something away, so that it is taken by a node whose disk is
   * nearly full; without this, none is.
   */
  frees?(payload: Uint8Array): boolean;

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

/** A moment as a leader sees it, and as its entries say it. */
export interface LeaderTime {
  /** The term in which it leads. */
  readonly term: number;
  /** Its wall clock, in milliseconds since 1970. */
  readonly timeMs: number;
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
