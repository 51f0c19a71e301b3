// The bytes of version 1, written down: whoever changes them breaks every directory in the world.

import { assertEquals } from "@std/assert";
import { openOn, PATH } from "./workload.ts";
import { MemoryVfs } from "@raftkv/storage/memory";
import { batchOf, entryOf, hardStateOf, pointOf } from "../../storage/testing/fixtures.ts";

Deno.test("a segment of version 1 has these bytes", async () => {
  const vfs = new MemoryVfs();
  const store = await openOn(vfs, SEGMENT_BYTES_MAX);
  await store.append(batchOf([{ ...entryOf(1, 1), payload: Uint8Array.of(7) }], hardStateOf(1)));
  assertEquals(vfs.fileNames(PATH), ["wal-0000000001-0000000000000001.log"]);
  const bytes = vfs.readFile(PATH, "wal-0000000001-0000000000000001.log");
  assertEquals(hexOf(bytes.subarray(0, WRITTEN_BYTES)), SEGMENT);
  assertEquals(bytes.subarray(WRITTEN_BYTES), new Uint8Array(SEGMENT_BYTES_MAX / 8));
});

Deno.test("a snapshot of version 1 has these bytes", async () => {
  const vfs = new MemoryVfs();
  const store = await openOn(vfs);
  await store.append(batchOf([entryOf(1, 1)]));
  await store.saveSnapshot(pointOf(1, 1), [Uint8Array.of(1, 2, 3)]);
  assertEquals(hexOf(vfs.readFile(PATH, "snapshot-0000000000000001.bin")), SNAPSHOT);
});

const SEGMENT_BYTES_MAX = 800;
const WRITTEN_BYTES = 190;

const SEGMENT = [
  "526166744b56776c010000004600000009636c75737465722d31026e31010000",
  "0000000000000000000000000000000000000000000000000000000000000000",
  "000031d3fbca01000000020000000000a0c9724b030000001800000046000000",
  "0000000000000000000000000000000000000000d8f543c00100000002000000",
  "010002f21666020000000800000000020101e90701071647eb17030000001800",
  "0000780000000000000001000000000000000100000000000000ff27b16e",
];

const SNAPSHOT = [
  "526166744b56736e010000008700000009636c75737465722d31026e31010101",
  "0103026e310e687474703a2f2f6e313a3830303101026e320e687474703a2f2f",
  "6e323a3830303101026e330e687474703a2f2f6e333a38303031010300000000",
  "000000039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a201",
  "1cfb81101c80c0010203",
];

function hexOf(bytes: Uint8Array): string[] {
  const text = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return text.match(/.{1,64}/g) ?? [];
}
