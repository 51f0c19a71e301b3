/**
 * I31, I32: what a start finds on the disk is what was durable before, and perhaps the one batch or
 * snapshot that was on its way when the node ended; nothing less, nothing else.
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import {
  type DurableState,
  type HardState,
  isStateLost,
  type LogIndex,
  type PersistBatch,
  type SnapshotMeta,
} from "@raftkv/core/raft";
import type { SimulatedDisk } from "./disk.ts";

/**
 * What was found to be lost to damage is lost for the ledger, too, and what was found is there: a batch
 * of repairs that was being written when the node ended may have come to the disk.
 */
export function noteDamage(ledger: SimulatedDisk, recovered: DurableState): void {
  const { entries } = recovered;
  ledger.isStateLost = isStateLost(recovered);
  for (const entry of entries) {
    const { kind, index } = entry;
    if (kind !== "lost") ledger.restore(entry);
    else if (index > ledger.baseIndex && !ledger.isLost(index)) ledger.lose(index);
  }
}

/** What was on its way when a node ended. */
export interface UnderWay {
  /** The batch that was being written. */
  readonly writing: PersistBatch | null;
  /** The snapshot that was being installed. */
  readonly installing: SnapshotMeta | null;
  /** Whether bits have turned over since the last start. */
  readonly isDamaged: boolean;
}

/**
 * Compares, and brings a snapshot that was installed after all to the ledger.
 *
 * @returns The batch, if it is on the disk after all
 * @throws {InvariantViolation} if anything is missing, or there that was never written
 */
export function checkRecovered(
  ledger: SimulatedDisk,
  recovered: DurableState,
  { writing, installing, isDamaged }: UnderWay,
): { readonly batch: PersistBatch | null } {
  if (installing !== null) {
    const isInstalled = isSnapshotOf(recovered, installing) ||
      (isDamaged && hasLostStateAt(recovered, installing));
    if (isInstalled) ledger.adopt(installing);
  }
  if (differenceFrom(ledger, recovered, null) === null) return { batch: null };
  const difference = writing === null ? null : differenceFrom(ledger, recovered, writing);
  invariant(
    writing !== null && difference === null,
    "I31 I32 what a start finds is what was durable, and at most what was on its way",
    () => ({
      difference: difference ?? differenceFrom(ledger, recovered, null),
      durable: { hardState: ledger.hardState, lastIndex: ledger.lastIndex },
      recovered: {
        hardState: recovered.hardState,
        base: recovered.base,
        last: recovered.entries.at(-1)?.index ?? recovered.base.index,
        snapshot: recovered.snapshot?.last ?? null,
      },
    }),
  );
  return { batch: writing };
}

function isSnapshotOf({ snapshot }: DurableState, meta: SnapshotMeta): boolean {
  return snapshot?.last.index === meta.last.index && snapshot.digest === meta.digest;
}

/** Whether a snapshot had taken the place of the log before it was lost to damage. */
function hasLostStateAt(recovered: DurableState, { last }: SnapshotMeta): boolean {
  const { base } = recovered;
  return isStateLost(recovered) && base.index === last.index && base.term === last.term;
}

/** What differs from the ledger, with a batch on top of it if one is given; null if nothing does. */
function differenceFrom(
  ledger: SimulatedDisk,
  { hardState, base, entries }: DurableState,
  batch: PersistBatch | null,
): string | null {
  const expected = batch?.hardState ?? ledger.hardState;
  if (!isSame(hardState, expected)) return `term and vote, not ${JSON.stringify(expected)}`;
  const first = batch?.entries[0]?.index ?? Infinity;
  const last = batch?.entries.at(-1)?.index ?? ledger.lastIndex;
  const found = base.index + entries.length;
  if (found !== last) return `the log ends at ${found}, not ${last}`;
  for (const { index, term } of entries) {
    const wanted = index < first ? termIn(ledger, index) : batch?.entries[index - first]?.term;
    if (wanted !== null && wanted !== term) {
      return `entry ${index} is of term ${term}, not ${wanted}`;
    }
  }
  return null;
}

function termIn(ledger: SimulatedDisk, index: LogIndex): number | null {
  return ledger.isCompacted(index) ? null : ledger.termAt(index);
}

function isSame(a: HardState, b: HardState): boolean {
  return a.term === b.term && a.votedFor === b.votedFor;
}
