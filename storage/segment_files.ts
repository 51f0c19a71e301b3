/**
 * Segments as files: found when a directory is opened, and begun.
 *
 * @module
 */

import type { HardState, LogPosition } from "@raftkv/core/raft";
import type { ProgressMeter } from "./read_progress.ts";
import {
  encodeSegmentStart,
  type SegmentHeader,
  segmentName,
  sequenceOf,
  UNFINISHED_SEGMENT_NAME,
} from "./segment.ts";
import { type Mark, scanSegment, type SegmentReading } from "./segment_scan.ts";
import { type Directory, type File, NoSpaceError, readStart } from "./vfs.ts";

/** A segment of the log, by what is remembered of it. */
export interface SegmentFile {
  /** Its file name. */
  readonly name: string;
  /** Its place among the segments. */
  readonly sequence: number;
  /** The entry right before the first it can hold. */
  readonly previous: LogPosition;
}

/** The segment that takes batches. */
export interface ActiveSegment extends SegmentFile {
  /** Its file, open. */
  readonly file: File;
  /** The checksum of its header. */
  readonly salt: number;
  /** Where its first batch ends, which every segment has. */
  readonly startBytes: number;
  /** Where its last batch ends. */
  readonly end: Mark;
}

/** A segment as it was found. */
export interface FoundSegment {
  /** Its file name. */
  readonly name: string;
  /** The sequence in its name. */
  readonly sequence: number;
  /** What its bytes say. */
  readonly reading: SegmentReading;
}

/** Reads all segments among `names`, in sequence. */
export async function findSegments(
  directory: Directory,
  { names, meter }: { readonly names: readonly string[]; readonly meter: ProgressMeter },
): Promise<FoundSegment[]> {
  const found: FoundSegment[] = [];
  const segments = segmentsAmong(names);
  let ahead = segments.length > 0 ? readWhole(directory, segments[0]!.name) : null;
  for (const [place, { name, sequence }] of segments.entries()) {
    const bytes = await ahead!;
    const next = segments[place + 1];
    // The system reads the next one while this one is looked through.
    ahead = next === undefined ? null : readWhole(directory, next.name);
    found.push({ name, sequence, reading: scanSegment(bytes) });
    meter.done(name);
  }
  return found;
}

async function readWhole(directory: Directory, name: string): Promise<Uint8Array> {
  const file = await directory.open(name, "read");
  try {
    return await readStart(file, Number.POSITIVE_INFINITY);
  } finally {
    file.close();
  }
}

/** The segments among `names`, in sequence. */
export function segmentsAmong(names: readonly string[]): { name: string; sequence: number }[] {
  const segments: { name: string; sequence: number }[] = [];
  for (const name of names) {
    const sequence = sequenceOf(name);
    if (sequence !== null) segments.push({ name, sequence });
  }
  return segments.sort((a, b) => a.sequence - b.sequence);
}

/**
 * Begins a segment: when this resolves, header and first batch are durable under its name.
 *
 * @throws {NoSpaceError} if the disk is full; nothing is left behind
 */
export async function createSegment(
  directory: Directory,
  { header, hardState }: { readonly header: SegmentHeader; readonly hardState: HardState },
): Promise<ActiveSegment> {
  const name = segmentName(header.sequence, header.previous);
  const { bytes, link } = encodeSegmentStart(header, hardState);
  const file = await directory.create(UNFINISHED_SEGMENT_NAME);
  try {
    file.writeAt(0, bytes);
    await file.syncData();
    await directory.rename(UNFINISHED_SEGMENT_NAME, name);
  } catch (error) {
    file.close();
    if (error instanceof NoSpaceError) await directory.remove(UNFINISHED_SEGMENT_NAME);
    throw error;
  }
  await directory.sync();
  const { sequence, previous } = header;
  const startBytes = bytes.length;
  const end = { offsetBytes: startBytes, checksum: link.checksum };
  return { name, sequence, previous, file, salt: link.salt, startBytes, end };
}
