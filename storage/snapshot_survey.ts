/**
 * Finds the snapshots of a directory that is being opened, and tells the sound ones from the rest.
 *
 * @module
 */

import type { LogIndex } from "@raftkv/core/raft";
import { Digest } from "./digest.ts";
import { HEADER_BYTES_MAX, type ParsedHeader } from "./file_header.ts";
import type { ProgressMeter } from "./read_progress.ts";
import { parseSnapshotHeader, type SnapshotHeader, snapshotIndexOf } from "./snapshot_file.ts";
import { type Directory, type File, readStart } from "./vfs.ts";

/** A snapshot as it was found. */
export interface FoundSnapshot {
  /** Its file name. */
  readonly name: string;
  /** The index in its name. */
  readonly index: LogIndex;
  /** What its first bytes say. */
  readonly header: ParsedHeader<SnapshotHeader>;
  /** Whether size and digest hold; not looked at if a newer one is sound, unless all are wanted. */
  readonly content: "sound" | "damaged" | "unchecked";
}

/**
 * Looks at all snapshots among `names`, newest first, and reads them until one is sound, or all of
 * them.
 */
export async function findSnapshots(
  directory: Directory,
  { names, meter, readsAll = false }: {
    readonly names: readonly string[];
    readonly meter: ProgressMeter;
    readonly readsAll?: boolean;
  },
): Promise<FoundSnapshot[]> {
  const found: FoundSnapshot[] = [];
  let isOneSound = false;
  for (const { name, index } of snapshotsAmong(names)) {
    const file = await directory.open(name, "read");
    try {
      const header = parseSnapshotHeader(await readStart(file, HEADER_BYTES_MAX));
      const content: FoundSnapshot["content"] = isOneSound && !readsAll
        ? "unchecked"
        : await contentOf(file, { header, meter });
      isOneSound ||= content === "sound";
      found.push({ name, index, header, content });
      meter.done(name);
    } finally {
      file.close();
    }
  }
  return found;
}

function snapshotsAmong(names: readonly string[]): { name: string; index: LogIndex }[] {
  const snapshots: { name: string; index: LogIndex }[] = [];
  for (const name of names) {
    const index = snapshotIndexOf(name);
    if (index !== null) snapshots.push({ name, index });
  }
  return snapshots.sort((a, b) => b.index - a.index);
}

async function contentOf(
  file: File,
  { header, meter }: {
    readonly header: ParsedHeader<SnapshotHeader>;
    readonly meter: ProgressMeter;
  },
): Promise<"sound" | "damaged"> {
  if (header.kind !== "header") return "damaged";
  const { meta } = header.fields;
  if (await file.sizeBytes() !== header.sizeBytes + meta.sizeBytes) return "damaged";
  const digest = new Digest();
  const slice = new Uint8Array(SLICE_BYTES);
  for (let offsetBytes = 0; offsetBytes < meta.sizeBytes; offsetBytes += SLICE_BYTES) {
    const count = await file.readAt(header.sizeBytes + offsetBytes, slice);
    digest.update(slice.subarray(0, count));
    meter.within(header.sizeBytes + offsetBytes + count);
  }
  return digest.finish() === meta.digest ? "sound" : "damaged";
}

const SLICE_BYTES = 1_048_576;
