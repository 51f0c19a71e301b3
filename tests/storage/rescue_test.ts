// A directory that is turned into the first of a new cluster: whole before, whole after, and refused
// by everybody in between.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { pcg32, StorageFullError, type Store } from "@raftkv/core";
import { encodeConfiguration } from "@raftkv/core/codec";
import { configurationOf, type Entry, type NodeId } from "@raftkv/core/raft";
import {
  CorruptLogError,
  DirectoryInUseError,
  DirectoryUnusableError,
  IdentityMismatchError,
  openStore,
} from "@raftkv/storage";
import { inspectDirectory } from "@raftkv/storage/inspect";
import type { MemoryVfs } from "@raftkv/storage/memory";
import { type Planting, rescueDirectory } from "@raftkv/storage/rescue";
import {
  batchOf,
  entriesOf,
  positionOf,
  slicesOf,
  stateOf,
} from "../../storage/testing/fixtures.ts";
import { diskWith, LAST_SEGMENT, WHOLE } from "./sound_directory.ts";
import { IDENTITY, PATH } from "./workload.ts";

const AFTER = { clusterId: "new", nodeId: IDENTITY.nodeId };
const ALONE = configurationOf([{ id: IDENTITY.nodeId, url: "http://n1:8001" }]);
const STATE = stateOf(5);

const TRACE: Entry = {
  ...positionOf(1_034, 5),
  kind: "configuration",
  timeMs: 77,
  payload: encodeConfiguration(ALONE),
};

function rebuild(): Promise<Omit<Planting, "sequence">> {
  return Promise.resolve({
    identity: AFTER,
    point: { last: positionOf(1_033, 3), configuration: ALONE },
    entries: [TRACE],
    slices: slicesOf(STATE),
  });
}

const rescue = (vfs: MemoryVfs) => rescueDirectory(PATH, { nodeId: IDENTITY.nodeId, vfs, rebuild });

/** Who can open a directory, and with what. */
async function openedAs(vfs: MemoryVfs): Promise<"old" | "new" | "nobody"> {
  const found: string[] = [];
  for (const [name, identity] of [["old", IDENTITY], ["new", AFTER]] as const) {
    const opened = await openStore(PATH, { ...identity, vfs }).catch((error: unknown) => error);
    if (opened instanceof Error) {
      assert(opened instanceof IdentityMismatchError, `${opened}`);
      continue;
    }
    found.push(name);
    const store = opened as Store;
    const { entries, snapshot } = store.recovered;
    if (name === "old") assertEquals(entries.at(-1)!.index, positionOf(33, 3).index);
    else {
      assertEquals(entries, [TRACE]);
      assertEquals(await store.readSnapshot(snapshot!.last.index, 0, 100_000), STATE);
    }
    await store.close();
  }
  assert(found.length < 2);
  return found[0] as "old" | "new" | undefined ?? "nobody";
}

Deno.test("the member becomes the first of a new cluster, and its old files stay", async () => {
  const vfs = diskWith("", null);
  const { before, after, kept } = await rescue(vfs);
  assertEquals([before, after], [IDENTITY, AFTER]);
  for (const { name, bytes } of WHOLE.files.filter(({ name }) => name !== "LOCK")) {
    assert(kept.includes(`${name}.before-new`));
    assertEquals(vfs.readFile(PATH, `${name}.before-new`), bytes);
  }
  const report = await inspectDirectory(PATH, { vfs });
  assertEquals([report.isDamaged, report.identity], [false, AFTER]);
  vfs.crash();
  const store = await openStore(PATH, { ...AFTER, vfs });
  assertEquals(store.recovered.hardState, { term: TRACE.term, votedFor: null });
  await store.append(batchOf(entriesOf(6, { first: 1_035, last: 1_040 })));
  vfs.crash();
  const again = await openStore(PATH, { ...AFTER, vfs });
  assertEquals(again.recovered.entries.length, 7);
});

Deno.test("a crash at any moment leaves the old member, the new one, or a directory nobody takes", async () => {
  const seen = new Set<string>();
  for (let crashAt = 1;; crashAt++) {
    let isDone = false;
    for (const seed of [null, 1, 2, 3]) {
      const vfs = diskWith("", null);
      let operations = 0;
      vfs.beforeOperation = () => {
        if (++operations === crashAt) vfs.crash(seed === null ? null : pcg32(seed));
      };
      isDone = await rescue(vfs).then(() => true, () => false);
      vfs.beforeOperation = () => {};
      seen.add(await openedAs(vfs));
    }
    if (isDone) break;
  }
  assertEquals([...seen].sort(), ["new", "nobody", "old"]);
});

Deno.test("a disk that is full at any moment leaves the old member as it was", async () => {
  const needed = await (async () => {
    const vfs = diskWith("", null);
    const before = vfs.usedBytes;
    await rescue(vfs);
    return vfs.usedBytes - before;
  })();
  for (let room = 0; room < needed; room += 97) {
    const vfs = diskWith("", null);
    vfs.capacityBytes = vfs.usedBytes + room;
    await assertRejects(() => rescue(vfs), StorageFullError);
    vfs.crash();
    assertEquals(await openedAs(vfs), "old", `with room for ${room} bytes`);
  }
});

Deno.test("what is in use, of another node, damaged or empty is left alone", async () => {
  const used = diskWith("", null);
  const store = await openStore(PATH, { ...IDENTITY, vfs: used });
  await assertRejects(() => rescue(used), DirectoryInUseError);
  await store.close();

  const foreign = diskWith("", null);
  const nodeId = "n9" as NodeId;
  await assertRejects(
    () => rescueDirectory(PATH, { nodeId, vfs: foreign, rebuild }),
    IdentityMismatchError,
  );

  const first = WHOLE.files.find(({ name }) => name.startsWith("wal-"))!;
  const rotten = first.bytes.slice();
  rotten[20]! ^= 1;
  assert(first.name !== LAST_SEGMENT);
  const damaged = diskWith(first.name, rotten);
  await assertRejects(() => rescue(damaged), CorruptLogError);
  assertEquals(damaged.readFile(PATH, first.name), rotten);

  const empty = diskWith("", null);
  for (const name of empty.fileNames(PATH)) empty.removeFile(PATH, name);
  await assertRejects(() => rescue(empty), DirectoryUnusableError, "No node has ever used it");
});

Deno.test("a second process cannot slip in between the old member and the new one", async () => {
  const vfs = diskWith("", null);
  let tries = 0;
  await rescueDirectory(PATH, {
    nodeId: IDENTITY.nodeId,
    vfs,
    rebuild: async () => {
      tries++;
      await assertRejects(() => openStore(PATH, { ...IDENTITY, vfs }), DirectoryInUseError);
      return await rebuild();
    },
  });
  assertEquals(tries, 1);
  await (await openStore(PATH, { ...AFTER, vfs })).close();
});
