/**
 * Carries out what recovery decided, and begins new directories. Each step leaves the directory in a
 * state from which the next start decides the same.
 *
 * @module
 */

import { type DurableState, type HardState, POSITION_ZERO, TERM_ZERO } from "@raftkv/core/raft";
import { FrameWriter } from "./frame.ts";
import type { NodeIdentity } from "./identity.ts";
import { addCommit, addSeal } from "./record.ts";
import type { PlannedSegment, RecoveryPlan } from "./recovery_plan.ts";
import { UNFINISHED_SEGMENT_NAME } from "./segment.ts";
import { type ActiveSegment, createSegment, type SegmentFile } from "./segment_files.ts";
import type { SegmentScan } from "./segment_scan.ts";
import { QUARANTINE_SUFFIX, SAVING_SNAPSHOT_NAME, STAGED_SNAPSHOT_NAME } from "./snapshot_file.ts";
import { SnapshotFiles } from "./snapshot_files.ts";
import { TermRuns } from "./term_runs.ts";
import { type Directory, type File, NoSpaceError } from "./vfs.ts";

/** What a store begins with. */
export interface StoreStart {
  /** The segments before the active one, in sequence. */
  readonly sealed: readonly SegmentFile[];
  /** The segment that takes the next batches. */
  readonly active: ActiveSegment;
  /** The terms of the stored entries. */
  readonly terms: TermRuns;
  /** The last durable term and vote. */
  readonly hardState: HardState;
  /** The kept snapshots. */
  readonly snapshots: SnapshotFiles;
  /** What the host is told. */
  readonly recovered: DurableState;
  /** Whether the log is yet to be begun anew after the newest snapshot. */
  readonly replacesLog: boolean;
}

/** Begins the first segment of a new directory. */
export async function begin(directory: Directory, identity: NodeIdentity): Promise<StoreStart> {
  const hardState: HardState = { term: TERM_ZERO, votedFor: null };
  const header = {
    identity,
    sequence: 1,
    startsAnew: false,
    previous: POSITION_ZERO,
    previousEndBytes: 0,
    previousChecksum: 0,
  };
  return {
    sealed: [],
    active: await createSegment(directory, { header, hardState }),
    terms: new TermRuns(POSITION_ZERO),
    hardState,
    snapshots: new SnapshotFiles(directory, []),
    recovered: { hardState, snapshot: null, base: POSITION_ZERO, entries: [] },
    replacesLog: false,
  };
}

/** Makes the directory what the plan says. */
export async function mend(directory: Directory, plan: RecoveryPlan): Promise<StoreStart> {
  // The last process may have been killed before its sync: what can be seen may not be durable yet.
  await directory.sync();
  for (const name of plan.quarantined) await directory.rename(name, name + QUARANTINE_SUFFIX);
  const files: File[] = [];
  for (const segment of plan.segments) files.push(await mendSegment(directory, segment));
  for (const name of plan.obsolete) await directory.remove(name);
  await directory.sync();
  const snapshots = new SnapshotFiles(directory, plan.snapshots);
  return { ...partsOf(plan, files), ...stateOf(plan, snapshots), snapshots };
}

/** Removes what was begun under a temporary name and never finished. */
export async function removeUnfinished(
  directory: Directory,
  names: readonly string[],
): Promise<void> {
  for (const name of UNFINISHED_NAMES) {
    if (names.includes(name)) await directory.remove(name);
  }
}

/** What files are called until they are whole. */
export const UNFINISHED_NAMES: readonly string[] = [
  UNFINISHED_SEGMENT_NAME,
  SAVING_SNAPSHOT_NAME,
  STAGED_SNAPSHOT_NAME,
];

async function mendSegment(directory: Directory, segment: PlannedSegment): Promise<File> {
  const { name, scan, action } = segment;
  const file = await directory.open(name, "write");
  if (action !== "keep") await file.truncate(scan.end.offsetBytes);
  // Before anything is written after the cut: else a crash could keep that and what was cut off.
  await file.syncData();
  if (action === "seal") await seal(file, scan);
  return file;
}

/**
 * Says that another segment follows. On a full disk that is left for the next start, which finds what
 * this one did: a node that cannot start could not free anything either.
 */
async function seal(file: File, { salt, end, last }: SegmentScan): Promise<void> {
  const { offsetBytes, checksum } = end;
  const frames = new FrameWriter();
  frames.reset({ salt, checksum });
  addSeal(frames);
  addCommit(frames, { durableBytes: offsetBytes, last });
  try {
    file.writeAt(offsetBytes, frames.bytes);
  } catch (error) {
    if (!(error instanceof NoSpaceError)) throw error;
    await file.truncate(offsetBytes);
  }
  await file.syncData();
}

function partsOf(
  plan: RecoveryPlan,
  files: readonly File[],
): Pick<StoreStart, "sealed" | "active"> {
  for (const file of files.slice(0, -1)) file.close();
  const segments = plan.segments.map(({ name, scan }) => {
    const { sequence, previous } = scan.header;
    return { name, sequence, previous };
  });
  const { salt, startBytes, end } = plan.segments.at(-1)!.scan;
  const active = { ...segments.at(-1)!, file: files.at(-1)!, salt, startBytes, end };
  return { sealed: segments.slice(0, -1), active };
}

function stateOf(
  plan: RecoveryPlan,
  snapshots: SnapshotFiles,
): Pick<StoreStart, "terms" | "hardState" | "recovered" | "replacesLog"> {
  const { log, hardState, replacesLog } = plan;
  const terms = new TermRuns(log.base);
  terms.put(log.entries);
  const snapshot = snapshots.newest;
  const kept = replacesLog && snapshot !== null
    ? { base: snapshot.last, entries: [] }
    : { base: log.base, entries: log.entries };
  return { terms, hardState, recovered: { hardState, snapshot, ...kept }, replacesLog };
}
