/**
 * What nodes say to each other to have back what a disk has lost. No term is in it: whoever leads, and
 * whether anyone does, is no matter.
 *
 * @module
 */

import type { Entry } from "./entry.ts";
import type { LogIndex, LogPosition } from "./ids.ts";
import type { SnapshotChunk } from "./snapshot.ts";

/** Asks for entries that the sender lost to damage, by what it still knows of them. */
export interface EntriesRequest {
  /** Which message it is. */
  readonly type: "entries_request";
  /** The entries, at most 1,024. Without any, the sender lost the state before its log. */
  readonly positions: readonly LogPosition[];
  /**
   * Which part of a snapshot would help where the entries are gone: the next of the one it has begun
   * with, or any one's first at index 0. Null if it asks another member for that, or knows a leader.
   */
  readonly snapshot: SnapshotPart | null;
}

/** A place in the bytes of a snapshot. */
export interface SnapshotPart {
  /** The last entry of the snapshot. */
  readonly index: LogIndex;
  /** The first byte that is wanted. */
  readonly offsetBytes: number;
}

/** Those of the entries asked for that the sender has, up to a message's fill; nothing if none. */
export interface EntriesResponse {
  /** Which message it is. */
  readonly type: "entries_response";
  /** The entries, each as it was written under its index and term. */
  readonly entries: readonly Entry[];
}

/** A part of the sender's newest snapshot, for who lost what only that covers. */
export interface SnapshotSupply {
  /** Which message it is. */
  readonly type: "snapshot_supply";
  /** The slice it carries. */
  readonly chunk: SnapshotChunk;
}
