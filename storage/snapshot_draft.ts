/**
 * A snapshot file in the making, whether this node writes it or a leader sends it.
 *
 * @module
 */

import type { SnapshotMeta, SnapshotPoint } from "@raftkv/core/raft";
import { Digest, DIGEST_OF_NOTHING } from "./digest.ts";
import type { NodeIdentity } from "./identity.ts";
import { encodeSnapshotHeader, snapshotName } from "./snapshot_file.ts";
import type { Directory, File } from "./vfs.ts";

/** A snapshot file under its temporary name. */
export class SnapshotDraft {
  readonly #directory: Directory;
  readonly #name: string;
  readonly #identity: NodeIdentity;
  readonly #point: SnapshotPoint;
  readonly #file: File;
  readonly #digest = new Digest();
  /** Where the state begins in the file. */
  readonly headerBytes: number;
  #sizeBytes = 0;
  #syncedBytes = 0;
  #isOpen = true;

  private constructor(directory: Directory, file: File, options: DraftOptions) {
    this.#directory = directory;
    this.#file = file;
    this.#name = options.name;
    this.#identity = options.identity;
    this.#point = options.point;
    this.headerBytes = this.#header(DIGEST_OF_NOTHING, false).length;
  }

  /** Begins a draft, in place of any other of its name. */
  static async create(directory: Directory, options: DraftOptions): Promise<SnapshotDraft> {
    const file = await directory.create(options.name);
    return new SnapshotDraft(directory, file, options);
  }

  /** Bytes of state written so far. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /**
   * Writes the next bytes of the state.
   *
   * @throws {NoSpaceError} if the disk is full
   */
  write(bytes: Uint8Array): void {
    this.#file.writeAt(this.headerBytes + this.#sizeBytes, bytes);
    this.#digest.update(bytes);
    this.#sizeBytes += bytes.length;
  }

  /** Syncs now and then: one sync of everything would hold up the log's own for as long. */
  async syncSometimes(): Promise<void> {
    if (this.#sizeBytes - this.#syncedBytes < SYNC_BYTES) return;
    await this.#file.syncData();
    this.#syncedBytes = this.#sizeBytes;
  }

  /** The state is complete: says what it came to. */
  finish(): SnapshotMeta {
    const { last, configuration } = this.#point;
    return {
      last,
      configuration,
      sizeBytes: this.#sizeBytes,
      digest: this.#digest.finish(),
    };
  }

  /**
   * Makes the finished file durable and gives it its name.
   *
   * @throws {NoSpaceError} if the disk is full; the file has no name yet then
   */
  async publish(digest: string, logReaches: boolean): Promise<void> {
    this.#file.writeAt(0, this.#header(digest, logReaches));
    await this.#file.syncData();
    await this.#directory.rename(this.#name, snapshotName(this.#point.last.index));
    this.close();
    await this.#directory.sync();
  }

  /** Throws the draft away. */
  async discard(): Promise<void> {
    this.close();
    await this.#directory.remove(this.#name);
  }

  /** Closes the file and leaves it for the next start to remove. */
  close(): void {
    if (this.#isOpen) this.#file.close();
    this.#isOpen = false;
  }

  #header(digest: string, logReaches: boolean): Uint8Array {
    const meta = { ...this.#point, sizeBytes: this.#sizeBytes, digest };
    return encodeSnapshotHeader({ identity: this.#identity, logReaches, meta });
  }
}

/** What a draft needs to know. */
export interface DraftOptions {
  /** Its temporary file name. */
  readonly name: string;
  /** Whose snapshot it is. */
  readonly identity: NodeIdentity;
  /** Where it stands. */
  readonly point: SnapshotPoint;
}

/** A sync of the log waits for what a sync of the snapshot has under way: that must be little. */
const SYNC_BYTES = 524_288;
