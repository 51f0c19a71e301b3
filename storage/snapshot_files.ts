/**
 * The snapshots that a directory keeps: the two newest, so that one damaged file costs nothing as
 * long as the log reaches back to the older.
 *
 * @module
 */

import type { LogIndex, SnapshotMeta } from "@raftkv/core/raft";
import { CorruptLogError } from "./errors.ts";
import { Serial } from "./serial.ts";
import type { SnapshotDraft } from "./snapshot_draft.ts";
import { snapshotName } from "./snapshot_file.ts";
import type { Directory } from "./vfs.ts";

/** A snapshot that is kept. */
export interface KeptSnapshot {
  /** What it is. */
  readonly meta: SnapshotMeta;
  /** Where its state begins in the file. */
  readonly headerBytes: number;
}

/** The durable snapshots of an open directory. */
export class SnapshotFiles {
  readonly #directory: Directory;
  readonly #publishing = new Serial();
  /** Newest first. */
  #kept: readonly KeptSnapshot[];

  /**
   * Takes over what is there.
   *
   * @param kept The snapshots found when the directory was opened.
   */
  constructor(directory: Directory, kept: readonly KeptSnapshot[]) {
    this.#directory = directory;
    this.#kept = newestFirst(kept);
  }

  /** The newest snapshot, or null. */
  get newest(): SnapshotMeta | null {
    return this.#kept[0]?.meta ?? null;
  }

  /**
   * How far the log may be removed: to the older of two snapshots, so that it can take the place of
   * the newer one. With fewer, not at all.
   */
  get logNotNeededThrough(): LogIndex {
    return this.#kept[KEPT_COUNT - 1]?.meta.last.index ?? 0 as LogIndex;
  }

  /** Makes a draft one of the kept snapshots, durably, and forgets all but the newest two. */
  publish(
    draft: SnapshotDraft,
    { meta, logReaches }: { readonly meta: SnapshotMeta; readonly logReaches: boolean },
  ): Promise<void> {
    return this.#publishing.run(async () => {
      await draft.publish(meta.digest, logReaches);
      const others = this.#kept.filter((kept) => kept.meta.last.index !== meta.last.index);
      const all = newestFirst([...others, { meta, headerBytes: draft.headerBytes }]);
      this.#kept = all.slice(0, KEPT_COUNT);
      for (const { meta } of all.slice(KEPT_COUNT)) {
        await this.#directory.remove(snapshotName(meta.last.index));
      }
      if (all.length > KEPT_COUNT) await this.#directory.sync();
    });
  }

  /** Forgets the newest snapshot, durably: the log could not follow it. */
  takeBack(index: LogIndex): Promise<void> {
    return this.#publishing.run(async () => {
      this.#kept = this.#kept.filter(({ meta }) => meta.last.index !== index);
      await this.#directory.remove(snapshotName(index));
      await this.#directory.sync();
    });
  }

  /** Reads a slice of a kept snapshot, or returns null if it is not kept. */
  async read(
    index: LogIndex,
    { offsetBytes, bytesMax }: { readonly offsetBytes: number; readonly bytesMax: number },
  ): Promise<Uint8Array | null> {
    const kept = this.#find(index);
    if (kept === null) return null;
    const name = snapshotName(index);
    const wantedBytes = Math.max(0, Math.min(bytesMax, kept.meta.sizeBytes - offsetBytes));
    const bytes = new Uint8Array(wantedBytes);
    let readBytes: number;
    try {
      readBytes = await this.#readFile(name, kept.headerBytes + offsetBytes, bytes);
    } catch (error) {
      // It may have been forgotten while it was being opened.
      if (this.#find(index) === null) return null;
      throw error;
    }
    if (readBytes < wantedBytes) {
      throw new CorruptLogError({ file: name, offsetBytes: null, reason: "The file ends early" });
    }
    return bytes;
  }

  async #readFile(name: string, offsetBytes: number, target: Uint8Array): Promise<number> {
    const file = await this.#directory.open(name, "read");
    try {
      return await file.readAt(offsetBytes, target);
    } finally {
      file.close();
    }
  }

  #find(index: LogIndex): KeptSnapshot | null {
    return this.#kept.find(({ meta }) => meta.last.index === index) ?? null;
  }
}

const KEPT_COUNT = 2;

function newestFirst(snapshots: readonly KeptSnapshot[]): KeptSnapshot[] {
  return [...snapshots].sort((a, b) => b.meta.last.index - a.meta.last.index);
}
