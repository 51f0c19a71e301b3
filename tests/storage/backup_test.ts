// Backups: whatever was cut off or changed is refused, however its bytes arrive.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  configurationOf,
  type LogIndex,
  type NodeId,
  type SnapshotPoint,
  type Term,
} from "@raftkv/core/raft";
import {
  CorruptLogError,
  DirectoryInUseError,
  DirectoryUnusableError,
  openStore,
  UnsupportedFormatError,
} from "@raftkv/storage";
import {
  BackupDamagedError,
  type BackupHeader,
  BackupReader,
  encodeBackup,
} from "@raftkv/storage/backup";
import { MemoryVfs } from "@raftkv/storage/memory";
import { plantDirectory } from "@raftkv/storage/plant";
import {
  asOfVersion,
  batchOf,
  entriesOf,
  slicesOf,
  stateOf,
} from "../../storage/testing/fixtures.ts";

const members = ["n1", "n2", "n3"].map((id) => ({ id: id as NodeId, url: `http://${id}:8001` }));
const POINT: SnapshotPoint = {
  last: { index: 70 as LogIndex, term: 3 as Term },
  configuration: configurationOf(members),
};
const HEADER: BackupHeader = {
  identity: { clusterId: "c1", nodeId: "n2" as NodeId },
  takenAtMs: 1_700_000_000_000,
  revision: 61,
  point: POINT,
};
const STATE = stateOf(1).subarray(0, 900);

function joined(pieces: Iterable<Uint8Array>): Uint8Array {
  return Uint8Array.from([...pieces].flatMap((piece) => [...piece]));
}

const WHOLE = joined(encodeBackup(HEADER, slicesOf(STATE, 300)));

function read(bytes: Uint8Array, sliceBytes = 100) {
  const parts: Uint8Array[] = [];
  const reader = new BackupReader("b", (part) => parts.push(part.slice()));
  for (const slice of slicesOf(bytes, sliceBytes)) reader.push(slice);
  return { summary: reader.finish(), state: joined(parts) };
}

Deno.test("a backup comes back as it was, however it is cut", () => {
  for (const sliceBytes of [1, 2, 7, 64, 5_000]) {
    const { summary, state } = read(WHOLE, sliceBytes);
    assertEquals(summary.header, HEADER);
    assertEquals(summary.sizeBytes, STATE.length);
    assertEquals(summary.digest, WHOLE.subarray(-32).toHex());
    assertEquals(state, STATE);
  }
  assertEquals(read(joined(encodeBackup(HEADER, []))).state, new Uint8Array());
});

Deno.test("a backup cut off anywhere is refused, and so is one with something behind it", () => {
  for (let size = 0; size < WHOLE.length; size++) {
    assertThrows(() => read(WHOLE.subarray(0, size)), BackupDamagedError);
  }
  const longer = new Uint8Array(WHOLE.length + 1);
  longer.set(WHOLE);
  assertThrows(() => read(longer), BackupDamagedError, "Something follows its end");
});

Deno.test("a backup with any bit changed is refused", () => {
  for (let at = 0; at < WHOLE.length; at++) {
    for (const bit of [1, 128]) {
      const bytes = WHOLE.slice();
      bytes[at]! ^= bit;
      assertThrows(() => read(bytes), BackupDamagedError);
    }
  }
});

Deno.test("a file of another kind is refused by its first bytes, and a later format by its number", () => {
  assertThrows(
    () => read(new TextEncoder().encode('{"key": "a"}\n')),
    BackupDamagedError,
    'Cannot read backup "b" at byte 0: File is of another kind',
  );
  const newer = asOfVersion(9, WHOLE);
  assertThrows(() => read(newer), UnsupportedFormatError, "Its format is 9");
});

Deno.test("a planted directory opens as that member, with the state and an empty log behind it", async () => {
  const planted = await Promise.all(["n1", "n3"].map(async (id) => {
    const vfs = new MemoryVfs();
    const identity = { clusterId: "new", nodeId: id as NodeId };
    const meta = await plantDirectory("d", {
      identity,
      point: POINT,
      slices: slicesOf(STATE),
      vfs,
    });
    vfs.crash();
    const store = await openStore("d", { ...identity, vfs });
    assertEquals(store.recovered, {
      hardState: { term: 3 as Term, votedFor: null },
      snapshot: meta,
      base: POINT.last,
      entries: [],
    });
    assertEquals(await store.readSnapshot(POINT.last.index, 0, 10_000), STATE);
    await store.append(batchOf(entriesOf(4, { first: 71, last: 75 })));
    vfs.crash();
    const again = await openStore("d", { ...identity, vfs });
    assertEquals(again.recovered.entries.length, 5);
    return meta;
  }));
  assertEquals(planted[0], planted[1]);
});

Deno.test("nothing is planted where anything is, nor where another process is at work", async () => {
  const identity = { clusterId: "new", nodeId: "n1" as NodeId };
  const vfs = new MemoryVfs();
  const planting = { identity, point: POINT, slices: slicesOf(STATE), vfs };
  const store = await openStore("d", { ...identity, vfs });
  await assertRejects(() => plantDirectory("d", planting), DirectoryInUseError);
  await store.close();
  const before = vfs.fileNames("d");
  await assertRejects(
    () => plantDirectory("d", planting),
    DirectoryUnusableError,
    "It is not empty",
  );
  assertEquals(vfs.fileNames("d"), before);
});

Deno.test("a planting that is cut short leaves nothing that opens as a new member", async () => {
  const identity = { clusterId: "new", nodeId: "n1" as NodeId };
  for (let crashAt = 1; crashAt < 40; crashAt++) {
    const vfs = new MemoryVfs();
    let operations = 0;
    vfs.beforeOperation = () => {
      if (++operations === crashAt) vfs.crash();
    };
    const planting = { identity, point: POINT, slices: slicesOf(STATE), vfs };
    const done = await plantDirectory("d", planting).then(() => true, () => false);
    vfs.beforeOperation = () => {};
    if (done) return assert(crashAt > 5);
    const hasState = vfs.fileNames("d").some((name) => name.startsWith("snapshot-"));
    const opened = await openStore("d", { ...identity, vfs }).catch((error: unknown) => error);
    if (opened instanceof Error) assert(opened instanceof CorruptLogError, `${opened}`);
    else {
      const { recovered } = opened as Awaited<ReturnType<typeof openStore>>;
      // Without a snapshot under its name, the directory says nothing of the new cluster yet.
      assertEquals(recovered.snapshot !== null, hasState);
    }
  }
  throw new Error("It never came to an end");
});

Deno.test("a source that breaks off leaves the directory as empty as it was", async () => {
  const vfs = new MemoryVfs();
  const identity = { clusterId: "new", nodeId: "n1" as NodeId };
  function* broken(): Generator<Uint8Array> {
    yield STATE;
    throw new BackupDamagedError({ file: "b", offsetBytes: 9, reason: "It ends early" });
  }
  await assertRejects(
    () => plantDirectory("d", { identity, point: POINT, slices: broken(), vfs }),
    BackupDamagedError,
  );
  await plantDirectory("d", { identity, point: POINT, slices: slicesOf(STATE), vfs });
});
