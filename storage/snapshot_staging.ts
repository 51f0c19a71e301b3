/**
 * The snapshot that a leader is sending, chunk by chunk.
 *
 * @module
 */

import { StorageFullError } from "@raftkv/core";
import type { SnapshotChunk, SnapshotMeta } from "@raftkv/core/raft";
import type { NodeIdentity } from "./identity.ts";
import { SnapshotDraft } from "./snapshot_draft.ts";
import { STAGED_SNAPSHOT_NAME } from "./snapshot_file.ts";
import { type Directory, NoSpaceError } from "./vfs.ts";

/** Holds at most one incomplete snapshot. Its methods are called one at a time. */
export class SnapshotStaging {
  readonly #directory: Directory;
  readonly #identity: NodeIdentity;
  #staged: { readonly meta: SnapshotMeta; readonly draft: SnapshotDraft } | null = null;

  /** Starts with nothing staged. */
  constructor(directory: Directory, identity: NodeIdentity) {
    this.#directory = directory;
    this.#identity = identity;
  }

  /**
   * Keeps a chunk. One at offset 0 starts over; one that leaves a gap, passes the end or belongs to
   * another snapshot is ignored; of one that overlaps, the new part is kept.
   *
   * @returns The offset of the first byte not staged yet.
   * @throws {StorageFullError} if the disk is full; nothing is staged then
   */
  async stage({ meta, offsetBytes, data }: SnapshotChunk): Promise<number> {
    try {
      if (offsetBytes === 0) await this.#startOver(meta);
      const staged = this.#staged;
      if (staged === null || !isSameSnapshot(staged.meta, meta)) return 0;
      const { draft } = staged;
      const knownBytes = draft.sizeBytes - offsetBytes;
      const fits = offsetBytes + data.length <= meta.sizeBytes;
      if (fits && knownBytes >= 0 && knownBytes < data.length) {
        draft.write(data.subarray(knownBytes));
        await draft.syncSometimes();
      }
      return draft.sizeBytes;
    } catch (error) {
      if (!(error instanceof NoSpaceError)) throw error;
      await this.#discard();
      throw new StorageFullError("Cannot stage a snapshot: No space left on the disk");
    }
  }

  /** Hands over the draft if it is the whole of `meta`; else throws it away and returns null. */
  async take(meta: SnapshotMeta): Promise<SnapshotDraft | null> {
    const staged = this.#staged;
    if (staged === null) return null;
    const isWhole = isSameSnapshot(staged.meta, meta) && staged.draft.sizeBytes === meta.sizeBytes;
    if (!isWhole || staged.draft.finish().digest !== meta.digest) {
      await this.#discard();
      return null;
    }
    this.#staged = null;
    return staged.draft;
  }

  /** Closes the file. */
  close(): void {
    this.#staged?.draft.close();
    this.#staged = null;
  }

  async #startOver(meta: SnapshotMeta): Promise<void> {
    await this.#discard();
    const options = { name: STAGED_SNAPSHOT_NAME, identity: this.#identity, point: meta };
    this.#staged = { meta, draft: await SnapshotDraft.create(this.#directory, options) };
  }

  async #discard(): Promise<void> {
    const staged = this.#staged;
    this.#staged = null;
    await staged?.draft.discard();
  }
}

/** The digest names the state; the position says where it belongs. */
function isSameSnapshot(a: SnapshotMeta, b: SnapshotMeta): boolean {
  return a.last.index === b.last.index && a.last.term === b.last.term &&
    a.digest === b.digest && a.sizeBytes === b.sizeBytes;
}
