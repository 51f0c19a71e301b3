// Segments are written ahead with blank bytes: most syncs have no new size to make durable, which is
// what costs a file system most.

import { assert, assertEquals } from "@std/assert";
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

/** A seal and its commit. */
const SEAL_BYTES = 48;

function bytesOn(vfs: MemoryVfs): number {
  return vfs.fileNames(PATH).reduce((sum, name) => sum + vfs.readFile(PATH, name).length, 0);
}
