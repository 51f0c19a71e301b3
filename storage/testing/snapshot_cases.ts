/**
 * The contract of snapshots: saved, read, received, and what they do to the log.
 *
 * @module
 */

import { assert, assertEquals, assertFalse } from "@std/assert";
import type { Store } from "@raftkv/core";
import type { DurableState, LogIndex, SnapshotMeta } from "@raftkv/core/raft";
import {
  batchOf,
  entriesOf,
  entryOf,
  hardStateOf,
  pointOf,
  positionOf,
  slicesOf,
  stageAll,
  stateOf,
} from "./fixtures.ts";
import { MemoryStore } from "../memory_store.ts";
import type { StoreCase, StorePlace } from "./subject.ts";

/** Tests of snapshots. */
export const SNAPSHOT_CASES: readonly StoreCase[] = [
  {
    rule: "a saved snapshot is there after a crash and reads back in slices",
    run: async (place) => {
      const store = await openWithEntries(place, 10);
      const meta = await save(store, 8);
      await place.crash();
      const next = await place.open();
      assertEquals(next.recovered.snapshot, meta);
      assertEquals(meta.sizeBytes, stateOf(8).length);
      assertEquals(await readAll(next, meta), stateOf(8));
      assertEquals(endOf(next.recovered), positionOf(10, 1));
      await next.close();
    },
  },
  {
    rule: "a snapshot of an empty state is a snapshot",
    run: async (place) => {
      const store = await openWithEntries(place, 1);
      const meta = await store.saveSnapshot(pointOf(1, 1), []);
      assertEquals(meta.sizeBytes, 0);
      assertEquals(await store.readSnapshot(meta.last.index, 0, 100), new Uint8Array());
      await place.crash();
      const next = await place.open();
      assertEquals(next.recovered.snapshot, meta);
      await next.close();
    },
  },
  {
    rule: "a snapshot that is not kept reads as null",
    run: async (place) => {
      const store = await openWithEntries(place, 10);
      for (const index of [2, 4, 6]) await save(store, index);
      assertEquals(await store.readSnapshot(2 as LogIndex, 0, 100), null);
      assertEquals(await store.readSnapshot(3 as LogIndex, 0, 100), null);
      assertEquals((await store.readSnapshot(4 as LogIndex, 0, 100))?.length, 100);
      assertEquals((await store.readSnapshot(6 as LogIndex, stateOf(6).length, 100))?.length, 0);
      await store.close();
    },
  },
  {
    rule: "appends go on while a snapshot is saved",
    run: async (place) => {
      const store = await openWithEntries(place, 10);
      const saving = save(store, 10);
      for (let index = 11; index <= 15; index++) await store.append(batchOf([entryOf(index, 1)]));
      const meta = await saving;
      await place.crash();
      const next = await place.open();
      assertEquals(next.recovered.snapshot, meta);
      assertEquals(endOf(next.recovered), positionOf(15, 1));
      await next.close();
    },
  },
  {
    rule: "a snapshot ahead of this node's own log takes its place",
    run: async (place) => {
      const store = await openWithEntries(place, 5);
      const meta = await save(store, 9);
      await place.crash();
      const next = await place.open();
      assertEquals(next.recovered.snapshot, meta);
      assertEquals(next.recovered.base, positionOf(9, 1));
      assertEquals(next.recovered.entries, []);
      await next.append(batchOf([entryOf(10, 1)]));
      await next.close();
    },
  },
  {
    rule: "compaction keeps every entry that a kept snapshot does not cover",
    run: async (place) => {
      const store = await openWithEntries(place, 200);
      for (const index of [50, 100]) await save(store, index);
      await store.compact(180 as LogIndex);
      await store.append(batchOf([entryOf(201, 1)]));
      await place.crash();
      const next = await place.open();
      const { base, entries } = next.recovered;
      assert(base.index <= 50, "the log reaches back to the older snapshot");
      assertEquals(entries, entriesOf(1, { first: base.index + 1, last: 201 }));
      assertEquals(next.recovered.hardState, hardStateOf(1, "n1"));
      await next.close();
    },
  },
  {
    rule: "a received snapshot beyond the log takes its place",
    run: async (place) => {
      const meta = await metaOf(30);
      const store = await openWithEntries(place, 10);
      await stageAll(store, { meta, state: stateOf(30) });
      assert(await store.installSnapshot(meta));
      assertEquals(await readAll(store, meta), stateOf(30));
      await store.append(batchOf([entryOf(31, 1)]));
      await place.crash();
      const next = await place.open();
      assertEquals(next.recovered, {
        hardState: hardStateOf(1, "n1"),
        snapshot: meta,
        base: positionOf(30, 1),
        entries: [entryOf(31, 1)],
      });
      await next.close();
    },
  },
  {
    rule: "a received snapshot inside the log leaves the entries after it",
    run: async (place) => {
      const meta = await metaOf(6);
      const store = await openWithEntries(place, 10);
      await stageAll(store, { meta, state: stateOf(6) });
      assert(await store.installSnapshot(meta));
      await store.append(batchOf([entryOf(11, 1)]));
      await place.crash();
      const next = await place.open();
      assertEquals(next.recovered.snapshot, meta);
      assertEquals(endOf(next.recovered), positionOf(11, 1));
      await next.close();
    },
  },
  {
    rule: "a received snapshot of another history voids the log",
    run: async (place) => {
      const meta = await metaOf(6, 2);
      const store = await openWithEntries(place, 10);
      await stageAll(store, { meta, state: stateOf(6) });
      assert(await store.installSnapshot(meta));
      await place.crash();
      const next = await place.open();
      assertEquals(next.recovered.base, positionOf(6, 2));
      assertEquals(next.recovered.entries, []);
      await next.close();
    },
  },
  {
    rule: "a received snapshot with the wrong digest is thrown away",
    run: async (place) => {
      const meta = await metaOf(30);
      const store = await openWithEntries(place, 10);
      const state = stateOf(30);
      state[4_321]! ^= 1;
      await stageAll(store, { meta, state });
      assertFalse(await store.installSnapshot(meta));
      assertEquals(await store.readSnapshot(meta.last.index, 0, 1), null);
      await stageAll(store, { meta, state: stateOf(30) });
      assert(await store.installSnapshot(meta), "the next attempt can do");
      await store.close();
    },
  },
  {
    rule: "a snapshot is not installed before all of it is staged",
    run: async (place) => {
      const meta = await metaOf(30);
      const store = await openWithEntries(place, 10);
      assertFalse(await store.installSnapshot(meta));
      await store.stageSnapshot({ meta, offsetBytes: 0, data: stateOf(30).subarray(0, 100) });
      assertFalse(await store.installSnapshot(meta));
      await store.close();
    },
  },
  {
    rule: "staging says which byte it wants next",
    run: async (place) => {
      const meta = await metaOf(30);
      const other = await metaOf(40);
      const store = await openWithEntries(place, 10);
      const stage = (meta: SnapshotMeta, from: number, to: number) =>
        store.stageSnapshot({ meta, offsetBytes: from, data: stateOf(30).subarray(from, to) });
      assertEquals(await stage(meta, 500, 600), 0, "nothing is staged yet");
      assertEquals(await stage(meta, 0, 1_000), 1_000);
      assertEquals(await stage(meta, 2_000, 3_000), 1_000, "a gap");
      assertEquals(await stage(meta, 500, 800), 1_000, "all known");
      assertEquals(await stage(meta, 500, 1_500), 1_500, "half known");
      assertEquals(await stage(other, 1_500, 1_600), 0, "another snapshot");
      assertEquals(await stage(meta, 1_500, meta.sizeBytes), meta.sizeBytes);
      assert(await store.installSnapshot(meta));
      assertEquals(await readAll(store, meta), stateOf(30));
      await store.close();
    },
  },
  {
    rule: "a chunk at offset 0 starts over",
    run: async (place) => {
      const [first, second] = [await metaOf(30), await metaOf(40)];
      const store = await openWithEntries(place, 10);
      await store.stageSnapshot({
        meta: first,
        offsetBytes: 0,
        data: stateOf(30).subarray(0, 900),
      });
      await stageAll(store, { meta: second, state: stateOf(40) });
      assert(await store.installSnapshot(second));
      assertEquals(await readAll(store, second), stateOf(40));
      await store.close();
    },
  },
  {
    rule: "a chunk that comes again while its snapshot is installed does no harm",
    run: async (place) => {
      const meta = await metaOf(30);
      const store = await openWithEntries(place, 10);
      await stageAll(store, { meta, state: stateOf(30) });
      const again = { meta, offsetBytes: 0, data: stateOf(30).subarray(0, 100) };
      const [isInstalled] = await Promise.all([
        store.installSnapshot(meta),
        store.stageSnapshot(again),
      ]);
      assert(isInstalled);
      assertEquals(await readAll(store, meta), stateOf(30));
      await place.crash();
      const next = await place.open();
      assertEquals(next.recovered.snapshot, meta);
      assertEquals(await readAll(next, meta), stateOf(30));
      await next.close();
    },
  },
  {
    rule: "a crash while a snapshot is staged changes nothing",
    run: async (place) => {
      const meta = await metaOf(30);
      const store = await openWithEntries(place, 10);
      await stageAll(store, { meta, state: stateOf(30) });
      await place.crash();
      const next = await place.open();
      assertEquals(next.recovered.snapshot, null);
      assertEquals(endOf(next.recovered), positionOf(10, 1));
      assertFalse(await next.installSnapshot(meta));
      await next.close();
    },
  },
  {
    rule: "a received snapshot that the node's own has overtaken changes nothing",
    run: async (place) => {
      const meta = await metaOf(5);
      const store = await openWithEntries(place, 10);
      await stageAll(store, { meta, state: stateOf(5) });
      const own = await save(store, 8);
      assert(await store.installSnapshot(meta));
      await place.crash();
      const next = await place.open();
      assertEquals(next.recovered.snapshot, own);
      assertEquals(endOf(next.recovered), positionOf(10, 1));
      await next.close();
    },
  },
];

async function openWithEntries(place: StorePlace, last: number): Promise<Store> {
  const store = await place.open();
  await store.append(batchOf([], hardStateOf(1, "n1")));
  // One entry a batch: small segments then end in between.
  for (const entry of entriesOf(1, { first: 1, last })) await store.append(batchOf([entry]));
  return store;
}

function save(store: Store, index: number, term = 1): Promise<SnapshotMeta> {
  return store.saveSnapshot(pointOf(index, term), slicesOf(stateOf(index)));
}

async function readAll(store: Store, meta: SnapshotMeta): Promise<Uint8Array> {
  const bytes: number[] = [];
  while (bytes.length < meta.sizeBytes) {
    const slice = await store.readSnapshot(meta.last.index, bytes.length, 777);
    if (slice === null || slice.length === 0) break;
    bytes.push(...slice);
  }
  return Uint8Array.from(bytes);
}

/** What a leader would say about its snapshot of `index`. */
async function metaOf(index: number, term = 1): Promise<SnapshotMeta> {
  return await new MemoryStore().saveSnapshot(pointOf(index, term), slicesOf(stateOf(index)));
}

function endOf({ base, entries }: DurableState): { index: number; term: number } {
  const { index, term } = entries.at(-1) ?? base;
  return { index, term };
}
