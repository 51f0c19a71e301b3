import { assert, assertEquals, assertRejects } from "@std/assert";
import { StorageFullError } from "@raftkv/core";
import { DirectoryInUseError, NoSpaceError, StoreFailedError } from "@raftkv/storage";
import { inspectDirectory } from "@raftkv/storage/inspect";
import { type DiskOperation, MemoryVfs } from "@raftkv/storage/memory";
import { batchOf, entriesOf, entryOf, hardStateOf } from "../../storage/testing/fixtures.ts";
import { differenceFrom, EMPTY, openOn, PATH, receive, WORKLOAD } from "./workload.ts";

Deno.test("at whatever byte the disk is full, nothing is half written and the store goes on when there is room", async () => {
  const roomForAll = await bytesOfWorkload();
  let refusals = 0;
  for (let room = 200; room < roomForAll; room += 97) {
    const vfs = new MemoryVfs();
    const store = await openOn(vfs);
    vfs.capacityBytes = room;
    let model = EMPTY;
    for (const step of WORKLOAD) {
      try {
        await step.run(store);
      } catch (error) {
        assert(error instanceof StorageFullError, `${step.name}: ${error}`);
        refusals++;
        vfs.capacityBytes = Number.POSITIVE_INFINITY;
        await step.run(store);
        vfs.capacityBytes = vfs.usedBytes + 60;
      }
      model = step.after(model);
    }
    vfs.crash();
    const reopened = await openOn(vfs);
    assertEquals(differenceFrom(model, reopened.recovered), null, `room for ${room}`);
    await reopened.close();
  }
  assert(refusals > 300, `${refusals} calls were refused`);
});

Deno.test("a disk that fills up while nothing can be freed refuses each batch and loses none before", async () => {
  const vfs = new MemoryVfs();
  const store = await openOn(vfs);
  await store.append(batchOf([entryOf(1, 1)], hardStateOf(1, "n1")));
  vfs.capacityBytes = vfs.usedBytes + 20;
  for (let attempt = 0; attempt < 3; attempt++) {
    const batch = batchOf(entriesOf(1, { first: 2, last: 40 }));
    await assertRejects(() => store.append(batch), StorageFullError);
  }
  vfs.crash();
  const reopened = await openOn(vfs);
  assertEquals(reopened.recovered.entries, [entryOf(1, 1)]);
});

Deno.test("a rotation that finds no room at any of its steps leaves a log that can be opened", async () => {
  for (let room = 0; room < 400; room++) {
    const vfs = new MemoryVfs();
    const store = await openOn(vfs);
    await store.append(batchOf(entriesOf(1, { first: 1, last: 10 })));
    vfs.capacityBytes = vfs.usedBytes + room;
    const large = batchOf([{ ...entryOf(11, 1), payload: new Uint8Array(900) }]);
    await assertRejects(() => store.append(large), StorageFullError);
    vfs.capacityBytes = Number.POSITIVE_INFINITY;
    await store.append(batchOf([entryOf(11, 1)]));
    await store.append(batchOf(entriesOf(1, { first: 12, last: 40 })));
    await store.append(batchOf([entryOf(41, 1)]));
    vfs.crash();
    const reopened = await openOn(vfs);
    assertEquals(reopened.recovered.entries, entriesOf(1, { first: 1, last: 41 }), `room ${room}`);
  }
});

Deno.test("a full disk on which a segment is yet to be sealed is started from, and sealed when it has room", async () => {
  for (let room = 0; room < SEAL_BYTES; room++) {
    const vfs = await diskWithoutSeal();
    // A start cuts the blank room off, and others take it.
    vfs.capacityBytes = vfs.usedBytes - blankBytesOf(vfs) + room;
    const store = await openOn(vfs);
    assertEquals(store.recovered.entries, entriesOf(1, { first: 1, last: 10 }), `room ${room}`);
    assertEquals(await isSealed(vfs), false, `room ${room}`);
    vfs.capacityBytes = Number.POSITIVE_INFINITY;
    await store.append(batchOf([entryOf(11, 1)]));
    vfs.crash();
    const reopened = await openOn(vfs);
    assertEquals(reopened.recovered.entries, entriesOf(1, { first: 1, last: 11 }), `room ${room}`);
    assertEquals(await isSealed(vfs), true, `room ${room}`);
    await reopened.close();
  }
});

Deno.test("after the first failed operation every call is refused, and no sync is tried again", async () => {
  for (const kind of ["write", "sync", "rename", "sync_directory", "create"] as const) {
    const vfs = new MemoryVfs();
    const store = await openOn(vfs);
    const later: DiskOperation[] = [];
    let hasFailed = false;
    vfs.beforeOperation = (operation) => {
      if (hasFailed) later.push(operation);
      if (operation.kind !== kind || hasFailed) return;
      hasFailed = true;
      throw new Error("Input/output error");
    };
    const large = { ...entryOf(2, 1), payload: new Uint8Array(900) };
    const failure = await assertRejects(
      async () => {
        await store.append(batchOf([entryOf(1, 1)]));
        await store.append(batchOf([large]));
      },
      StoreFailedError,
      "Input/output error",
    );
    assertEquals((failure.cause as Error).message, "Input/output error");
    await assertRejects(() => store.append(batchOf([entryOf(3, 1)])), StoreFailedError);
    await assertRejects(() => store.compact(entryOf(1, 1).index), StoreFailedError);
    assertEquals(later, [], kind);
    await store.close();
  }
});

Deno.test("a failed sync of a snapshot ends the store too", async () => {
  const vfs = new MemoryVfs();
  const store = await openOn(vfs);
  await store.append(batchOf(entriesOf(1, { first: 1, last: 9 })));
  vfs.beforeOperation = ({ kind, name }) => {
    if (kind === "sync" && name === "snapshot.saving") throw new Error("Input/output error");
  };
  const saving = WORKLOAD.find(({ name }) => name === "save 6")!;
  await assertRejects(() => saving.run(store), StoreFailedError);
  await assertRejects(() => store.append(batchOf([entryOf(10, 1)])), StoreFailedError);
  vfs.crash();
  const reopened = await openOn(vfs);
  assertEquals(reopened.recovered.snapshot, null);
  assertEquals(reopened.recovered.entries.length, 9);
});

Deno.test("an installation that finds no room for the new log leaves the old one in force", async () => {
  for (const previous of [WORKLOAD.slice(0, 6), WORKLOAD.slice(0, 12)]) {
    const vfs = new MemoryVfs();
    const store = await openOn(vfs);
    let model = EMPTY;
    for (const step of previous) {
      await step.run(store);
      model = step.after(model);
    }
    const receiving = receive(60, 9);
    vfs.beforeOperation = ({ kind, name }) => {
      if (kind === "write" && name === "wal.new") throw new NoSpaceError("No space left");
    };
    await assertRejects(() => receiving.run(store), StorageFullError, "Cannot install a snapshot");
    vfs.beforeOperation = () => {};
    vfs.crash();
    const reopened = await openOn(vfs);
    assertEquals(differenceFrom(model, reopened.recovered), null, "the old log");
    await receiving.run(reopened);
    vfs.crash();
    const installed = await openOn(vfs);
    assertEquals(differenceFrom(receiving.after(model), installed.recovered), null, "the new log");
  }
});

Deno.test("a store that could not be opened leaves the directory free", async () => {
  const vfs = new MemoryVfs();
  vfs.beforeOperation = () => {
    throw new Error("Input/output error");
  };
  await assertRejects(() => openOn(vfs), Error, "Input/output error");
  vfs.beforeOperation = () => {};
  const store = await openOn(vfs);
  await assertRejects(() => openOn(vfs), DirectoryInUseError);
  await store.close();
});

async function bytesOfWorkload(): Promise<number> {
  const vfs = new MemoryVfs();
  const store = await openOn(vfs);
  let most = 0;
  vfs.beforeOperation = () => {
    most = Math.max(most, vfs.usedBytes);
  };
  for (const step of WORKLOAD) await step.run(store);
  return most;
}

/** A seal and its commit. */
const SEAL_BYTES = 48;

/** A disk whose power failed in a rotation, right before the seal. */
async function diskWithoutSeal(): Promise<MemoryVfs> {
  const vfs = new MemoryVfs();
  const store = await openOn(vfs);
  await store.append(batchOf(entriesOf(1, { first: 1, last: 10 })));
  let hasNext = false;
  vfs.beforeOperation = ({ kind }) => {
    if (kind === "write" && hasNext) throw new Error("The power failed");
    if (kind === "sync_directory") hasNext = true;
  };
  const large = { ...entryOf(11, 1), payload: new Uint8Array(900) };
  await assertRejects(() => store.append(batchOf([large])), StoreFailedError);
  vfs.beforeOperation = () => {};
  vfs.crash();
  return vfs;
}

function blankBytesOf(vfs: MemoryVfs): number {
  const [first = ""] = vfs.fileNames(PATH);
  return vfs.readFile(PATH, first).length - vfs.writtenBytes(PATH, first);
}

async function isSealed(vfs: MemoryVfs): Promise<boolean> {
  const [first] = (await inspectDirectory(PATH, { vfs })).segments;
  return first?.content?.isSealed === true;
}
