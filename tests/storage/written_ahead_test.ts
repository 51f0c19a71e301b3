// Segments are written ahead with blank bytes: most syncs have no new size to make durable, which is
// what costs a file system most.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { StorageFullError } from "@raftkv/core";
import { MemoryVfs } from "@raftkv/storage/memory";
import { batchOf, entryOf } from "../../storage/testing/fixtures.ts";
import { openOn, PATH } from "./workload.ts";

const SEGMENT_BYTES_MAX = 32_000;
const BATCHES = 800;

Deno.test("a file grows with few of its batches, and never beyond a segment", async () => {
  const vfs = new MemoryVfs();
  const store = await openOn(vfs, SEGMENT_BYTES_MAX);
  let growths = 0;
  for (let index = 1; index <= BATCHES; index++) {
    const before = bytesOn(vfs);
    await store.append(batchOf([entryOf(index, 1)]));
    if (bytesOn(vfs) > before) growths++;
  }
  assert(vfs.fileNames(PATH).length > 1, "several segments");
  assert(growths < BATCHES / 10, `${growths} of ${BATCHES} batches`);
  for (const name of vfs.fileNames(PATH)) {
    assert(vfs.readFile(PATH, name).length <= SEGMENT_BYTES_MAX + SEAL_BYTES, name);
  }
  await store.close();
});

Deno.test("a disk with room for a batch and none to write ahead takes the batch", async () => {
  const vfs = new MemoryVfs();
  const store = await openOn(vfs, SEGMENT_BYTES_MAX);
  const payload = new Uint8Array(500);
  let growths = 0;
  for (let index = 1; index <= 30; index++) {
    const before = bytesOn(vfs);
    vfs.capacityBytes = before + payload.length + 100;
    await store.append(batchOf([{ ...entryOf(index, 1), payload }]));
    if (bytesOn(vfs) > before) growths++;
  }
  assert(growths > 10, `${growths} batches made the file grow`);
  await store.close();
  const reopened = await openOn(vfs, SEGMENT_BYTES_MAX);
  assertEquals(reopened.recovered.entries.length, 30);
  await reopened.close();
});

Deno.test("on a full disk no blank byte is written twice", async () => {
  const vfs = new MemoryVfs();
  const store = await openOn(vfs, SEGMENT_BYTES_MAX);
  vfs.capacityBytes = vfs.usedBytes + 1_000;
  await store.append(batchOf([entryOf(1, 1)]));
  assertEquals(vfs.usedBytes, vfs.capacityBytes);
  const writes = countWrites(vfs);
  for (let index = 2; index <= 6; index++) await store.append(batchOf([entryOf(index, 1)]));
  assertEquals(writes(), 5, "one for each batch");
  const payload = new Uint8Array(2_000);
  const large = batchOf([{ ...entryOf(7, 1), payload }]);
  await assertRejects(() => store.append(large), StorageFullError);
  // What was behind the batches is cut off with what was written of that one.
  vfs.capacityBytes = Number.POSITIVE_INFINITY;
  await store.append(batchOf([entryOf(7, 1)]));
  assertEquals(blankBytesOn(vfs), SEGMENT_BYTES_MAX / 8);
  await store.close();
});

Deno.test("a log that is opened again is written ahead again", async () => {
  const vfs = new MemoryVfs();
  for (let index = 1; index <= 20; index++) {
    const store = await openOn(vfs, SEGMENT_BYTES_MAX);
    await store.append(batchOf([entryOf(index, 1)]));
    assertEquals(blankBytesOn(vfs), SEGMENT_BYTES_MAX / 8, "and grows no more than with one life");
    const writes = countWrites(vfs);
    await store.append(batchOf([entryOf(++index, 1)]));
    assertEquals(writes(), 1);
    await store.close();
  }
});

Deno.test("nothing is written ahead behind a batch that is as large, nor behind a seal", async () => {
  const vfs = new MemoryVfs();
  const store = await openOn(vfs, 8_000_000);
  await store.append(batchOf([entryOf(1, 1)]));
  const first = vfs.fileNames(PATH)[0]!;
  assertEquals(blankBytesOn(vfs), BLANK_BYTES);
  await store.append(batchOf([{ ...entryOf(2, 1), payload: new Uint8Array(BLANK_BYTES).fill(7) }]));
  assertEquals(blankBytesOn(vfs), 0);
  await store.append(batchOf([{ ...entryOf(3, 1), payload: new Uint8Array(7_990_000).fill(7) }]));
  assertEquals(vfs.fileNames(PATH).length, 2);
  assertEquals(vfs.readFile(PATH, first).length, vfs.writtenBytes(PATH, first));
  await store.close();
});

/** As much as is written ahead in a large segment. */
const BLANK_BYTES = 262_144;

/** A seal and its commit. */
const SEAL_BYTES = 48;

function bytesOn(vfs: MemoryVfs): number {
  return vfs.fileNames(PATH).reduce((sum, name) => sum + vfs.readFile(PATH, name).length, 0);
}

/** The blank bytes at the end of the newest segment. */
function blankBytesOn(vfs: MemoryVfs): number {
  const name = vfs.fileNames(PATH).at(-1)!;
  return vfs.readFile(PATH, name).length - vfs.writtenBytes(PATH, name);
}

function countWrites(vfs: MemoryVfs): () => number {
  let count = 0;
  vfs.beforeOperation = ({ kind }) => {
    if (kind === "write") count++;
  };
  return () => count;
}
