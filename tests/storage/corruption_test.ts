import { assert, assertEquals, assertRejects } from "@std/assert";
import type { DurableState, NodeId } from "@raftkv/core/raft";
import {
  CorruptLogError,
  IdentityMismatchError,
  openStore,
  UnsupportedFormatError,
} from "@raftkv/storage";
import { MemoryVfs } from "@raftkv/storage/memory";
import { entriesOf } from "../../storage/testing/fixtures.ts";
import {
  append,
  compact,
  differenceFrom,
  differenceOfLogs,
  EMPTY,
  openOn,
  PATH,
  save,
} from "./workload.ts";
import { diskWith, WHOLE } from "./sound_directory.ts";

Deno.test("snapshots without a log are refused", async () => {
  const vfs = diskWith("", null);
  for (const name of vfs.fileNames(PATH)) if (name.startsWith("wal")) vfs.removeFile(PATH, name);
  await assertRejects(() => openOn(vfs), CorruptLogError, "It holds snapshots but no log");
});

Deno.test("a damaged newest snapshot gives way to the older, and is put aside", async () => {
  const newest = WHOLE.files.findLast(({ name }) => name.startsWith("snapshot"))!;
  const flipped = newest.bytes.slice();
  flipped[flipped.length - 1]! ^= 1;
  const vfs = diskWith(newest.name, flipped);
  const recovered = await recover(vfs);
  assertEquals(recovered.snapshot?.last.index, 7);
  assertEquals(differenceOfLogs(WHOLE.model, recovered), null);
  assert(vfs.fileNames(PATH).includes(`${newest.name}.damaged`));
  assertEquals((await recover(vfs)).snapshot?.last.index, 7, "and the next start finds the same");
});

Deno.test("with no sound snapshot before a compacted log the directory is refused", async () => {
  const vfs = await compactedDisk();
  for (const name of vfs.fileNames(PATH).filter((name) => name.startsWith("snapshot"))) {
    const bytes = vfs.readFile(PATH, name);
    bytes[bytes.length - 1]! ^= 1;
    vfs.writeFile(PATH, { name, bytes });
  }
  const before = vfs.fileNames(PATH);
  await assertRejects(() => openOn(vfs), CorruptLogError, "No sound snapshot reaches the log");
  assertEquals(vfs.fileNames(PATH), before, "a refused directory stays as it was");
});

Deno.test("a snapshot that the log should reach but does not is refused", async () => {
  const vfs = new MemoryVfs();
  const store = await openOn(vfs, 100_000);
  await append(entriesOf(1, { first: 1, last: 3 })).run(store);
  const [wal] = vfs.fileNames(PATH);
  const early = vfs.readFile(PATH, wal!);
  await append(entriesOf(1, { first: 4, last: 9 })).run(store);
  await save(8, 1).run(store);
  await store.close();
  vfs.writeFile(PATH, { name: wal!, bytes: early });
  await assertRejects(() => openOn(vfs), CorruptLogError, "The log has lost entries");
});

Deno.test("files of another node, another cluster or a later release are named as such", async () => {
  for (const [clusterId, nodeId] of [["cluster-1", "n2"], ["cluster-2", "n1"]] as const) {
    const other = { clusterId, nodeId: nodeId as NodeId };
    const vfs = diskWith("", null);
    await assertRejects(() => openStore(PATH, { ...other, vfs }), IdentityMismatchError, "n1");
  }
  for (const { name, bytes } of WHOLE.files) {
    const later = bytes.slice();
    later[8] = 2;
    await assertRejects(() => openOn(diskWith(name, later)), UnsupportedFormatError, name);
  }
});

Deno.test("a refusal says file, place and reason", async () => {
  const first = WHOLE.files.find(({ name }) => name.startsWith("wal"))!;
  const damaged = first.bytes.slice();
  damaged[300]! ^= 1;
  const error = await assertRejects(
    () => openOn(diskWith(first.name, damaged)),
    CorruptLogError,
    "Checksum does not match",
  );
  assertEquals(error.file, first.name);
  assert(error.offsetBytes !== null && error.offsetBytes <= 300);
});

async function recover(vfs: MemoryVfs): Promise<DurableState> {
  const store = await openOn(vfs);
  const { recovered } = store;
  await store.close();
  return recovered;
}

async function compactedDisk(): Promise<MemoryVfs> {
  const vfs = new MemoryVfs();
  const store = await openOn(vfs, 300);
  let model = EMPTY;
  const steps = [
    ...[1, 2, 3, 4, 5, 6].map((n) => append(entriesOf(1, { first: n * 5 - 4, last: n * 5 }))),
    save(22, 1),
    save(28, 1),
    compact(28),
  ];
  for (const step of steps) {
    await step.run(store);
    model = step.after(model);
  }
  await store.close();
  const reopened = await openOn(vfs);
  assert(reopened.recovered.base.index > 0, "the log was compacted");
  assertEquals(differenceFrom(model, reopened.recovered), null);
  await reopened.close();
  return vfs;
}
