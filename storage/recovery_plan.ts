/**
 * From what was found in a directory to what its store begins with. Pure: it throws or returns, and
 * changes nothing, so that a refused directory stays as it was found.
 *
 * @module
 */

import { type HardState, POSITION_ZERO } from "@raftkv/core/raft";
import {
  CorruptLogError,
  IdentityMismatchError,
  LostLogError,
  UnsupportedFormatError,
} from "./errors.ts";
import { FORMAT_VERSION } from "./file_header.ts";
import { isSameNode, type NodeIdentity } from "./identity.ts";
import { RecoveredLog } from "./recovered_log.ts";
import {
  decide,
  type Refusal,
  SEGMENT_TABLE,
  SNAPSHOT_TABLE,
  type SnapshotFacts,
} from "./recovery.ts";
import type { FoundSegment } from "./segment_files.ts";
import type { SegmentScan } from "./segment_scan.ts";
import type { KeptSnapshot } from "./snapshot_files.ts";
import type { SnapshotHeader } from "./snapshot_file.ts";
import type { FoundSnapshot } from "./snapshot_survey.ts";

/** What lies in a directory. */
export interface Found {
  /** In sequence. */
  readonly segments: readonly FoundSegment[];
  /** Newest first. */
  readonly snapshots: readonly FoundSnapshot[];
}

/** A segment that stays, and what is to be done to it first. */
export interface PlannedSegment {
  /** Its file name. */
  readonly name: string;
  /** What it holds. */
  readonly scan: SegmentScan;
  /** Whether it stays as it is, loses its torn tail, or gets its seal. */
  readonly action: "keep" | "cut" | "seal";
}

/** What the store begins with, and what is to be done first. */
export interface RecoveryPlan {
  /** At least one, in sequence; the last is to take the next batches. */
  readonly segments: readonly PlannedSegment[];
  /** Files of segments that a later one made void. */
  readonly obsolete: readonly string[];
  /** Files of snapshots that cannot be trusted. */
  readonly quarantined: readonly string[];
  /** The others, newest first. */
  readonly snapshots: readonly KeptSnapshot[];
  /** Whether the newest snapshot takes the log's place. */
  readonly replacesLog: boolean;
  /** What the segments hold together. */
  readonly log: RecoveredLog;
  /** The last durable term and vote. */
  readonly hardState: HardState;
}

/**
 * Decides about a directory as a whole; null if it holds nothing yet.
 *
 * @param owner Its path, and who opens it.
 * @throws As {@linkcode planRecovery}.
 */
export function planOpening(
  found: Found,
  owner: { readonly path: string; readonly identity: NodeIdentity },
): RecoveryPlan | null {
  if (found.segments.length > 0) return planRecovery(found, owner.identity);
  if (found.snapshots.length === 0) return null;
  const reason = "It holds snapshots but no log";
  throw new LostLogError({ file: owner.path, offsetBytes: null, reason });
}

/**
 * Decides what to do about what was found.
 *
 * @param identity Who opens the directory.
 * @throws {CorruptLogError} if a crash does not explain what was found and others cannot make up for it
 * @throws {LostLogError} if it may have lost the end of its log, or its vote
 * @throws {IdentityMismatchError} if it belongs to another node
 * @throws {UnsupportedFormatError} if a later release wrote it
 */
export function planRecovery(found: Found, identity: NodeIdentity): RecoveryPlan {
  checkHeaders(found, identity);
  const start = found.segments.findLastIndex(({ reading }) =>
    reading.kind === "scanned" && reading.header.startsAnew
  );
  const live = found.segments.slice(Math.max(0, start));
  const segments = live.map((_, place) => planSegment(live, place));
  const log = assembleLog(segments);
  return {
    segments,
    obsolete: found.segments.slice(0, Math.max(0, start)).map(({ name }) => name),
    ...planSnapshots(found.snapshots, log),
    log,
    hardState: segments.at(-1)!.scan.hardState!,
  };
}

/** Later releases and other nodes first: what they wrote must not be taken for damage. */
function checkHeaders(found: Found, identity: NodeIdentity): void {
  const headers = [
    ...found.segments.map(({ name, reading }) => ({ name, header: reading })),
    ...found.snapshots.map(({ name, header }) => ({ name, header })),
  ];
  for (const { name, header } of headers) {
    if (header.kind === "newer") {
      const { version } = header;
      throw new UnsupportedFormatError(name, { version, versionMax: FORMAT_VERSION });
    }
    const owner = header.kind === "scanned"
      ? header.header.identity
      : header.kind === "header"
      ? header.fields.identity
      : null;
    if (owner !== null && !isSameNode(owner, identity)) {
      throw new IdentityMismatchError({ file: name, expected: identity, found: owner });
    }
  }
}

function planSegment(segments: readonly FoundSegment[], place: number): PlannedSegment {
  const segment = segments[place]!;
  const { name } = segment;
  const scan = scanOf(segment);
  const next = segments[place + 1];
  const verdict = decide(SEGMENT_TABLE, {
    tail: scan.damage === null ? "clean" : scan.damage.couldBeTorn ? "torn" : "rotten",
    isSealed: scan.isSealed,
    next: next === undefined ? "none" : continues(scan, next) ? "continues" : "strays",
    vote: scan.hardState === null ? "unknown" : "known",
  });
  if (verdict.action !== "refuse") return { name, scan, action: verdict.action };
  throw refusalOf(verdict, { file: name, offsetBytes: scan.end.offsetBytes, damage: scan.damage });
}

function refusalOf(
  { as, reason }: Refusal,
  { file, offsetBytes, damage = null }: {
    readonly file: string;
    readonly offsetBytes: number | null;
    readonly damage?: SegmentScan["damage"];
  },
): CorruptLogError {
  const place = damage === null
    ? { file, offsetBytes, reason }
    : { file, offsetBytes: damage.offsetBytes, reason: `${reason}: ${damage.reason}` };
  return as === "lost" ? new LostLogError(place) : new CorruptLogError(place);
}

function scanOf({ name, sequence, reading }: FoundSegment): SegmentScan {
  if (reading.kind !== "scanned") {
    const offsetBytes = reading.kind === "unreadable" ? reading.offsetBytes : null;
    const reason = reading.kind === "unreadable" ? reading.reason : "Its format is not known";
    throw new LostLogError({ file: name, offsetBytes, reason });
  }
  if (reading.header.sequence === sequence) return reading;
  const reason = `It is segment ${reading.header.sequence} by its header`;
  throw new CorruptLogError({ file: name, offsetBytes: null, reason });
}

function continues(scan: SegmentScan, next: FoundSegment): boolean {
  const { header } = scanOf(next);
  return header.sequence === scan.header.sequence + 1 &&
    header.previousEndBytes === scan.end.offsetBytes &&
    header.previousChecksum === scan.end.checksum &&
    header.previous.index === scan.last.index &&
    header.previous.term === scan.last.term;
}

function assembleLog(segments: readonly PlannedSegment[]): RecoveredLog {
  const log = new RecoveredLog(segments[0]?.scan.header.previous ?? POSITION_ZERO);
  for (const { name, scan } of segments) {
    for (const run of scan.runs) {
      const objection = log.add(run);
      if (objection === null) continue;
      throw new CorruptLogError({ file: name, offsetBytes: null, reason: objection });
    }
  }
  // Index and term name an entry wherever it stands, so order does not matter.
  for (const { scan } of segments) log.repair(scan.repairs);
  return log;
}

interface SnapshotPlan {
  readonly quarantined: readonly string[];
  readonly snapshots: readonly KeptSnapshot[];
  readonly replacesLog: boolean;
}

function planSnapshots(found: readonly FoundSnapshot[], log: RecoveredLog): SnapshotPlan {
  const quarantined: string[] = [];
  for (const [place, snapshot] of found.entries()) {
    const verdict = decide(SNAPSHOT_TABLE, factsOf(snapshot, log));
    if (verdict.action === "refuse") {
      throw refusalOf(verdict, { file: snapshot.name, offsetBytes: null });
    }
    if (verdict.action === "skip") quarantined.push(snapshot.name);
    if (verdict.action === "skip" || verdict.action === "pass") continue;
    const rest = found.slice(place).map((older) => ({ name: older.name, kept: keptFrom(older) }));
    for (const { name, kept } of rest) if (kept === null) quarantined.push(name);
    const snapshots = rest.flatMap(({ kept }) => kept ?? []);
    return { quarantined, snapshots, replacesLog: verdict.action === "replace" };
  }
  return { quarantined, snapshots: [], replacesLog: false };
}

function factsOf(snapshot: FoundSnapshot, log: RecoveredLog): SnapshotFacts {
  const header = headerOf(snapshot);
  if (header === null) return { content: "unreadable", place: "outside", logReached: false };
  const { last } = header.meta;
  const place = last.index < log.base.index
    ? "below"
    : log.termAt(last.index) === last.term
    ? "within"
    : "outside";
  const content = snapshot.content === "sound" ? "sound" : "damaged";
  return { content, place, logReached: header.logReaches };
}

/** The header, or null if it cannot be read or is not that of a file of this name. */
function headerOf({ header, index }: FoundSnapshot): SnapshotHeader | null {
  if (header.kind !== "header") return null;
  return header.fields.meta.last.index === index ? header.fields : null;
}

/** Older snapshots than the one in use are kept unread, unless they are plainly broken. */
function keptFrom(snapshot: FoundSnapshot): KeptSnapshot | null {
  const header = headerOf(snapshot);
  if (header === null || snapshot.header.kind !== "header") return null;
  return { meta: header.meta, headerBytes: snapshot.header.sizeBytes };
}
