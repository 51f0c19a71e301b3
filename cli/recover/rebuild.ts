/**
 * From what a member has on its disk to what a cluster of it alone begins with.
 *
 * @module
 */

import { LIMITS, type Store } from "@raftkv/core";
import { encodeConfiguration } from "@raftkv/core/codec";
import { KvStateMachine } from "@raftkv/core/kv";
import {
  configurationOf,
  type DurableState,
  type Entry,
  indexAfter,
  isLost,
  isStateLost,
  type Member,
  type SnapshotMeta,
  termAfter,
} from "@raftkv/core/raft";
import type { Planting } from "@raftkv/storage/rescue";
import { EXIT } from "../exit_code.ts";
import { CommandFailure } from "../failures.ts";
import { newPoint } from "../snapshot/new_cluster.ts";

/** What the new cluster begins with. */
export interface Rebuilt {
  /** For the storage. */
  readonly planting: Omit<Planting, "sequence">;
  /** What is in it. */
  readonly machine: KvStateMachine;
}

/**
 * Takes everything the member holds for committed. Some of it may never have been acknowledged to
 * anyone; to leave it out could lose what was.
 */
export async function rebuildFrom(
  store: Store,
  { clusterId, member, nowMs }: {
    readonly clusterId: string;
    readonly member: Member;
    readonly nowMs: number;
  },
): Promise<Rebuilt> {
  const { snapshot, base, entries, hardState } = store.recovered;
  checkWhole(store.recovered);
  const machine = new KvStateMachine();
  if (snapshot !== null) await restore(machine, { store, snapshot });
  const from = snapshot?.last ?? base;
  for (const entry of entries) {
    if (entry.index > from.index && entry.kind === "command") machine.apply(entry);
  }
  const { index, term } = entries.at(-1) ?? from;
  const point = newPoint(
    { last: { index, term }, configuration: configurationOf([member]) },
    [member],
  );
  const trace: Entry = {
    index: indexAfter(point.last.index),
    term: termAfter(hardState.term),
    kind: "configuration",
    timeMs: nowMs,
    payload: encodeConfiguration(point.configuration),
  };
  const identity = { clusterId, nodeId: member.id };
  return { machine, planting: { identity, point, entries: [trace], slices: machine.snapshot() } };
}

/** What is missing cannot be had from others any more, and nothing may be built on a gap. */
function checkWhole(recovered: DurableState): void {
  const covered = recovered.snapshot?.last.index ?? 0;
  const lost = recovered.entries.find((entry) => isLost(entry) && entry.index > covered);
  if (lost === undefined && !isStateLost(recovered)) return;
  const what = lost === undefined
    ? `No sound snapshot reaches its log, which begins after entry ${recovered.base.index}`
    : `Entry ${lost.index} is damaged, and what follows builds on it`;
  const options = { code: "damaged", exitCode: EXIT.damaged };
  throw new CommandFailure(`Cannot go on with this member: ${what}`, options);
}

async function restore(
  machine: KvStateMachine,
  { store, snapshot }: { readonly store: Store; readonly snapshot: SnapshotMeta },
): Promise<void> {
  const restorer = machine.restorer();
  for (let offset = 0; offset < snapshot.sizeBytes;) {
    const slice = await store.readSnapshot(snapshot.last.index, offset, LIMITS.snapshotChunkBytes);
    if (slice === null || slice.length === 0) break;
    restorer.push(slice);
    offset += slice.length;
  }
  restorer.finish();
}
