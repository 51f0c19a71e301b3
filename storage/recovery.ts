/**
 * What to do about what was found: pure decisions over the facts, as tables in which each row can be
 * argued about by itself. Whatever the tables do not explain by a crash is refused and left as it is.
 *
 * @module
 */

import { invariant } from "@raftkv/core";

/** How a segment ends. */
export interface SegmentFacts {
  /**
   * `clean`: with a whole batch. `torn`: with bytes that a write cut short by a crash explains.
   * `rotten`: with bytes that no crash explains.
   */
  readonly tail: "clean" | "torn" | "rotten";
  /** Whether it says that another segment follows. */
  readonly isSealed: boolean;
  /**
   * `none`: it is the last. `continues`: the next one says that it begins where this one ends.
   * `strays`: the next one is not the next in sequence, or says that it begins elsewhere.
   */
  readonly next: "none" | "continues" | "strays";
  /** `unknown`: its last term and vote may have stood where it is damaged. */
  readonly vote: "known" | "unknown";
}

/** Why a directory is not opened. */
export interface Refusal {
  /** What is done. */
  readonly action: "refuse";
  /**
   * `damaged`: what is there contradicts itself. `lost`: the end of the log or the last vote may be
   * gone, and nothing says what they were.
   */
  readonly as: "damaged" | "lost";
  /** In a sentence. */
  readonly reason: string;
}

/**
 * `keep` it as it is, `cut` its torn tail, `seal` it (and cut a torn seal), or `refuse` to open. Of
 * what is damaged before a later whole batch it is known what it was, and it is had from others.
 */
export type SegmentVerdict = { readonly action: "keep" | "cut" | "seal" } | Refusal;

/** A row holds for facts that agree with each field it has. */
export interface Row<Facts, Verdict> {
  /** The facts it is about. */
  readonly when: Partial<Facts>;
  /** What follows from them. */
  readonly verdict: Verdict;
}

/**
 * Segments. The order of a rotation makes each row follow: the next segment is durable under its name
 * before this one is sealed, and takes batches only after the seal is durable.
 *
 * The torn tail of the last segment is the one undecidable case: a last batch that was synced and
 * rotted afterwards looks the same. It is cut, because after a power cut of the whole cluster several
 * nodes have torn tails, and refusing would leave nobody to elect.
 */
export const SEGMENT_TABLE: readonly Row<SegmentFacts, SegmentVerdict>[] = [
  {
    when: { tail: "rotten" },
    verdict: { action: "refuse", as: "damaged", reason: "Durable records are damaged" },
  },
  {
    when: { tail: "clean", isSealed: false, next: "none", vote: "known" },
    verdict: { action: "keep" },
  },
  {
    when: { tail: "torn", isSealed: false, next: "none", vote: "known" },
    verdict: { action: "cut" },
  },
  // A node that forgot its vote could give another in the same term.
  {
    when: { tail: "clean", isSealed: false, next: "none", vote: "unknown" },
    verdict: { action: "refuse", as: "lost", reason: "The last vote may have been damaged" },
  },
  {
    when: { tail: "torn", isSealed: false, next: "none", vote: "unknown" },
    verdict: { action: "refuse", as: "lost", reason: "The last vote may have been damaged" },
  },
  // Each later segment begins with term and vote, so those of this one are of no consequence.
  {
    when: { tail: "clean", isSealed: true, next: "continues" },
    verdict: { action: "keep" },
  },
  // The crash came between the next segment and the seal. Nothing is missing: the next one says so.
  {
    when: { tail: "clean", isSealed: false, next: "continues" },
    verdict: { action: "seal" },
  },
  {
    when: { tail: "torn", isSealed: false, next: "continues" },
    verdict: { action: "seal" },
  },
  {
    when: { tail: "clean", isSealed: true, next: "none" },
    verdict: { action: "refuse", as: "lost", reason: "The segment after it is missing" },
  },
  {
    when: { tail: "clean", next: "strays" },
    verdict: { action: "refuse", as: "lost", reason: "The segment after it does not continue it" },
  },
  {
    when: { tail: "torn", isSealed: false, next: "strays" },
    verdict: { action: "refuse", as: "lost", reason: "Its end is damaged before a later segment" },
  },
  {
    when: { tail: "torn", isSealed: true },
    verdict: { action: "refuse", as: "damaged", reason: "Something follows the segment's end" },
  },
];

/** What a snapshot is good for. */
export interface SnapshotFacts {
  /**
   * `sound`: its digest holds. `damaged`: only its header does. `unreadable`: not even that, so
   * nothing is known about its place.
   */
  readonly content: "sound" | "damaged" | "unreadable";
  /**
   * `within`: the log holds its last entry, or begins right after it. `below`: the log begins later.
   * `outside`: the log ends before it or holds another entry there.
   */
  readonly place: "within" | "below" | "outside";
  /** Whether it says that the log did hold its last entry. */
  readonly logReached: boolean;
}

/**
 * `use` it, `replace` the log with it, `skip` it for an older one (it is put aside), `pass` over it
 * (it stays), or `refuse`. If none is used and the log does not begin at its first entry, the node
 * keeps its log, its vote and its say in elections, and waits for a snapshot from the leader.
 */
export type SnapshotVerdict =
  | { readonly action: "use" | "replace" | "skip" | "pass" }
  | Refusal;

const LOST_ENTRIES = "The log has lost entries that this snapshot covers";

/** Snapshots, newest first, until one is used. */
export const SNAPSHOT_TABLE: readonly Row<SnapshotFacts, SnapshotVerdict>[] = [
  {
    when: { content: "unreadable" },
    verdict: { action: "skip" },
  },
  {
    when: { content: "sound", place: "within" },
    verdict: { action: "use" },
  },
  // Received from a leader, or written before this node's own disk had caught up.
  {
    when: { content: "sound", place: "outside", logReached: false },
    verdict: { action: "replace" },
  },
  {
    when: { content: "sound", place: "outside", logReached: true },
    verdict: { action: "refuse", as: "lost", reason: LOST_ENTRIES },
  },
  // Between it and the log there is a gap.
  {
    when: { content: "sound", place: "below" },
    verdict: { action: "pass" },
  },
  {
    when: { content: "damaged", place: "within" },
    verdict: { action: "skip" },
  },
  {
    when: { content: "damaged", place: "below" },
    verdict: { action: "skip" },
  },
  {
    when: { content: "damaged", place: "outside", logReached: false },
    verdict: { action: "skip" },
  },
  {
    when: { content: "damaged", place: "outside", logReached: true },
    verdict: { action: "refuse", as: "lost", reason: LOST_ENTRIES },
  },
];

/** The verdict of the one row that the facts agree with. */
export function decide<Facts extends object, Verdict>(
  table: readonly Row<Facts, Verdict>[],
  facts: Facts,
): Verdict {
  const rows = table.filter((row) => agrees(row.when, facts));
  invariant(rows.length === 1, "exactly one row decides", () => facts);
  return rows[0]!.verdict;
}

function agrees<Facts extends object>(when: Partial<Facts>, facts: Facts): boolean {
  for (const name in when) {
    if (when[name] !== facts[name]) return false;
  }
  return true;
}
