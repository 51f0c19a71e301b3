/**
 * Looks through a whole data directory, one file at a time, with the eyes of recovery.
 *
 * @module
 */

import { isLost, type LogPosition } from "@raftkv/core/raft";
import { denoVfs } from "./deno_vfs.ts";
import { DirectoryUnusableError, LostLogError } from "./errors.ts";
import type { NodeIdentity } from "./identity.ts";
import { INCARNATION_NAME, LOG_IS_GONE } from "./incarnation.ts";
import { UNFINISHED_NAMES } from "./mend.ts";
import {
  type DirectoryReport,
  type Outlook,
  type SegmentReport,
  segmentReportOf,
  snapshotReportOf,
} from "./inspection_report.ts";
import { LOCK_NAME } from "./lock_name.ts";
import { ProgressMeter, type ReadProgress } from "./read_progress.ts";
import { type Found, planOpening, type RecoveryPlan } from "./recovery_plan.ts";
import { RESERVE_NAME, UNFINISHED_RESERVE_NAME } from "./reserve.ts";
import { type FoundSegment, segmentsAmong } from "./segment_files.ts";
import { scanSegment, type SegmentReading } from "./segment_scan.ts";
import { snapshotIndexOf } from "./snapshot_file.ts";
import { findSnapshots } from "./snapshot_survey.ts";
import type { Directory, File, Vfs } from "./vfs.ts";

/** How a directory is looked into. */
export interface InspectOptions {
  /** The file system; the machine's own if not given. */
  readonly vfs?: Vfs;
  /** Told again and again how much has been read. */
  readonly onProgress?: (progress: ReadProgress) => void;
}

/** How often a directory that changes under our eyes is looked at before what was seen is believed. */
const ATTEMPTS_MAX = 5;

/**
 * Reads every file and says how it is, and what opening the directory would do. Memory is needed for
 * the largest segment and a little for each entry.
 *
 * @throws {DirectoryUnusableError} if there is no such directory, or it cannot be read
 */
export async function inspectDirectory(
  path: string,
  options: InspectOptions = {},
): Promise<DirectoryReport> {
  const directory = await openDirectory(path, options.vfs);
  return await lookCalmly(directory, {
    look: () => lookAt(directory, options),
    isPlausible: ({ isDamaged }) => !isDamaged,
  });
}

/**
 * Looks at a directory until what was seen is plausible or nothing has changed meanwhile: a node at
 * work removes and begins files between two of our reads, and that is no damage.
 */
export async function lookCalmly<Seen>(
  directory: Directory,
  { look, isPlausible }: {
    readonly look: () => Promise<Seen>;
    readonly isPlausible: (seen: Seen) => boolean;
  },
): Promise<Seen> {
  for (let attempt = 1;; attempt++) {
    const before = await stampOf(directory);
    const outcome = await look().then(
      (seen) => ({ kind: "seen" as const, seen }),
      (error: unknown) => ({ kind: "failed" as const, error }),
    );
    if (outcome.kind === "seen" && isPlausible(outcome.seen)) return outcome.seen;
    const isCalm = before === await stampOf(directory);
    if (!isCalm && attempt < ATTEMPTS_MAX) continue;
    if (outcome.kind === "failed") throw outcome.error;
    return outcome.seen;
  }
}

/** Opens a directory that must be there. */
export async function openDirectory(path: string, vfs: Vfs = denoVfs): Promise<Directory> {
  const directory = await vfs.openDirectory(path);
  if (directory === null) throw new DirectoryUnusableError(path, "There is no such directory");
  return directory;
}

/** Whose a file is, for the first that says. */
export function ownerOf({ segments, snapshots }: Found): NodeIdentity | null {
  for (const { reading } of segments) {
    if (reading.kind === "scanned") return reading.header.identity;
  }
  for (const { header } of snapshots) {
    if (header.kind === "header") return header.fields.identity;
  }
  return null;
}

async function lookAt(
  directory: Directory,
  { onProgress = () => {} }: InspectOptions,
): Promise<DirectoryReport> {
  const names = await directory.list();
  const meter = await ProgressMeter.over(directory, { names, onProgress });
  const segments: FoundSegment[] = [];
  const segmentReports: SegmentReport[] = [];
  for (const { name, sequence } of segmentsAmong(names)) {
    const bytes = await readWhole(directory, name);
    const found = { name, sequence, reading: scanSegment(bytes) };
    segmentReports.push(segmentReportOf(found, bytes.length));
    segments.push({ ...found, reading: withoutPayloads(found.reading) });
    meter.done(name);
  }
  const snapshots = await findSnapshots(directory, { names, meter, readsAll: true });
  const snapshotReports = await Promise.all(snapshots.map(async (found) => {
    return snapshotReportOf(found, await sizeOf(directory, found.name));
  }));
  const found = { segments, snapshots };
  const identity = ownerOf(found);
  const outlook = outlookOf(found, { path: directory.path, identity, names });
  const settled = segmentReports.map((report, at) => settle(report, segments[at]!, outlook));
  const isDamaged = outlook.kind === "refused" ||
    [...settled, ...snapshotReports].some(({ condition }) => condition === "damaged");
  return {
    path: directory.path,
    identity,
    segments: settled,
    snapshots: snapshotReports,
    otherNames: names.filter(isOther).sort(),
    outlook,
    isDamaged,
  };
}

/** Damage is mended if nothing of what it took is lost to the log as a whole. */
function settle(
  report: SegmentReport,
  { reading }: FoundSegment,
  outlook: Outlook,
): SegmentReport {
  if (reading.kind !== "scanned" || reading.scars.length === 0) return report;
  if (outlook.kind !== "opens" || report.condition !== "damaged") return report;
  const { lost } = outlook;
  const isLost = ({ index, term }: LogPosition) =>
    lost.some((each) => each.index === index && each.term === term);
  const isMended = reading.scars.every((scar) => !scar.lost.some(isLost));
  return isMended ? { ...report, condition: "mended" } : report;
}

/**
 * Reads a segment that a node may be writing to. First it is found how far it is written: in the
 * blank room behind, a single reading may come past a place before a batch is written there, and meet
 * the batch after it.
 */
export async function readWhole(directory: Directory, name: string): Promise<Uint8Array> {
  const file = await directory.open(name, "read");
  try {
    const bytes = new Uint8Array(await file.sizeBytes());
    await file.readAt(0, bytes.subarray(0, await writtenBytesOf(file, bytes.length)));
    return bytes;
  } finally {
    file.close();
  }
}

/** Where the blank bytes at a file's end begin. */
async function writtenBytesOf(file: File, sizeBytes: number): Promise<number> {
  const block = new Uint8Array(BLOCK_BYTES);
  for (let end = sizeBytes; end > 0; end -= BLOCK_BYTES) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const count = await file.readAt(start, block.subarray(0, end - start));
    const last = block.subarray(0, count).findLastIndex((byte) => byte !== 0);
    if (last >= 0) return start + last + 1;
  }
  return 0;
}

const BLOCK_BYTES = 65_536;

/** Judgements need no payloads, and a log may be larger than the memory. */
function withoutPayloads(reading: SegmentReading): SegmentReading {
  if (reading.kind !== "scanned") return reading;
  const runs = reading.runs.map(({ previousTerm, entries }) => ({
    previousTerm,
    entries: entries.map((entry) => isLost(entry) ? entry : { ...entry, payload: NOTHING }),
  }));
  const repairs = reading.repairs.map((entry) => ({ ...entry, payload: NOTHING }));
  return { ...reading, runs, repairs };
}

const NOTHING = new Uint8Array();

function outlookOf(
  found: Found,
  { path, identity, names }: {
    readonly path: string;
    readonly identity: NodeIdentity | null;
    readonly names: readonly string[];
  },
): Outlook {
  try {
    // Where no file says whose it is, none can be opened, whoever tries.
    const anyone = { clusterId: "?", nodeId: "?" as NodeIdentity["nodeId"] };
    const plan = planOpening(found, { path, identity: identity ?? anyone });
    if (plan !== null) return outlookFrom(plan);
    if (!names.includes(INCARNATION_NAME)) return { kind: "empty" };
    throw new LostLogError({ file: path, offsetBytes: null, reason: LOG_IS_GONE });
  } catch (error) {
    if (error instanceof Error) return { kind: "refused", error };
    throw error;
  }
}

function outlookFrom(plan: RecoveryPlan): Outlook {
  const { segments, obsolete, quarantined, snapshots, replacesLog, log, hardState } = plan;
  const snapshot = snapshots[0]?.meta ?? null;
  const mends = [
    ...quarantined.map((name) => `${name} is put aside: it is damaged`),
    ...segments.flatMap(({ name, scan, action }) => {
      const at = `${scan.end.offsetBytes}`;
      if (action === "cut") return `${name} is cut at byte ${at}: what follows is torn`;
      return action === "seal" ? `${name} is sealed at byte ${at}: the next one continues it` : [];
    }),
    ...obsolete.map((name) => `${name} is removed: a later segment makes it void`),
    ...(replacesLog ? ["The log begins anew behind the newest snapshot"] : []),
  ];
  const isVoid = replacesLog && snapshot !== null;
  const { base, last } = isVoid ? { base: snapshot.last, last: snapshot.last } : log;
  const covered = snapshot?.last.index ?? 0;
  const lost = isVoid ? [] : log.lost.filter(({ index }) => index > covered);
  const isStateLost = snapshot === null && base.index > 0;
  return { kind: "opens", hardState, base, last, lost, isStateLost, snapshot, mends };
}

function isOther(name: string): boolean {
  if ([LOCK_NAME, INCARNATION_NAME, RESERVE_NAME, UNFINISHED_RESERVE_NAME].includes(name)) {
    return false;
  }
  return UNFINISHED_NAMES.includes(name) ||
    (segmentsAmong([name]).length === 0 && snapshotIndexOf(name) === null);
}

/** The size of a file that is not open. */
export async function sizeOf(directory: Directory, name: string): Promise<number> {
  const file = await directory.open(name, "read");
  try {
    return await file.sizeBytes();
  } finally {
    file.close();
  }
}

/** Names and sizes of all files: another stamp, another state. */
async function stampOf(directory: Directory): Promise<string> {
  const names = [...await directory.list()].sort();
  const parts: string[] = [];
  for (const name of names) {
    // A file may go between the list and this look at it; then the stamp is another one anyway.
    const size = await sizeOf(directory, name).catch(() => "gone");
    parts.push(`${name} ${size}`);
  }
  return parts.join("\n");
}
