/**
 * Turns the directory of one member into that of the first member of a new cluster, when the
 * majority of the old one is lost for good. The old files stay beside the new ones, under other
 * names.
 *
 * Old and new files belong to different clusters, so a directory that holds both is refused by
 * whoever opens it: a crash anywhere in between leaves the old member, the new one, or a directory
 * that nobody takes for either.
 *
 * @module
 */

import type { Store } from "@raftkv/core";
import type { SnapshotMeta } from "@raftkv/core/raft";
import { denoVfs } from "./deno_vfs.ts";
import { DirectoryInUseError, DirectoryUnusableError, IdentityMismatchError } from "./errors.ts";
import { checkIdentity, type NodeIdentity } from "./identity.ts";
import { openDirectory } from "./inspection.ts";
import { LOCK_NAME } from "./lock_name.ts";
import { openLocked, readIdentity } from "./open_store.ts";
import { plant, type Planting } from "./plant.ts";
import { segmentsAmong } from "./segment_files.ts";
import { snapshotIndexOf } from "./snapshot_file.ts";
import type { Directory, Vfs } from "./vfs.ts";

export type { Planting } from "./plant.ts";

/** How a directory is turned. */
export interface RescueOptions {
  /** Whose it must be now. */
  readonly nodeId: NodeIdentity["nodeId"];
  /** The file system; the machine's own if not given. */
  readonly vfs?: Vfs;
  /** Reads what the member holds and says what the new one begins with. */
  readonly rebuild: (
    store: Store,
    identity: NodeIdentity,
  ) => Promise<Omit<Planting, "sequence">>;
}

/** What was done. */
export interface Rescue {
  /** Whose the directory was. */
  readonly before: NodeIdentity;
  /** Whose it is. */
  readonly after: NodeIdentity;
  /** The state that it begins with. */
  readonly snapshot: SnapshotMeta;
  /** The old files' names now. */
  readonly kept: readonly string[];
}

/**
 * Opens a directory as the member it belongs to, mends what a crash has left, and begins it anew.
 *
 * @throws {DirectoryUnusableError} if nothing is in it, or it cannot be written
 * @throws {DirectoryInUseError} if another process has it open
 * @throws {IdentityMismatchError} if it belongs to another node, or an earlier attempt was cut short
 * @throws {CorruptLogError} if it is damaged
 * @throws {StorageFullError} if the disk is full; the old files then stay as they were
 */
export async function rescueDirectory(path: string, options: RescueOptions): Promise<Rescue> {
  const { nodeId, vfs = denoVfs, rebuild } = options;
  const directory = await openDirectory(path, vfs);
  const lock = await directory.tryLock(LOCK_NAME);
  if (lock === null) throw new DirectoryInUseError(path);
  try {
    const before = await readIdentity(path, { vfs });
    if (before === null) throw new DirectoryUnusableError(path, "No node has ever used it");
    if (before.nodeId !== nodeId) {
      const expected = { ...before, nodeId };
      throw new IdentityMismatchError({ file: path, expected, found: before });
    }
    // The lock outlives the store: nobody may open the directory between the old and the new.
    const borrowed = { release: () => {} };
    const store = await openLocked(directory, borrowed, before);
    try {
      return await replace(directory, { before, planting: await rebuild(store, before) });
    } finally {
      await store.close();
    }
  } finally {
    lock.release();
  }
}

async function replace(
  directory: Directory,
  { before, planting }: {
    readonly before: NodeIdentity;
    readonly planting: Omit<Planting, "sequence">;
  },
): Promise<Rescue> {
  const after = planting.identity;
  checkIdentity(after);
  const names = await directory.list();
  const old = names.filter((name) => segmentsAmong([name]).length > 0 || isSnapshot(name)).sort();
  const { sequence } = segmentsAmong(names).at(-1)!;
  const snapshot = await plant(directory, { ...planting, sequence: sequence + 1 });
  const kept: string[] = [];
  for (const name of old) {
    kept.push(`${name}.before-${after.clusterId}`);
    await directory.rename(name, kept.at(-1)!);
  }
  await directory.sync();
  return { before, after, snapshot, kept };
}

function isSnapshot(name: string): boolean {
  return snapshotIndexOf(name) !== null;
}
