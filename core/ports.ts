/**
 * What the core's host must provide. The production pump fills these ports with files and sockets,
 * the simulator with virtual ones; each has a contract suite that every implementation passes.
 *
 * @module
 */

import type { LogIndex, NodeId } from "./raft/ids.ts";
import type { Member } from "./raft/configuration.ts";
import type { DurableState, PersistBatch } from "./raft/persist.ts";
import type { SnapshotChunk, SnapshotMeta, SnapshotPoint } from "./raft/snapshot.ts";

/**
 * The durable half of a node: log, term, vote and snapshots of one directory.
 *
 * To ensure correctness:
 * - {@linkcode Store.append} resolves only after the batch survives a power cut.
 * - Calls to `append` are made one at a time; snapshot calls may run beside it.
 * - After any rejected call but one with `StorageFullError` the store makes no further promise: the
 *   host must end the node.
 */
export interface Store {
  /** What was found when the store was opened. To be read before the first write, which lets it go. */
  readonly recovered: DurableState;

  /** Writes one batch and makes it durable. */
  append(batch: PersistBatch): Promise<void>;

  /**
   * Whether the disk has so little room that the last batch needed what is held back for such a time.
   * Then only what frees room should be written.
   */
  readonly isShortOfRoom: boolean;

  /** Tries to hold room back again; returns whether there is enough now. One at a time with `append`. */
  reclaimRoom(): Promise<boolean>;

  /** Lets go of stored entries up to and including `through`; some may be kept. */
  compact(through: LogIndex): Promise<void>;

  /**
   * Writes a snapshot of the state machine, taking one slice at a time and yielding between them,
   * and makes it durable. Older snapshots but one are then forgotten. It takes more time than it needs,
   * so that nothing else has to wait for it.
   *
   * @param slices The state's bytes, produced lazily.
   * @param isUrgent Whether it must take no more time than it needs, asked again and again; never if
   *   not given.
   */
  saveSnapshot(
    point: SnapshotPoint,
    slices: Iterable<Uint8Array>,
    isUrgent?: () => boolean,
  ): Promise<SnapshotMeta>;

  /**
   * Reads a slice of a stored snapshot.
   *
   * @returns The bytes (fewer than `maxBytes` only at the end), or null if the snapshot that ends at
   *   `index` is no longer kept.
   */
  readSnapshot(
    index: LogIndex,
    offsetBytes: number,
    maxBytes: number,
  ): Promise<Uint8Array | null>;

  /**
   * Keeps one chunk of a snapshot that a leader is sending. A chunk at offset 0 starts over.
   *
   * @returns The offset of the first byte not yet staged: what the leader must send next.
   */
  stageSnapshot(chunk: SnapshotChunk): Promise<number>;

  /**
   * Verifies the staged snapshot and makes it the node's own. Stored entries up to its last are let
   * go; so are later ones, unless the entry at its last index is stored with the same term.
   *
   * @returns false if the staged bytes do not have the promised digest; they are then thrown away.
   */
  installSnapshot(meta: SnapshotMeta): Promise<boolean>;

  /** Closes the files and releases the directory. No call is under way. */
  close(): Promise<void>;
}

/** What a transport reports to its host. */
export interface TransportEvents {
  /** A message arrived, whole and unaltered, from a peer that proved its identity. */
  readonly onMessage: (from: NodeId, message: Uint8Array) => void;
  /** A link to the peer is up; `incarnation` names the life of its data directory, if it says. */
  readonly onPeerUp: (peer: NodeId, incarnation: string | null) => void;
  /** The link broke or was refused: a hint, not a proof, that the peer is gone. */
  readonly onPeerDown: (peer: NodeId, reason: string) => void;
}

/**
 * Links to the other members. May drop, delay, duplicate and reorder messages, but never alters,
 * merges or forges one.
 */
export interface Transport {
  /**
   * Makes the set of peers to hold links to exactly `peers` (without this node itself). A peer that is
   * known by its incarnation is refused if it comes in another.
   */
  setPeers(peers: readonly Member[]): void;

  /**
   * Sends a message, or drops it if the link is down or its buffer is full.
   *
   * @returns Whether the message was taken; true is no promise that it arrives.
   */
  send(to: NodeId, message: Uint8Array): boolean;

  /** Whether a link to the peer is up now. */
  isUp(peer: NodeId): boolean;

  /** Closes every link; no event is reported after it resolves. */
  close(): Promise<void>;
}

/** The disk has no room for a batch; nothing of it was written, and the store goes on. */
export class StorageFullError extends Error {
  /** The name of the class. */
  override readonly name = "StorageFullError";
}
