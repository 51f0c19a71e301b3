/**
 * What a simulated node asks of its disk. Two things stand behind it: a ledger that is always right
 * and fast, and the production store over a simulated file system.
 *
 * @module
 */

import type {
  DurableState,
  LogIndex,
  PersistBatch,
  SnapshotChunk,
  SnapshotMeta,
} from "@raftkv/core/raft";
import type { DiskEvent } from "./witness.ts";
import type { StateCapture, StateRestorer } from "@raftkv/core/replica";

/** How a node hears of its disk. */
export interface StorageEvents {
  /** A batch is durable: before its `done`, or when a crash or a start shows that it is. */
  readonly onPersisted: (batch: PersistBatch) => void;
  /** There is too little room to take new commands, or there is enough again. */
  readonly onRoom: (isShort: boolean) => void;
  /** Something happened to the files. */
  readonly onEvent: (event: DiskEvent) => void;
  /** The disk failed: the node must end, and may come back. */
  readonly onFailed: (error: unknown) => void;
}

/** The disk under one node, over all its runs. No callback is called after a crash. */
export interface NodeStorage {
  /** Names the life of the directory. */
  readonly incarnation: string;

  /**
   * Reads everything. The bytes of the newest snapshot go to a restorer that `restorer` makes.
   *
   * @param done Called with what was found, perhaps before this returns.
   */
  open(restorer: () => StateRestorer, done: (recovered: DurableState) => void): void;

  /** Makes a batch durable. */
  append(batch: PersistBatch, done: () => void): void;

  /** Lets go of entries up to `through`. */
  compact(through: LogIndex): void;

  /** Saves the state; gives null if there is no room. */
  saveSnapshot(capture: StateCapture, done: (meta: SnapshotMeta | null) => void): void;

  /** Reads a chunk of a kept snapshot; gives null if it is gone. */
  readChunk(
    chunk: { readonly index: LogIndex; readonly offsetBytes: number; readonly bytesMax: number },
    done: (data: Uint8Array | null) => void,
  ): void;

  /** Keeps a chunk; gives the offset wanted next. */
  stage(chunk: SnapshotChunk, done: (nextOffsetBytes: number) => void): void;

  /** Makes the staged snapshot the node's own and feeds it to `restorer`, unless it is damaged. */
  install(meta: SnapshotMeta, restorer: StateRestorer, done: (isSound: boolean) => void): void;

  /** The node ended: what was not synced is kept, lost or torn. */
  crash(): void;

  /** Lets no operation end any more. */
  hang(): void;

  /** Lets the operations that hung end, and all later ones. */
  mend(): void;
}
