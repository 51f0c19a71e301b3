import { assert, assertEquals, assertRejects } from "@std/assert";
import { InvariantViolation } from "@raftkv/core";
import { pcg32 } from "@raftkv/core/random";
import { type DurableState, isLost, isStateLost, type NodeId } from "@raftkv/core/raft";
import {
  CorruptLogError,
  IdentityMismatchError,
  LostLogError,
  openStore,
  UnsupportedFormatError,
} from "@raftkv/storage";
import { inspectDirectory } from "@raftkv/storage/inspect";
import { MemoryStore, MemoryVfs } from "@raftkv/storage/memory";
import {
  asOfVersion,
  batchOf,
  entriesOf,
  entryOf,
  hardStateOf,
  pointOf,
  positionOf,
  slicesOf,
  stageAll,
  stateOf,
} from "../../storage/testing/fixtures.ts";
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

Deno.test("with no sound snapshot before a compacted log the node keeps its log and its vote, and waits for a state", async () => {
  const vfs = await compactedDisk();
  const before = await recover(vfs);
  for (const name of vfs.fileNames(PATH).filter((name) => name.startsWith("snapshot"))) {
    const bytes = vfs.readFile(PATH, name);
    bytes[bytes.length - 1]! ^= 1;
    vfs.writeFile(PATH, { name, bytes });
  }
  const stateless = { ...before, snapshot: null };
  assert(isStateLost(stateless) && !isStateLost(before));
  assertEquals(await recover(vfs), stateless);
  assertEquals(vfs.fileNames(PATH).filter((name) => name.endsWith(".damaged")).length, 2);
  assertEquals(await recover(vfs), stateless, "and the next start finds the same");
  const store = await openOn(vfs);
  const meta = await new MemoryStore().saveSnapshot(pointOf(28, 1), slicesOf(stateOf(28)));
  await stageAll(store, { meta, state: stateOf(28) });
  assert(await store.installSnapshot(meta));
  await store.close();
  assertEquals(await recover(vfs), { ...before, snapshot: meta });
});

Deno.test("a snapshot older than the log's beginning is no state of this log, and stays where it is", async () => {
  const vfs = await compactedDisk();
  const names = vfs.fileNames(PATH).filter((name) => name.startsWith("snapshot"));
  for (const name of names) vfs.removeFile(PATH, name);
  const early = new MemoryVfs();
  const store = await openOn(early);
  await append(entriesOf(1, { first: 1, last: 3 })).run(store);
  await save(2, 1).run(store);
  const [name] = early.fileNames(PATH).filter((name) => name.startsWith("snapshot"));
  vfs.writeFile(PATH, { name: name!, bytes: early.readFile(PATH, name!) });
  assertEquals((await recover(vfs)).snapshot, null);
  assert(vfs.fileNames(PATH).includes(name!));
});

Deno.test("a damaged entry in the last segment is named, and repaired by a batch that moves nothing else", async () => {
  const vfs = new MemoryVfs();
  const store = await openOn(vfs, 100_000);
  const steps = [1, 2, 3, 4].map((n) => append(entriesOf(1, { first: n * 3 - 2, last: n * 3 })));
  for (const step of steps) await step.run(store);
  await store.close();
  const model = steps.reduce((model, step) => step.after(model), EMPTY);
  const [wal] = vfs.fileNames(PATH);
  const bytes = vfs.readFile(PATH, wal!);
  const at = new TextDecoder("latin1").decode(bytes).indexOf("entry 5 of");
  bytes[at]! ^= 1;
  vfs.writeFile(PATH, { name: wal!, bytes });
  const damaged = await openOn(vfs, 100_000);
  const lost = damaged.recovered.entries.filter(isLost);
  assertEquals(lost, [{ kind: "lost", ...positionOf(5, 1) }]);
  assertEquals(damaged.recovered.entries.at(-1), entryOf(12, 1), "the log ends where it did");
  await damaged.append(batchOf([entryOf(13, 1)]));
  await damaged.append({ ...batchOf([]), repairs: [entryOf(5, 1)] });
  await damaged.close();
  const whole = append([entryOf(13, 1)]).after(model);
  assertEquals(differenceFrom(whole, await recover(vfs)), null);
  assertEquals(vfs.readFile(PATH, wal!)[at], bytes[at], "what is damaged is left for a look");
  const report = await inspectDirectory(PATH, { vfs });
  assertEquals([report.isDamaged, report.segments[0]!.condition], [false, "mended"]);
});

Deno.test("a power cut at any operation of a repair leaves the entry lost or repaired, and nothing else touched", async () => {
  const outcomes = new Set<string>();
  for (let seed = 0; seed < 200; seed++) {
    const vfs = new MemoryVfs();
    const store = await openOn(vfs);
    const life = append(entriesOf(1, { first: 1, last: 30 }));
    const after = append(entriesOf(1, { first: 31, last: 31 }));
    await life.run(store);
    await after.run(store);
    await store.close();
    const model = after.after(life.after(EMPTY));
    const name = vfs.fileNames(PATH).find((name) => name.startsWith("wal"))!;
    const bytes = vfs.readFile(PATH, name);
    bytes[new TextDecoder("latin1").decode(bytes).indexOf("entry 9 of")]! ^= 1;
    vfs.writeFile(PATH, { name, bytes });
    const damaged = await openOn(vfs);
    let operations = 0;
    vfs.beforeOperation = () => {
      if (operations++ === seed % 8) throw new Error("The power is gone");
    };
    // A batch so large that it needs the next segment, with what else there is to write.
    const batch = { ...batchOf([entryOf(32, 1)], hardStateOf(3, "n2")), repairs: [entryOf(9, 1)] };
    const isPromised = await damaged.append(batch).then(() => true, () => false);
    vfs.beforeOperation = () => {};
    vfs.crash(pcg32(seed));
    const { entries, hardState } = await recover(vfs);
    const isRepaired = !entries.some(isLost);
    const isThere = entries.length === 32 && hardState.term === 3;
    assertEquals(isRepaired, isThere, "the batch is there whole or not at all");
    assert(isRepaired || !isPromised, "what was promised is there");
    const held = entries.filter((entry) => !isLost(entry));
    const written = [...model.entries, entryOf(32, 1)];
    for (const entry of held) assertEquals(entry, written[entry.index - 1]);
    assertEquals(entries.map(({ index }) => Number(index)), entries.map((_, at) => at + 1));
    outcomes.add(`${isRepaired} ${isPromised}`);
  }
  assertEquals(outcomes, new Set(["true true", "true false", "false false"]));
});

Deno.test("what was never stored cannot be repaired", async () => {
  const store = await openOn(new MemoryVfs());
  await store.append(batchOf(entriesOf(1, { first: 1, last: 3 })));
  for (const entry of [entryOf(3, 2), entryOf(4, 1)]) {
    const other = await openOn(new MemoryVfs());
    await other.append(batchOf(entriesOf(1, { first: 1, last: 3 })));
    const batch = { ...batchOf([]), repairs: [entry] };
    await assertRejects(
      () => other.append(batch),
      InvariantViolation,
      "what is repaired is stored",
    );
  }
});

Deno.test("an entry that was replaced after its repair stays replaced", async () => {
  const vfs = diskWith("", null);
  const placeIn = ({ bytes }: { readonly bytes: Uint8Array }) =>
    new TextDecoder("latin1").decode(bytes).indexOf("entry 28 of term 3");
  const file = WHOLE.files.find((file) => file.name.startsWith("wal") && placeIn(file) > 0)!;
  const bytes = file.bytes.slice();
  bytes[placeIn(file)]! ^= 1;
  vfs.writeFile(PATH, { name: file.name, bytes });
  const store = await openOn(vfs);
  assertEquals(store.recovered.entries.filter(isLost), [{ kind: "lost", ...positionOf(28, 3) }]);
  await store.append({ ...batchOf([]), repairs: [entryOf(28, 3)] });
  await store.append(batchOf(entriesOf(9, { first: 28, last: 29 }), hardStateOf(9)));
  await store.close();
  const { entries } = await recover(vfs);
  assertEquals(entries.find(({ index }) => index === 28), entryOf(28, 9));
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
    const later = asOfVersion(2, bytes);
    await assertRejects(() => openOn(diskWith(name, later)), UnsupportedFormatError, name);
  }
});

Deno.test("a refusal says file, place and reason, and whether the node can be itself again", async () => {
  const last = WHOLE.files.findLast(({ name }) => name.startsWith("wal"))!;
  const damaged = last.bytes.slice();
  damaged[20]! ^= 1;
  const error = await assertRejects(
    () => openOn(diskWith(last.name, damaged)),
    LostLogError,
    "Checksum of the header does not match",
  );
  assertEquals([error.file, error.name], [last.name, "LostLogError"]);
  assert(error.offsetBytes !== null && error instanceof CorruptLogError);
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
