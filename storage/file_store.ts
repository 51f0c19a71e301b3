/**
 * The store of a node: its log and its snapshots in one directory, behind the core's port.
 *
 * @module
 */

import { invariant, InvariantViolation, StorageFullError, type Store } from "@raftkv/core";
import {
  type DurableState,
  indexMin,
  type LogIndex,
  type PersistBatch,
  type SnapshotChunk,
  type SnapshotMeta,
  type SnapshotPoint,
} from "@raftkv/core/raft";
import { StoreFailedError } from "./errors.ts";
import type { NodeIdentity } from "./identity.ts";
import type { Reserve } from "./reserve.ts";
import { Serial } from "./serial.ts";
import { SnapshotDraft } from "./snapshot_draft.ts";
import { SAVING_SNAPSHOT_NAME } from "./snapshot_file.ts";
import type { SnapshotFiles } from "./snapshot_files.ts";
import { type Pause, SnapshotPace } from "./snapshot_pace.ts";
import { SnapshotStaging } from "./snapshot_staging.ts";
import { type Directory, type Lock, NoSpaceError } from "./vfs.ts";
import type { Wal } from "./wal.ts";

/** What a store is made of when its directory is opened. */
export interface FileStoreParts {
  /** Where its files are. */
  readonly directory: Directory;
  /** Keeps others out. */
  readonly lock: Lock;
  /** Whose it is. */
  readonly identity: NodeIdentity;
  /** Its log. */
  readonly wal: Wal;
  /** Its snapshots. */
  readonly snapshots: SnapshotFiles;
  /** The room it holds back. */
  readonly reserve: Reserve;
  /** What was found. */
  readonly recovered: DurableState;
  /** Lets everything else run between two slices of a snapshot. */
  readonly pause: Pause;
}

/** A store over files. */
export class FileStore implements Store {
  readonly #directory: Directory;
  readonly #lock: Lock;
  readonly #identity: NodeIdentity;
  readonly #wal: Wal;
  readonly #snapshots: SnapshotFiles;
  readonly #reserve: Reserve;
  readonly #staging: SnapshotStaging;
  readonly #stagingTurn = new Serial();
  readonly #pause: Pause;
  #recovered: DurableState | null;
  #isSaving = false;
  #failure: Error | null = null;

  /** Takes over the parts. */
  constructor(parts: FileStoreParts) {
    this.#directory = parts.directory;
    this.#lock = parts.lock;
    this.#identity = parts.identity;
    this.#wal = parts.wal;
    this.#snapshots = parts.snapshots;
    this.#reserve = parts.reserve;
    this.#staging = new SnapshotStaging(parts.directory, parts.identity);
    this.#pause = parts.pause;
    this.#recovered = parts.recovered;
  }

  /** What was found when the store was opened. Let go at the first write: the log may be large. */
  get recovered(): DurableState {
    invariant(this.#recovered !== null, "what was recovered is read before the first write");
    return this.#recovered;
  }

  /** Writes one batch and makes it durable. */
  append(batch: PersistBatch): Promise<void> {
    return this.#guard(() => {
      this.#recovered = null;
      return this.#append(batch);
    });
  }

  /** Whether the room that was held back is in use. */
  get isShortOfRoom(): boolean {
    return !this.#reserve.isHeld;
  }

  /** Tries to hold room back again. */
  reclaimRoom(): Promise<boolean> {
    return this.#guard(() => this.#reserve.maybeHold());
  }

  /** Removes segments that neither the host nor an older snapshot needs. */
  compact(through: LogIndex): Promise<void> {
    return this.#guard(() =>
      this.#wal.compact(indexMin(through, this.#snapshots.logNotNeededThrough))
    );
  }

  /** Writes a snapshot of the state machine, slice by slice. */
  saveSnapshot(
    point: SnapshotPoint,
    slices: Iterable<Uint8Array>,
    isUrgent: () => boolean = () => false,
  ): Promise<SnapshotMeta> {
    return this.#guard(async () => {
      invariant(!this.#isSaving, "one snapshot is saved at a time");
      this.#isSaving = true;
      try {
        return await this.#save(point, { slices, isUrgent });
      } finally {
        this.#isSaving = false;
      }
    });
  }

  /** Reads a slice of a kept snapshot. */
  readSnapshot(
    index: LogIndex,
    offsetBytes: number,
    maxBytes: number,
  ): Promise<Uint8Array | null> {
    return this.#guard(() => this.#snapshots.read(index, { offsetBytes, bytesMax: maxBytes }));
  }

  /** Keeps one chunk of a snapshot that a leader is sending. */
  stageSnapshot(chunk: SnapshotChunk): Promise<number> {
    return this.#guard(() => this.#stagingTurn.run(() => this.#staging.stage(chunk)));
  }

  /** Verifies the staged snapshot and makes it the node's own. */
  installSnapshot(meta: SnapshotMeta): Promise<boolean> {
    // No chunk is staged meanwhile: one that came twice would begin another draft under the same name,
    // and that would be published in place of the verified one.
    return this.#guard(() =>
      this.#stagingTurn.run(async () => {
        this.#recovered = null;
        const draft = await this.#staging.take(meta);
        if (draft === null) return false;
        await this.#install(draft, meta);
        return true;
      })
    );
  }

  /** Closes the files and releases the directory. */
  close(): Promise<void> {
    this.#failure ??= new StoreFailedError(new Error("It is closed"));
    this.#staging.close();
    this.#wal.close();
    this.#lock.release();
    return Promise.resolve();
  }

  async #append(batch: PersistBatch): Promise<void> {
    try {
      await this.#wal.append(batch);
    } catch (error) {
      if (!(error instanceof StorageFullError) || !await this.#reserve.giveUp()) throw error;
      await this.#wal.append(batch);
    }
  }

  async #save(point: SnapshotPoint, { slices, isUrgent }: Saving): Promise<SnapshotMeta> {
    const options = { name: SAVING_SNAPSHOT_NAME, identity: this.#identity, point };
    const draft = await creating(() => SnapshotDraft.create(this.#directory, options));
    const loggedBytes = () => this.#wal.appendedBytes;
    const pace = new SnapshotPace({ loggedBytes, isUrgent, pause: this.#pause });
    return await this.#keepOrDiscard(draft, async () => {
      for (const slice of slices) {
        draft.write(slice);
        await draft.syncSometimes();
        await pace.giveWay(draft.sizeBytes);
      }
      const meta = draft.finish();
      await this.#snapshots.publish(draft, { meta, logReaches: this.#logHolds(meta) });
      return meta;
    });
  }

  async #install(draft: SnapshotDraft, meta: SnapshotMeta): Promise<void> {
    const { newest } = this.#snapshots;
    // This node's own snapshot may have overtaken the leader's; the log then holds what it covers.
    if (newest !== null && newest.last.index >= meta.last.index) return await draft.discard();
    const logReaches = this.#logHolds(meta);
    await this.#keepOrDiscard(draft, () => this.#snapshots.publish(draft, { meta, logReaches }));
    if (!logReaches) await this.#replaceLog(meta);
  }

  /** Begins the log anew behind the published snapshot, or takes that back for want of room. */
  async #replaceLog({ last }: SnapshotMeta): Promise<void> {
    try {
      await this.#wal.startAnew(last);
    } catch (error) {
      if (!(error instanceof NoSpaceError)) throw error;
      // The host goes on with the old log, which the next start would replace with the snapshot.
      await this.#snapshots.takeBack(last.index);
      throw new StorageFullError("Cannot install a snapshot: No space left on the disk");
    }
  }

  #logHolds({ last }: SnapshotMeta): boolean {
    return this.#wal.termAt(last.index) === last.term;
  }

  /** Runs the work on a draft; if the disk is full, nothing of it stays. */
  async #keepOrDiscard<T>(draft: SnapshotDraft, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof NoSpaceError)) {
        draft.close();
        throw error;
      }
      await draft.discard();
      throw new StorageFullError("Cannot write a snapshot: No space left on the disk");
    }
  }

  /** The first failure is the last: whether a second sync helps, no kernel says. */
  async #guard<T>(work: () => Promise<T>): Promise<T> {
    if (this.#failure !== null) throw this.#failure;
    try {
      return await work();
    } catch (error) {
      if (error instanceof StorageFullError) throw error;
      this.#failure ??= error instanceof InvariantViolation ? error : new StoreFailedError(error);
      throw this.#failure;
    }
  }
}

/** What is to be saved, and whether somebody waits for it. */
interface Saving {
  readonly slices: Iterable<Uint8Array>;
  readonly isUrgent: () => boolean;
}

async function creating<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof NoSpaceError)) throw error;
    throw new StorageFullError("Cannot begin a snapshot: No space left on the disk");
  }
}
