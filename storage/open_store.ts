/**
 * Opens a data directory: finds what is there, mends what a crash explains, refuses the rest.
 *
 * @module
 */

import { LIMITS, type Store } from "@raftkv/core";
import { denoVfs } from "./deno_vfs.ts";
import { DirectoryInUseError, LostLogError, UnsupportedFormatError } from "./errors.ts";
import { FORMAT_VERSION, HEADER_BYTES_MAX } from "./file_header.ts";
import { FileStore } from "./file_store.ts";
import { INCARNATION_NAME, LOG_IS_GONE } from "./incarnation.ts";
import { checkIdentity, type NodeIdentity } from "./identity.ts";
import { LOCK_NAME } from "./lock_name.ts";
import { begin, mend, removeUnfinished, type StoreStart } from "./mend.ts";
import { ProgressMeter, type ReadProgress } from "./read_progress.ts";
import { planOpening } from "./recovery_plan.ts";
import { Reserve } from "./reserve.ts";
import { parseSegmentHeader } from "./segment.ts";
import { findSegments, segmentsAmong } from "./segment_files.ts";
import { type Pause, restAfter } from "./snapshot_pace.ts";
import { findSnapshots } from "./snapshot_survey.ts";
import { type Directory, type Lock, readStart, type Vfs } from "./vfs.ts";
import { Wal } from "./wal.ts";

/** How a data directory is opened. */
export interface StoreOptions extends NodeIdentity {
  /** Size at which a log segment is closed, in bytes; `LIMITS.segmentBytesMax` if not given. */
  readonly segmentBytesMax?: number;
  /** Room to hold back for what frees some, in bytes; none if not given. */
  readonly reserveBytes?: number;
  /** The file system; the machine's own if not given. */
  readonly vfs?: Vfs;
  /**
   * Lets everything else run between two slices of a snapshot, after work of so many milliseconds or of
   * no time at all; for some times as long, and for one turn, if not given.
   */
  readonly pause?: Pause;
  /** Told again and again how much of the directory has been read while it is opened. */
  readonly onProgress?: (progress: ReadProgress) => void;
}

/**
 * Opens the store of a node, in a directory that is made for it if there is none, and recovers what
 * was durable.
 *
 * @throws {DirectoryUnusableError} if the directory cannot be made, read or written
 * @throws {DirectoryInUseError} if another process has it open
 * @throws {IdentityMismatchError} if it belongs to another node or cluster
 * @throws {UnsupportedFormatError} if a later release wrote it
 * @throws {CorruptLogError} if it is damaged so that others cannot make up for it
 * @throws {LostLogError} if it may have lost the end of its log, or its vote
 * @throws {RangeError} if an id is empty or longer than 255 bytes
 */
export async function openStore(path: string, options: StoreOptions): Promise<Store> {
  checkIdentity(options);
  const directory = await (options.vfs ?? denoVfs).createDirectory(path);
  const lock = await directory.tryLock(LOCK_NAME);
  if (lock === null) throw new DirectoryInUseError(path);
  try {
    return await openLocked(directory, lock, options);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/**
 * Whose a directory is, without opening it for good; null if it belongs to no node yet.
 *
 * @throws {UnsupportedFormatError} if a later release wrote it
 * @throws {LostLogError} if its first file is damaged, or its log is gone
 */
export async function readIdentity(
  path: string,
  options: { readonly vfs?: Vfs } = {},
): Promise<NodeIdentity | null> {
  const directory = await (options.vfs ?? denoVfs).openDirectory(path);
  if (directory === null) return null;
  const names = await directory.list();
  const [first] = segmentsAmong(names);
  if (first === undefined) {
    if (!names.includes(INCARNATION_NAME)) return null;
    // Peers would take it for the node that it was before it lost all it promised.
    throw new LostLogError({ file: path, offsetBytes: null, reason: LOG_IS_GONE });
  }
  const { name } = first;
  const file = await directory.open(name, "read");
  try {
    const header = parseSegmentHeader(await readStart(file, HEADER_BYTES_MAX));
    if (header.kind === "header") return header.fields.identity;
    if (header.kind === "damaged") throw new LostLogError({ file: name, ...header });
    throw new UnsupportedFormatError(name, { ...header, versionMax: FORMAT_VERSION });
  } finally {
    file.close();
  }
}

/** Opens a directory whose lock the caller has taken; the store gives it back when it is closed. */
export async function openLocked(
  directory: Directory,
  lock: Lock,
  options: StoreOptions,
): Promise<Store> {
  const { clusterId, nodeId, segmentBytesMax = LIMITS.segmentBytesMax } = options;
  const { pause = restAfter } = options;
  const identity: NodeIdentity = { clusterId, nodeId };
  const { onProgress = () => {} } = options;
  const start = await startFrom(directory, { identity, onProgress });
  const wal = new Wal({ directory, identity, segmentBytesMax, ...start });
  const { recovered, snapshots } = start;
  // The base is where the snapshot stands and no segment begins there: the log is void.
  if (start.replacesLog) await wal.startAnew(recovered.base);
  const { reserveBytes: sizeBytes = 0 } = options;
  const reserve = await Reserve.open(directory, { sizeBytes, pause: () => pause(0) });
  return new FileStore({ directory, lock, identity, wal, snapshots, reserve, recovered, pause });
}

async function startFrom(
  directory: Directory,
  { identity, onProgress }: {
    readonly identity: NodeIdentity;
    readonly onProgress: (progress: ReadProgress) => void;
  },
): Promise<StoreStart> {
  const names = await directory.list();
  const meter = await ProgressMeter.over(directory, { names, onProgress });
  const found = {
    segments: await findSegments(directory, { names, meter }),
    snapshots: await findSnapshots(directory, { names, meter }),
  };
  const plan = planOpening(found, { path: directory.path, identity });
  await removeUnfinished(directory, names);
  return plan === null ? await begin(directory, identity) : await mend(directory, plan);
}
