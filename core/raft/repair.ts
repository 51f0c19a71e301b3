/**
 * Entries that were lost to damage on this node's disk and are had again from others. Index and term
 * name an entry in the whole cluster (§5.3, Log Matching), so anyone's copy of it will do, whoever
 * leads and whether anyone does: a majority may be damaged, each node at another place, and still
 * heal.
 *
 * @module
 */

import { decodeConfiguration } from "../codec/configuration_codec.ts";
import { type Entry, entrySizeBytes } from "./entry.ts";
import type { LogPosition } from "./ids.ts";
import type { SnapshotMeta } from "./snapshot.ts";
import { type NodeState, wholeIndexOf } from "./state.ts";

/** Most entries that one request names. */
const POSITIONS_MAX = 1_024;

/** What a node lost to damage, and what it can give to others. */
export interface LogRepair {
  /** Whether nothing of the log, or of the state before it, is lost. */
  readonly isWhole: boolean;
  /** Whether the state before the log is lost, so that only a snapshot can help. */
  readonly isStateLost: boolean;
  /** The entries that are lost, as far as one request names them. */
  readonly lost: readonly LogPosition[];
  /** Those of the named entries that are whole here, up to a message's fill but at least one. */
  supply(positions: readonly LogPosition[]): readonly Entry[];
  /** Takes entries that were lost here; returns whether any was. */
  restore(entries: readonly Entry[]): boolean;
  /**
   * The snapshot that helps a peer who lost what was let go of here; null if all it asks for is held,
   * or was never.
   */
  snapshotFor(positions: readonly LogPosition[]): SnapshotMeta | null;
  /** Whether a peer's snapshot would bring back what is lost here, and undo no promise. */
  isHelpedBy(meta: SnapshotMeta): boolean;
}

/** Looks after the log of one node. */
export function logRepairOf(state: NodeState<unknown>): LogRepair {
  return {
    get isWhole() {
      return wholeIndexOf(state) === state.log.lastIndex;
    },
    get isStateLost() {
      return state.isStateLost;
    },
    get lost() {
      return state.log.lost.slice(0, POSITIONS_MAX);
    },
    supply: (positions) => supply(state, positions),
    restore: (entries) => restoreEntries(state, entries),
    snapshotFor: (positions) => snapshotFor(state, positions),
    isHelpedBy: (meta) => isHelpedBy(state, meta),
  };
}

function snapshotFor(
  { snapshot, log }: NodeState<unknown>,
  positions: readonly LogPosition[],
): SnapshotMeta | null {
  const isNeeded = positions.length === 0 ||
    positions.some(({ index }) => index <= log.base.index);
  return isNeeded ? snapshot : null;
}

/**
 * What a snapshot holds is committed, in whatever term: anyone's will do. One that ends before the own
 * log begins would give up what this node has promised to hold.
 */
function isHelpedBy(state: NodeState<unknown>, { last }: SnapshotMeta): boolean {
  const { log, isStateLost, installing, role, commitIndex } = state;
  if (role.kind !== "follower" || state.leaderId !== null || installing !== null) return false;
  if (last.index <= commitIndex || last.index < log.base.index) return false;
  const [first] = log.lost;
  return isStateLost || (first !== undefined && first.index <= last.index);
}

function supply(
  { log, windows }: NodeState<unknown>,
  positions: readonly LogPosition[],
): readonly Entry[] {
  const entries: Entry[] = [];
  let bytes = 0;
  for (const position of positions) {
    const isHeld = position.index > log.base.index && log.matches(position);
    if (!isHeld || log.isLost(position.index)) continue;
    const entry = log.entry(position.index);
    bytes += entrySizeBytes(entry);
    if (bytes > windows.appendBytesMax && entries.length > 0) break;
    entries.push(entry);
  }
  return entries;
}

/** Takes those entries that were lost here; the next batch makes them durable. */
export function restoreEntries(state: NodeState<unknown>, entries: readonly Entry[]): boolean {
  let hasRestored = false;
  for (const entry of entries) {
    if (!state.log.maybeRestore(entry)) continue;
    hasRestored = true;
    if (entry.kind !== "configuration") continue;
    const configuration = decodeConfiguration(entry.payload);
    state.configurations.restore({ index: entry.index, configuration });
  }
  return hasRestored;
}
