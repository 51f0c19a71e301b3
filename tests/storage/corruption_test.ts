import { assert, assertEquals, assertRejects } from "@std/assert";
import type { DurableState, NodeId } from "@raftkv/core/raft";
import {
  CorruptLogError,
  IdentityMismatchError,
  openStore,
  UnsupportedFormatError,
} from "@raftkv/storage";
import { MemoryVfs } from "@raftkv/storage/memory";
import { entriesOf, hardStateOf } from "../../storage/testing/fixtures.ts";
import {
  append,
  compact,
  differenceFrom,
  differenceOfLogs,
  EMPTY,
  type Model,
  openOn,
  PATH,
  save,
  type Step,
} from "./workload.ts";

/** Several segments, two snapshots and a log that reaches back to the older. */
const STEPS: readonly Step[] = [
  append(entriesOf(1, { first: 1, last: 9 }), hardStateOf(1, "n1")),
  append(entriesOf(2, { first: 8, last: 14 }), hardStateOf(2, "n2")),
  save(7, 1),
  append(entriesOf(2, { first: 15, last: 22 })),
  append(entriesOf(2, { first: 23, last: 24 })),
  save(20, 2),
  compact(20),
  append(entriesOf(3, { first: 24, last: 30 }), hardStateOf(3, "n1")),
  append(entriesOf(3, { first: 31, last: 32 }), hardStateOf(4, null)),
];

const { files, whole, withoutLastBatch } = await build();
const lastSegment = files.findLast(({ name }) => name.startsWith("wal"))!;

Deno.test("every flipped bit is refused, harmless, or in the last batch and cuts no more than that", async () => {
  let refused = 0;
  for (const { name, bytes } of files) {
    for (let at = 0; at < bytes.length; at++) {
      const flipped = bytes.slice();
      flipped[at]! ^= 1 << (at % 8);
      const where = `${name} at byte ${at}`;
      const recovered = await tryOpen(diskWith(name, flipped));
      if (recovered === null) refused++;
      else judge(recovered, name, where);
    }
  }
  assert(refused > 1_000, `${refused} were refused`);
});

Deno.test("a file cut anywhere is refused or harmless; the last segment, cut to a whole number of batches", async () => {
  const prefixes = everyPrefix();
  for (const { name, bytes } of files) {
    for (let size = 0; size < bytes.length; size++) {
      const recovered = await tryOpen(diskWith(name, bytes.subarray(0, size)));
      if (recovered === null) continue;
      const where = `${name} cut to ${size}`;
      if (name !== lastSegment.name) judge(recovered, name, where);
      else assert(prefixes.some((model) => isSameLog(model, recovered)), where);
    }
  }
});

Deno.test("blank sectors and repeated sectors are refused or harmless", async () => {
  for (const { name, bytes } of files) {
    for (let at = 0; at < bytes.length; at += 64) {
      const blank = bytes.slice().fill(0, at, at + 64);
      const repeated = bytes.slice();
      repeated.copyWithin(at, Math.max(0, at - 64), at);
      for (const changed of [blank, repeated]) {
        const recovered = await tryOpen(diskWith(name, changed));
        if (recovered !== null) judge(recovered, name, `${name} at byte ${at}`);
      }
    }
  }
});

Deno.test("a lost segment is refused, unless the snapshots cover all that was in it", async () => {
  const segments = files.filter(({ name }) => name.startsWith("wal"));
  for (const [place, { name }] of segments.entries()) {
    const recovered = await tryOpen(diskWith(name, null));
    assertEquals(recovered === null, place > 0, name);
    if (recovered !== null) judge(recovered, name, name);
  }
});

Deno.test("a lost snapshot is made up for by the log", async () => {
  for (const { name } of files.filter(({ name }) => name.startsWith("snapshot"))) {
    judge((await tryOpen(diskWith(name, null)))!, name, name);
  }
});

Deno.test("snapshots without a log are refused", async () => {
  const vfs = diskWith("", null);
  for (const name of vfs.fileNames(PATH)) if (name.startsWith("wal")) vfs.removeFile(PATH, name);
  await assertRejects(() => openOn(vfs), CorruptLogError, "It holds snapshots but no log");
});

Deno.test("a damaged newest snapshot gives way to the older, and is put aside", async () => {
  const newest = files.findLast(({ name }) => name.startsWith("snapshot"))!;
  const flipped = newest.bytes.slice();
  flipped[flipped.length - 1]! ^= 1;
  const vfs = diskWith(newest.name, flipped);
  const recovered = await tryOpen(vfs);
  assertEquals(recovered?.snapshot?.last.index, 7);
  assertEquals(differenceOfLogs(whole, recovered!), null);
  assert(vfs.fileNames(PATH).includes(`${newest.name}.damaged`));
  assertEquals((await tryOpen(vfs))?.snapshot?.last.index, 7, "and the next start finds the same");
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
  for (const { name, bytes } of files) {
    const later = bytes.slice();
    later[8] = 2;
    await assertRejects(() => openOn(diskWith(name, later)), UnsupportedFormatError, name);
  }
});

Deno.test("a refusal says file, place and reason", async () => {
  const first = files.find(({ name }) => name.startsWith("wal"))!;
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

/** What may be recovered in spite of damage to `name`: everything, or all but the last batch. */
function judge(recovered: DurableState, name: string, where: string): void {
  const models = name === lastSegment.name ? [whole, withoutLastBatch] : [whole];
  assert(models.some((model) => isSameLog(model, recovered)), where);
}

function isSameLog(model: Model, recovered: DurableState): boolean {
  return JSON.stringify(recovered.hardState) === JSON.stringify(model.hardState) &&
    differenceOfLogs(model, recovered) === null;
}

/** The state or null if the store refuses with one of its own errors. */
async function tryOpen(vfs: MemoryVfs): Promise<DurableState | null> {
  try {
    const store = await openOn(vfs);
    const { recovered } = store;
    await store.close();
    return recovered;
  } catch (error) {
    assert(
      error instanceof CorruptLogError || error instanceof UnsupportedFormatError,
      String(error),
    );
    return null;
  }
}

function diskWith(changed: string, content: Uint8Array | null): MemoryVfs {
  const vfs = new MemoryVfs();
  for (const { name, bytes } of files) {
    if (name !== changed) vfs.writeFile(PATH, { name, bytes });
    else if (content !== null) vfs.writeFile(PATH, { name, bytes: content });
  }
  return vfs;
}

async function build() {
  const vfs = new MemoryVfs();
  const store = await openOn(vfs, 700);
  let whole = EMPTY;
  let withoutLastBatch = EMPTY;
  for (const step of STEPS) {
    withoutLastBatch = whole;
    whole = step.after(whole);
    await step.run(store);
  }
  await store.close();
  const names = vfs.fileNames(PATH).filter((name) => vfs.readFile(PATH, name).length > 0);
  const files = names.map((name) => ({ name, bytes: vfs.readFile(PATH, name) }));
  return { files, whole, withoutLastBatch };
}

/** What the directory held after each step. */
function everyPrefix(): Model[] {
  const models = [EMPTY];
  for (const step of STEPS) models.push(step.after(models.at(-1)!));
  return models;
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
