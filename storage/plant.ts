/**
 * Makes the data directory of a member of a new cluster that begins with a state.
 *
 * @module
 */

import { invariant, StorageFullError } from "@raftkv/core";
import type { HardState, SnapshotMeta, SnapshotPoint } from "@raftkv/core/raft";
import { denoVfs } from "./deno_vfs.ts";
import { DirectoryInUseError, DirectoryUnusableError } from "./errors.ts";
import { checkIdentity, type NodeIdentity } from "./identity.ts";
import { LOCK_NAME } from "./lock_name.ts";
import { createSegment } from "./segment_files.ts";
import { SnapshotDraft } from "./snapshot_draft.ts";
import { SAVING_SNAPSHOT_NAME } from "./snapshot_file.ts";
import { type Directory, NoSpaceError, type Vfs } from "./vfs.ts";

/** What a new member begins with. */
export interface Planting {
  /** Whose directory it becomes. */
  readonly identity: NodeIdentity;
  /** Where its log begins, and who the members are. */
  readonly point: SnapshotPoint;
  /** The sequence of its first segment: above that of any other in the directory. */
  readonly sequence: number;
  /** The state's bytes. */
  readonly slices: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/**
 * Makes a directory with a snapshot and an empty log behind it. Equal arguments give equal bytes.
 *
 * @throws {DirectoryUnusableError} if it cannot be made or written, or anything is in it
 * @throws {DirectoryInUseError} if another process has it open
 * @throws {StorageFullError} if the disk is full
 */
export async function plantDirectory(
  path: string,
  { vfs = denoVfs, ...planting }: Omit<Planting, "sequence"> & { readonly vfs?: Vfs },
): Promise<SnapshotMeta> {
  checkIdentity(planting.identity);
  const directory = await vfs.createDirectory(path);
  const lock = await directory.tryLock(LOCK_NAME);
  if (lock === null) throw new DirectoryInUseError(path);
  try {
    const [stranger] = (await directory.list()).filter((name) => name !== LOCK_NAME);
    if (stranger !== undefined) {
      throw new DirectoryUnusableError(path, `It is not empty: "${stranger}" is in it`);
    }
    return await plant(directory, { ...planting, sequence: 1 });
  } finally {
    lock.release();
  }
}

/**
 * Puts snapshot and log into an open directory, durably. The snapshot first: a crash between the two
 * leaves a directory that is refused, where an empty log alone would pass for a new member's.
 */
export async function plant(directory: Directory, planting: Planting): Promise<SnapshotMeta> {
  const { identity, point, sequence, slices } = planting;
  invariant(point.last.index > 0, "a state that stands in a log stands behind an entry");
  try {
    const options = { name: SAVING_SNAPSHOT_NAME, identity, point };
    const draft = await SnapshotDraft.create(directory, options);
    const meta = await write(draft, slices);
    // No log ever held its last entry under this identity.
    await draft.publish(meta.digest, false);
    const hardState: HardState = { term: point.last.term, votedFor: null };
    const header = {
      identity,
      sequence,
      startsAnew: true,
      previous: point.last,
      previousEndBytes: 0,
      previousChecksum: 0,
    };
    const segment = await createSegment(directory, { header, hardState });
    segment.file.close();
    return meta;
  } catch (error) {
    if (!(error instanceof NoSpaceError)) throw error;
    throw new StorageFullError("Cannot make a data directory: No space left on the disk");
  }
}

async function write(draft: SnapshotDraft, slices: Planting["slices"]): Promise<SnapshotMeta> {
  try {
    for await (const slice of slices) {
      draft.write(slice);
      await draft.syncSometimes();
    }
    return draft.finish();
  } catch (error) {
    await draft.discard();
    throw error;
  }
}
