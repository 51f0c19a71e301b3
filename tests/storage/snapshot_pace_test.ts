// A snapshot is to be felt by nobody: what it leaves to the disk and the thread beside it.

import { assert, assertEquals } from "@std/assert";
import type { Store } from "@raftkv/core";
import type { NodeId } from "@raftkv/core/raft";
import { openStore } from "@raftkv/storage";
import { MemoryVfs } from "@raftkv/storage/memory";
import { restAfter } from "../../storage/snapshot_pace.ts";
import { batchOf, entryOf, pointOf } from "../../storage/testing/fixtures.ts";

const SLICE_BYTES = 65_536;

function slicesOfZeros(count: number): Uint8Array[] {
  return Array.from({ length: count }, () => new Uint8Array(SLICE_BYTES));
}

/** A store with one entry, on a disk in memory. */
async function openWith(
  vfs: MemoryVfs,
  pause: (workedMs: number) => Promise<void>,
): Promise<Store> {
  const store = await openStore("data", { clusterId: "c1", nodeId: "n1" as NodeId, vfs, pause });
  await store.append(batchOf([entryOf(1, 1)]));
  return store;
}

Deno.test("of a snapshot no more than 512 KiB are synced at once: a batch of the log may have to wait for it", async () => {
  const vfs = new MemoryVfs();
  const store = await openWith(vfs, () => Promise.resolve());
  const sizes = [0];
  vfs.beforeOperation = ({ kind, name }) => {
    if (kind === "sync" && name === "snapshot.saving") {
      sizes.push(vfs.readFile("data", name).length);
    }
  };
  await store.saveSnapshot(pointOf(1, 1), slicesOfZeros(64));
  const steps = sizes.slice(1).map((size, at) => size - sizes[at]!);
  assert(Math.max(...steps) <= 524_288 + SLICE_BYTES, `${steps}`);
  await store.close();
});

Deno.test("a snapshot gives way after each slice, by the time that it took", async () => {
  const worked: number[] = [];
  const store = await openWith(new MemoryVfs(), (ms) => {
    worked.push(ms);
    return Promise.resolve();
  });
  await store.saveSnapshot(pointOf(1, 1), slicesOfZeros(5));
  assertEquals([worked.length, worked.every((ms) => ms > 0)], [5, true]);
  await store.close();
});

Deno.test("while the log grows by more than an eighth of what a snapshot writes, it does not rest", async () => {
  const rests: boolean[] = [];
  const store = await openWith(new MemoryVfs(), async (ms) => {
    rests.push(ms > 0);
    if (rests.length !== 2) return;
    const payload = new Uint8Array(SLICE_BYTES / 8);
    await store.append(batchOf([{ ...entryOf(2, 1), payload }]));
  });
  await store.saveSnapshot(pointOf(1, 1), slicesOfZeros(8));
  assertEquals(rests, [true, true, false, true, true, true, true, true]);
  await store.close();
});

Deno.test("a snapshot that somebody waits for does not rest", async () => {
  const rests: boolean[] = [];
  const store = await openWith(new MemoryVfs(), (ms) => {
    rests.push(ms > 0);
    return Promise.resolve();
  });
  await store.saveSnapshot(pointOf(1, 1), slicesOfZeros(4), () => rests.length >= 2);
  assertEquals(rests, [true, true, false, false]);
  await store.close();
});

Deno.test("a rest is four times as long as the work before it, and never longer than 100 ms", async () => {
  const delays: (number | undefined)[] = [];
  const { setTimeout } = globalThis;
  const stand = (done: () => void, ms?: number) => {
    delays.push(ms);
    return setTimeout(done, 0);
  };
  globalThis.setTimeout = stand as typeof setTimeout;
  try {
    for (const workedMs of [0, 2, 60]) await restAfter(workedMs);
  } finally {
    globalThis.setTimeout = setTimeout;
  }
  assertEquals(delays, [8, 100]);
});
