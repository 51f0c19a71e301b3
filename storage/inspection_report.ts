/**
 * What is said of a data directory that was looked into.
 *
 * @module
 */

import type { HardState, LogPosition, SnapshotMeta } from "@raftkv/core/raft";
import type { NodeIdentity } from "./identity.ts";
import type { FoundSegment } from "./segment_files.ts";
import type { FoundSnapshot } from "./snapshot_survey.ts";

/**
 * How a file is. `sound`: as it was written. `torn`: it ends as a crash, or a write under way, may
 * leave it. `damaged`: as neither does. `mended`: damaged, but what the damage took has been written
 * again since, or is not needed any more. `newer`: a later release wrote it.
 */
export type Condition = "sound" | "torn" | "damaged" | "mended" | "newer";

/** A segment of the log. */
export interface SegmentReport {
  /** Its file name. */
  readonly name: string;
  /** Its size. */
  readonly sizeBytes: number;
  /** How it is. */
  readonly condition: Condition;
  /** What it holds; null if not even its beginning can be read. */
  readonly content: {
    /** Its place among the segments. */
    readonly sequence: number;
    /** Whether it says that the log before it is void. */
    readonly startsAnew: boolean;
    /** The entry right before the first it can hold. */
    readonly previous: LogPosition;
    /** Where the log ends after its last whole batch. */
    readonly last: LogPosition;
    /** The last term and vote in it; null if they may be damaged. */
    readonly hardState: HardState | null;
    /** How many entries it holds, replaced ones included. */
    readonly entryCount: number;
    /** Whether it says that another segment follows. */
    readonly isSealed: boolean;
    /** Where its last whole batch ends, the seal not counted. */
    readonly endBytes: number;
  } | null;
  /** What is wrong and where, or null if nothing is. */
  readonly damage: { readonly offsetBytes: number; readonly reason: string } | null;
}

/** A snapshot. */
export interface SnapshotReport {
  /** Its file name. */
  readonly name: string;
  /** Its size. */
  readonly sizeBytes: number;
  /** How it is; never `torn`, since it gets its name when it is whole. */
  readonly condition: Condition;
  /** What its header says; null if that cannot be read. */
  readonly meta: SnapshotMeta | null;
  /** What is wrong, or null if nothing is. */
  readonly reason: string | null;
}

/** What opening the directory would do. */
export type Outlook =
  /** Nothing is in it: a log would begin. */
  | { readonly kind: "empty" }
  /** It would open. */
  | {
    readonly kind: "opens";
    /** The term and vote it would begin with. */
    readonly hardState: HardState;
    /** The entry right before the log. */
    readonly base: LogPosition;
    /** The last entry of the log. */
    readonly last: LogPosition;
    /** Entries whose bytes are damaged, to be had from the other members. */
    readonly lost: readonly LogPosition[];
    /** Whether a snapshot has to be had from the leader: none here reaches the log. */
    readonly isStateLost: boolean;
    /** The snapshot it would begin with. */
    readonly snapshot: SnapshotMeta | null;
    /** What it would mend first, one sentence each. */
    readonly mends: readonly string[];
  }
  /** It would be refused and left as it is. */
  | { readonly kind: "refused"; readonly error: Error };

/** A data directory. */
export interface DirectoryReport {
  /** Its path. */
  readonly path: string;
  /** Whose it is; null if no file says. */
  readonly identity: NodeIdentity | null;
  /** In sequence. */
  readonly segments: readonly SegmentReport[];
  /** Newest first. */
  readonly snapshots: readonly SnapshotReport[];
  /** Files that are neither, without the lock: unfinished, put aside, or not ours. */
  readonly otherNames: readonly string[];
  /** What opening it would do. */
  readonly outlook: Outlook;
  /** Whether any file is damaged, or the directory would be refused. */
  readonly isDamaged: boolean;
}

/** Describes a segment. */
export function segmentReportOf({ name, reading }: FoundSegment, sizeBytes: number): SegmentReport {
  if (reading.kind === "newer") {
    return { name, sizeBytes, condition: "newer", content: null, damage: null };
  }
  if (reading.kind === "unreadable") {
    const { offsetBytes, reason } = reading;
    const damage = { offsetBytes, reason };
    return { name, sizeBytes, condition: "damaged", content: null, damage };
  }
  const { header, last, hardState, runs, isSealed, end, scars } = reading;
  const [scar] = scars;
  const damage = reading.damage ?? scar ?? null;
  const { sequence, startsAnew, previous } = header;
  const entryCount = runs.reduce((sum, run) => sum + run.entries.length, 0);
  return {
    name,
    sizeBytes,
    condition: damage === null
      ? "sound"
      : scar === undefined && reading.damage?.couldBeTorn
      ? "torn"
      : "damaged",
    content: {
      sequence,
      startsAnew,
      previous,
      last,
      hardState,
      entryCount,
      isSealed,
      endBytes: end.offsetBytes,
    },
    damage: damage === null ? null : { offsetBytes: damage.offsetBytes, reason: damage.reason },
  };
}

/** Describes a snapshot whose content was looked at. */
export function snapshotReportOf(found: FoundSnapshot, sizeBytes: number): SnapshotReport {
  const { name, header, index } = found;
  if (header.kind === "newer") {
    return { name, sizeBytes, condition: "newer", meta: null, reason: null };
  }
  if (header.kind === "damaged") {
    return { name, sizeBytes, condition: "damaged", meta: null, reason: header.reason };
  }
  const { meta } = header.fields;
  const reason = found.content === "damaged"
    ? "Size or digest of the state does not match"
    : meta.last.index !== index
    ? `It is the snapshot at ${meta.last.index} by its header`
    : null;
  return { name, sizeBytes, condition: reason === null ? "sound" : "damaged", meta, reason };
}
