// The room that is held back for what frees some.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { StorageFullError, type Store } from "@raftkv/core";
import { pcg32 } from "@raftkv/core/random";
import { openStore } from "@raftkv/storage";
import { MemoryVfs } from "@raftkv/storage/memory";
import { batchOf, entriesOf, entryOf, hardStateOf } from "../../storage/testing/fixtures.ts";
import { append, differenceFrom, EMPTY, IDENTITY, openOn, PATH } from "./workload.ts";

const RESERVE_BYTES = 200_000;

function openWithReserve(vfs: MemoryVfs): Promise<Store> {
  const pause = () => Promise.resolve();
  // Written ahead by an eighth of that, which has no room for a large batch.
  const segmentBytesMax = RESERVE_BYTES;
  return openStore(PATH, { ...IDENTITY, vfs, pause, segmentBytesMax, reserveBytes: RESERVE_BYTES });
}

function large(index: number) {
  return batchOf([{ ...entryOf(index, 1), payload: new Uint8Array(30_000).fill(7) }]);
}

Deno.test("a batch that finds no room is written in the room held back, and the store says so", async () => {
  const vfs = new MemoryVfs();
  const store = await openWithReserve(vfs);
  assert(vfs.fileNames(PATH).includes("reserve"));
  await store.append(batchOf([entryOf(1, 1)], hardStateOf(1, "n1")));
  assertEquals(store.isShortOfRoom, false);
  vfs.capacityBytes = vfs.usedBytes + 10;
  await store.append(large(2));
  assertEquals([store.isShortOfRoom, vfs.fileNames(PATH).includes("reserve")], [true, false]);
  for (let index = 3; index <= 6; index++) await store.append(large(index));
  vfs.crash();
  const reopened = await openOn(vfs);
  assertEquals(reopened.recovered.entries.length, 6);
  await reopened.close();
});

Deno.test("when the room held back is used up, too, a batch is refused and the next may do", async () => {
  const vfs = new MemoryVfs();
  const store = await openWithReserve(vfs);
  await store.append(batchOf([entryOf(1, 1)]));
  vfs.capacityBytes = vfs.usedBytes;
  let index = 2;
  await assertRejects(async () => {
    for (; index < 20; index++) await store.append(large(index));
  }, StorageFullError);
  assert(index > 6, `${index} found room`);
  vfs.capacityBytes = Number.POSITIVE_INFINITY;
  await store.append(large(index));
  vfs.crash();
  const reopened = await openOn(vfs);
  assertEquals(reopened.recovered.entries.length, index);
  await reopened.close();
});

Deno.test("room is held back again only when there is as much again beside it", async () => {
  const vfs = new MemoryVfs();
  const store = await openWithReserve(vfs);
  vfs.capacityBytes = vfs.usedBytes;
  await store.append(large(1));
  for (const factor of [0, 1, 1.9]) {
    vfs.capacityBytes = vfs.usedBytes + factor * RESERVE_BYTES;
    assertEquals([await store.reclaimRoom(), store.isShortOfRoom], [false, true], `${factor}`);
    assert(!vfs.fileNames(PATH).some((name) => name.startsWith("reserve")));
  }
  vfs.capacityBytes = vfs.usedBytes + 2 * RESERVE_BYTES;
  assertEquals([await store.reclaimRoom(), store.isShortOfRoom], [true, false]);
  assertEquals(vfs.readFile(PATH, "reserve").length, RESERVE_BYTES);
  await store.append(large(2));
  assertEquals(store.isShortOfRoom, false);
  await store.close();
});

Deno.test("a store that opens on a full disk is short of room from the start, and serves what there is", async () => {
  const vfs = new MemoryVfs();
  const store = await openOn(vfs);
  await store.append(batchOf(entriesOf(1, { first: 1, last: 9 })));
  await store.close();
  vfs.capacityBytes = vfs.usedBytes + 1_000;
  const full = await openWithReserve(vfs);
  assertEquals([full.isShortOfRoom, full.recovered.entries.length], [true, 9]);
  await full.append(batchOf([entryOf(10, 1)]));
  vfs.capacityBytes = Number.POSITIVE_INFINITY;
  assert(await full.reclaimRoom());
  await full.close();
});

Deno.test("a reserve of another size, or half made, is made anew; without one, it goes", async () => {
  for (const name of ["reserve", "reserve.new"]) {
    const vfs = new MemoryVfs();
    vfs.writeFile(PATH, { name, bytes: new Uint8Array(50) });
    const store = await openWithReserve(vfs);
    assertEquals(vfs.readFile(PATH, "reserve").length, RESERVE_BYTES);
    assert(!vfs.fileNames(PATH).includes("reserve.new"));
    await store.close();
    await (await openOn(vfs)).close();
    assert(!vfs.fileNames(PATH).includes("reserve"));
  }
});

Deno.test("a power cut at any operation of a store that runs out of room loses nothing", async () => {
  for (let stopAt = 0; stopAt < 60; stopAt++) {
    const vfs = new MemoryVfs();
    const store = await openWithReserve(vfs);
    vfs.capacityBytes = vfs.usedBytes + 5_000;
    let operations = 0;
    vfs.beforeOperation = () => {
      if (operations++ === stopAt) throw new Error("The power is gone");
    };
    let model = EMPTY;
    let next = model;
    try {
      for (let n = 1; n <= 8; n++) {
        const step = append(entriesOf(1, { first: n * 40 - 39, last: n * 40 }));
        next = step.after(model);
        await step.run(store);
        model = next;
      }
      await store.reclaimRoom();
    } catch {
      // The model says what was promised by then.
    }
    vfs.beforeOperation = () => {};
    vfs.crash(pcg32(stopAt));
    vfs.capacityBytes = Number.POSITIVE_INFINITY;
    const reopened = await openWithReserve(vfs);
    const { recovered } = reopened;
    const isOne = [model, next].some((each) => differenceFrom(each, recovered) === null);
    assert(isOne, `operation ${stopAt}`);
    await reopened.close();
  }
});
