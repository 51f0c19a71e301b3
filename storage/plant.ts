/**
 * Makes the data directory of a member of a new cluster that begins with a state.
 *
 * @module
 */

import { invariant, StorageFullError } from "@raftkv/core";
import type { Entry, HardState, LogPosition, SnapshotMeta, SnapshotPoint } from "@raftkv/core/raft";
import { denoVfs } from "./deno_vfs.ts";
import { DirectoryInUseError, DirectoryUnusableError } from "./errors.ts";
import { checkIdentity, type NodeIdentity } from "./identity.ts";
import { LOCK_NAME } from "./lock_name.ts";
import { FrameWriter } from "./frame.ts";
import { addCommit, addEntries } from "./record.ts";
import { type ActiveSegment, createSegment } from "./segment_files.ts";
import { SnapshotDraft } from "./snapshot_draft.ts";
import { segmentName } from "./segment.ts";
import { SAVING_SNAPSHOT_NAME, snapshotName } from "./snapshot_file.ts";
import { type Directory, NoSpaceError, type Vfs } from "./vfs.ts";

/** What a new member begins with. */
export interface Planting {
  /** Whose directory it becomes. */
  readonly identity: NodeIdentity;
  /** Where its log begins, and who the members are. */
  readonly point: SnapshotPoint;
  /** What its log begins with, contiguous, behind the point; perhaps nothing. */
  readonly entries: readonly Entry[];
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
  { vfs = denoVfs, ...planting }: Omit<Planting, "sequence" | "entries"> & { readonly vfs?: Vfs },
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
    return await plant(directory, { ...planting, entries: [], sequence: 1 });
  } finally {
    lock.release();
  }
}

/**
 * Puts snapshot and log into an open directory, durably. The snapshot first: a crash between the two
 * leaves a directory that is refused, where an empty log alone would pass for a new member's.
 *
 * @throws {StorageFullError} if the disk is full; nothing of it stays then
 */
export async function plant(directory: Directory, planting: Planting): Promise<SnapshotMeta> {
  const { identity, point } = planting;
  invariant(point.last.index > 0, "a state that stands in a log stands behind an entry");
  try {
    const options = { name: SAVING_SNAPSHOT_NAME, identity, point };
    const draft = await SnapshotDraft.create(directory, options);
    const meta = await write(draft, planting.slices);
    // No log ever held its last entry under this identity.
    await draft.publish(meta.digest, false);
    await begin(directory, planting);
    return meta;
  } catch (error) {
    if (!(error instanceof NoSpaceError)) throw error;
    await takeBack(directory, planting);
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

async function begin(
  directory: Directory,
  { identity, point, entries, sequence }: Planting,
): Promise<void> {
  const { term } = entries.at(-1) ?? point.last;
  const hardState: HardState = { term, votedFor: null };
  const header = {
    identity,
    sequence,
    startsAnew: true,
    previous: point.last,
    previousEndBytes: 0,
    previousChecksum: 0,
  };
  const segment = await createSegment(directory, { header, hardState });
  try {
    if (entries.length > 0) await append(segment, { entries, previous: point.last });
  } finally {
    segment.file.close();
  }
}

async function append(
  { file, salt, end }: ActiveSegment,
  { entries, previous }: { readonly entries: readonly Entry[]; readonly previous: LogPosition },
): Promise<void> {
  const { index, term } = entries.at(-1)!;
  const frames = new FrameWriter();
  frames.reset({ salt, checksum: end.checksum });
  addEntries(frames, { entries, previousTerm: previous.term });
  addCommit(frames, { durableBytes: end.offsetBytes, last: { index, term } });
  file.writeAt(end.offsetBytes, frames.bytes);
  await file.syncData();
}

/** The log first: with it alone the directory would pass for one that lost its snapshot. */
async function takeBack(directory: Directory, { point, sequence }: Planting): Promise<void> {
  const names = await directory.list();
  const mine = [
    segmentName(sequence, point.last),
    snapshotName(point.last.index),
    SAVING_SNAPSHOT_NAME,
  ];
  for (const name of mine) {
    if (names.includes(name)) await directory.remove(name);
  }
  await directory.sync();
}
