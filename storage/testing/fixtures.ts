/**
 * Batches, snapshots and entries for the contract suite.
 *
 * @module
 */

import type { Store } from "@raftkv/core";
import {
  type Configuration,
  configurationOf,
  type Entry,
  type HardState,
  type LogIndex,
  type LogPosition,
  type NodeId,
  type PersistBatch,
  type SnapshotMeta,
  type SnapshotPoint,
  type Term,
  type Ticket,
} from "@raftkv/core/raft";
import { checksumOf } from "../checksum.ts";

/** The place of an entry. */
export function positionOf(index: number, term: number): LogPosition {
  return { index: index as LogIndex, term: term as Term };
}

/** Term and vote. */
export function hardStateOf(term: number, votedFor: string | null = null): HardState {
  return { term: term as Term, votedFor: votedFor as NodeId | null };
}

/** An entry whose payload tells index and term. */
export function entryOf(index: number, term: number): Entry {
  const payload = new TextEncoder().encode(`entry ${index} of term ${term}`);
  return { ...positionOf(index, term), kind: "command", timeMs: 1_000 + index, payload };
}

/** The entries from `first` to `last`, all of one term. */
export function entriesOf(term: number, { first, last }: { first: number; last: number }): Entry[] {
  return Array.from({ length: last - first + 1 }, (_, i) => entryOf(first + i, term));
}

/** A batch of entries, with a hard state or without. */
export function batchOf(
  entries: readonly Entry[],
  hardState: HardState | null = null,
): PersistBatch {
  return { ticket: 0 as Ticket, hardState, entries, repairs: [] };
}

/** A snapshot's place, with a configuration of three. */
export function pointOf(index: number, term: number): SnapshotPoint {
  return { last: positionOf(index, term), configuration: CONFIGURATION };
}

/** The state as of `index`: some thousand bytes that differ from those of any other index. */
export function stateOf(index: number): Uint8Array {
  return Uint8Array.from({ length: 5_000 + index }, (_, i) => (i * 31 + index * 17) % 251);
}

/** Cuts bytes into slices. */
export function* slicesOf(bytes: Uint8Array, sliceBytes = 1_000): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += sliceBytes) yield bytes.subarray(at, at + sliceBytes);
}

/** Sends a whole snapshot as a leader would, up to its installation. */
export async function stageAll(
  store: Store,
  { meta, state }: { readonly meta: SnapshotMeta; readonly state: Uint8Array },
): Promise<void> {
  let offsetBytes = 0;
  do {
    const data = state.subarray(offsetBytes, offsetBytes + 2_000);
    offsetBytes = await store.stageSnapshot({ meta, offsetBytes, data });
  } while (offsetBytes < state.length);
}

const CONFIGURATION: Configuration = configurationOf(
  ["n1", "n2", "n3"].map((id) => ({ id: id as NodeId, url: `http://${id}:8001` })),
);

/** The file as a later release would write it: with that number, and a header that agrees with it. */
export function asOfVersion(version: number, file: Uint8Array): Uint8Array {
  const later = file.slice();
  const view = new DataView(later.buffer);
  view.setUint32(8, version, true);
  const checksumAt = view.getUint32(12, true) - 4;
  view.setUint32(checksumAt, checksumOf(later.subarray(0, checksumAt)), true);
  return later;
}
