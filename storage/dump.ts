/**
 * Reads a data directory aloud: each file, each record of the log, one after the other.
 *
 * @module
 */

import { type InspectOptions, lookCalmly, openDirectory, readWhole, sizeOf } from "./inspection.ts";
import {
  type SegmentReport,
  segmentReportOf,
  type SnapshotReport,
  snapshotReportOf,
} from "./inspection_report.ts";
import { readFrame } from "./frame.ts";
import { ProgressMeter, type ReadProgress } from "./read_progress.ts";
import { decodeRecord, type LogRecord } from "./record.ts";
import { parseSegmentHeader } from "./segment.ts";
import { segmentsAmong } from "./segment_files.ts";
import { scanSegment } from "./segment_scan.ts";
import { findSnapshots } from "./snapshot_survey.ts";
import type { Directory } from "./vfs.ts";

/** One thing found. */
export type DumpItem =
  | { readonly kind: "snapshot"; readonly report: SnapshotReport }
  /** A segment; its records follow. */
  | { readonly kind: "segment"; readonly report: SegmentReport }
  | {
    readonly kind: "record";
    /** The segment's file name. */
    readonly name: string;
    /** Where its frame begins. */
    readonly offsetBytes: number;
    /** What it says. */
    readonly record: LogRecord;
    /** Whether the batch it belongs to is whole. One that is not never counted. */
    readonly isWhole: boolean;
  };

/**
 * Goes through snapshots, newest first, then segments, in sequence. Memory is needed for the largest
 * segment alone.
 *
 * @throws {DirectoryUnusableError} if there is no such directory, or it cannot be read
 */
export async function* dumpDirectory(
  path: string,
  { vfs, onProgress = () => {} }: InspectOptions = {},
): AsyncGenerator<DumpItem> {
  const directory = await openDirectory(path, vfs);
  const { names, meter, snapshots } = await lookCalmly(directory, {
    look: () => beginReading(directory, onProgress),
    isPlausible: () => true,
  });
  for (const report of snapshots) yield { kind: "snapshot", report };
  for (const { name, sequence } of segmentsAmong(names)) {
    const bytes = await readUnlessGone(directory, name);
    if (bytes === null) continue;
    const reading = scanSegment(bytes);
    yield { kind: "segment", report: segmentReportOf({ name, sequence, reading }, bytes.length) };
    if (reading.kind === "scanned") yield* recordsOf(name, bytes);
    meter.done(name);
  }
}

async function beginReading(
  directory: Directory,
  onProgress: (progress: ReadProgress) => void,
) {
  const names = await directory.list();
  const meter = await ProgressMeter.over(directory, { names, onProgress });
  const found = await findSnapshots(directory, { names, meter, readsAll: true });
  const snapshots = await Promise.all(found.map(async (each) => {
    return snapshotReportOf(each, await sizeOf(directory, each.name));
  }));
  return { names, meter, snapshots };
}

/** Reads a segment; null if a node at work has removed it meanwhile, since a snapshot covers it. */
async function readUnlessGone(directory: Directory, name: string): Promise<Uint8Array | null> {
  try {
    return await readWhole(directory, name);
  } catch (error) {
    if ((await directory.list()).includes(name)) throw error;
    return null;
  }
}

/** The records of a segment up to the first that cannot be read, batch by batch. */
function* recordsOf(name: string, bytes: Uint8Array): Generator<DumpItem> {
  const header = parseSegmentHeader(bytes);
  if (header.kind !== "header") return;
  const salt = header.checksum;
  let at = { offsetBytes: header.sizeBytes, checksum: salt };
  let batch: { readonly offsetBytes: number; readonly record: LogRecord }[] = [];
  for (;;) {
    const { offsetBytes, checksum } = at;
    const frame = offsetBytes < bytes.length
      ? readFrame(bytes, { offsetBytes, link: { salt, checksum } })
      : "It ends here";
    const record = typeof frame === "string" ? frame : decodeRecord(frame);
    if (typeof frame === "string" || typeof record === "string") break;
    batch.push({ offsetBytes, record });
    at = { offsetBytes: frame.endBytes, checksum: frame.checksum };
    if (record.kind !== "commit") continue;
    for (const each of batch) yield { kind: "record", name, ...each, isWhole: true };
    batch = [];
  }
  for (const each of batch) yield { kind: "record", name, ...each, isWhole: false };
}
