// A small life of a store, step by step, with a model that says what each step makes durable.

import type { Store } from "@raftkv/core";
import {
  type DurableState,
  type Entry,
  type HardState,
  isLost,
  type SnapshotMeta,
  type StoredEntry,
} from "@raftkv/core/raft";
import { openStore, type Vfs } from "@raftkv/storage";
import { MemoryStore } from "@raftkv/storage/memory";
import {
  batchOf,
  entriesOf,
  entryOf,
  hardStateOf,
  pointOf,
  slicesOf,
  stageAll,
  stateOf,
} from "../../storage/testing/fixtures.ts";
import type { NodeId } from "@raftkv/core/raft";

export const PATH = "data";
export const IDENTITY = { clusterId: "cluster-1", nodeId: "n1" as NodeId };

/** Opens the store with segments small enough for a short workload to need many. */
export function openOn(vfs: Vfs, segmentBytesMax = 900): Promise<Store> {
  const pause = () => Promise.resolve();
  return openStore(PATH, { ...IDENTITY, vfs, segmentBytesMax, pause });
}

/** What a store should hold: term, vote, the whole log ever kept, and its newest snapshot. */
export interface Model {
  readonly hardState: HardState;
  /** By index; nothing below the snapshot that voided what was there. */
  readonly entries: readonly Entry[];
  readonly lastIndex: number;
  readonly snapshotIndex: number;
}

export const EMPTY: Model = {
  hardState: hardStateOf(0),
  entries: [],
  lastIndex: 0,
  snapshotIndex: 0,
};

/** One call, and what it makes of the model. */
export interface Step {
  readonly name: string;
  readonly run: (store: Store) => Promise<unknown>;
  readonly after: (model: Model) => Model;
}

export function append(entries: readonly Entry[], hardState: HardState | null = null): Step {
  return {
    name: `append ${entries.map(({ index, term }) => `${index}/${term}`).join(" ")}`,
    run: (store) => store.append(batchOf(entries, hardState)),
    after: (model) => ({
      ...model,
      hardState: hardState ?? model.hardState,
      entries: [
        ...model.entries.filter(({ index }) => index < (entries[0]?.index ?? Infinity)),
        ...entries,
      ],
      lastIndex: entries.at(-1)?.index ?? model.lastIndex,
    }),
  };
}

export function save(index: number, term: number): Step {
  return {
    name: `save ${index}`,
    run: (store) => store.saveSnapshot(pointOf(index, term), slicesOf(stateOf(index), 700)),
    after: (model) => ({ ...model, snapshotIndex: Math.max(index, model.snapshotIndex) }),
  };
}

export function compact(through: number): Step {
  return {
    name: `compact ${through}`,
    run: (store) => store.compact(entryOf(through, 1).index),
    after: (model) => model,
  };
}

export function stage(index: number, term: number): Step {
  return {
    name: `stage ${index}`,
    run: async (store) =>
      await stageAll(store, { meta: await metaOf(index, term), state: stateOf(index) }),
    after: (model) => model,
  };
}

export function install(index: number, term: number): Step {
  return {
    name: `install ${index}`,
    run: async (store) => await store.installSnapshot(await metaOf(index, term)),
    after: (model) => {
      const isKept = model.entries.some((entry) => entry.index === index && entry.term === term);
      return isKept
        ? { ...model, snapshotIndex: index }
        : { ...model, entries: [], lastIndex: index, snapshotIndex: index };
    },
  };
}

/** Both in one, to be tried again as a whole. */
export function receive(index: number, term: number): Step {
  const [staging, installing] = [stage(index, term), install(index, term)];
  return {
    name: `receive ${index}`,
    run: async (store) => {
      await staging.run(store);
      await installing.run(store);
    },
    after: installing.after,
  };
}

/** Appends, rotations, replaced tails, snapshots, compactions and both kinds of installation. */
export const WORKLOAD: readonly Step[] = [
  append([], hardStateOf(1, "n1")),
  append(entriesOf(1, { first: 1, last: 5 })),
  append([{ ...entryOf(6, 1), payload: new Uint8Array(1_300).fill(3) }]),
  append(entriesOf(1, { first: 7, last: 12 })),
  append(entriesOf(2, { first: 10, last: 11 }), hardStateOf(2, "n2")),
  save(6, 1),
  append(entriesOf(2, { first: 12, last: 14 })),
  append([], hardStateOf(3, null)),
  append(entriesOf(2, { first: 15, last: 24 })),
  save(13, 2),
  compact(13),
  append(entriesOf(2, { first: 25, last: 26 }), hardStateOf(4, "n1")),
  stage(40, 3),
  install(40, 3),
  append(entriesOf(4, { first: 41, last: 46 })),
  append(entriesOf(4, { first: 47, last: 55 }), hardStateOf(4, "n1")),
  save(44, 4),
  stage(50, 4),
  install(50, 4),
  compact(48),
  append(entriesOf(5, { first: 53, last: 54 }), hardStateOf(5, "n3")),
  // Another history: the log is void although it is longer.
  stage(52, 6),
  install(52, 6),
  append(entriesOf(6, { first: 53, last: 60 }), hardStateOf(6, "n3")),
];

/** Why what was recovered is not what the model holds, or null if it is. */
export function differenceFrom(model: Model, recovered: DurableState): string | null {
  const { hardState, snapshot, base, entries } = recovered;
  if (JSON.stringify(hardState) !== JSON.stringify(model.hardState)) return "hard state";
  if ((snapshot?.last.index ?? 0) !== model.snapshotIndex) return "snapshot";
  return differenceOfLogs(model, { snapshot, base, entries });
}

/** The same without a word about which snapshot it is, as long as the log reaches it. */
export function differenceOfLogs(
  model: Model,
  { snapshot, base, entries }: Pick<DurableState, "snapshot" | "base" | "entries">,
): string | null {
  if (base.index > (snapshot?.last.index ?? 0)) return "base";
  const last = entries.at(-1)?.index ?? base.index;
  if (last !== model.lastIndex) return "end of the log";
  const expected = model.entries.filter(({ index }) => index > base.index);
  if (expected.length !== entries.length) return "number of entries";
  const isEqual = entries.every((entry, i) => textOf(entry) === textOf(expected[i]!));
  return isEqual ? null : "entries";
}

function textOf(entry: StoredEntry): string {
  const { index, term, kind } = entry;
  return isLost(entry)
    ? `${index} ${term} lost`
    : `${index} ${term} ${kind} ${entry.timeMs} ${entry.payload}`;
}

function metaOf(index: number, term: number): Promise<SnapshotMeta> {
  return new MemoryStore().saveSnapshot(pointOf(index, term), slicesOf(stateOf(index)));
}

/** The digest of the state as of `index`, worked out once. */
export async function digestOfState(index: number): Promise<string> {
  const known = digests.get(index);
  if (known !== undefined) return known;
  const { digest } = await metaOf(index, 1);
  digests.set(index, digest);
  return digest;
}

const digests = new Map<number, string>();
