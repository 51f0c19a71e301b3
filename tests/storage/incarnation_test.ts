import { assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import type { NodeId } from "@raftkv/core/raft";
import {
  CorruptLogError,
  DirectoryUnusableError,
  openIncarnation,
  openStore,
  readIdentity,
} from "@raftkv/storage";
import { MemoryVfs } from "@raftkv/storage/memory";

const PATH = "data";

async function directory(): Promise<MemoryVfs> {
  const vfs = new MemoryVfs();
  await openStore(PATH, { clusterId: "c1", nodeId: "n1" as NodeId, vfs });
  return vfs;
}

Deno.test("a directory draws its incarnation once and keeps it through a crash", async () => {
  const vfs = await directory();
  const incarnation = await openIncarnation(PATH, { vfs });
  assertMatch(incarnation, /^[\da-f]{32}$/);
  vfs.crash();
  assertEquals(await openIncarnation(PATH, { vfs }), incarnation);
});

Deno.test("a directory that was lost and made again has another incarnation", async () => {
  const lives = [await directory(), await directory()].map((vfs) => openIncarnation(PATH, { vfs }));
  assertNotEquals(await lives[0], await lives[1]);
});

Deno.test("a store opens beside its incarnation", async () => {
  const vfs = await directory();
  await openIncarnation(PATH, { vfs });
  vfs.crash();
  const store = await openStore(PATH, { clusterId: "c1", nodeId: "n1" as NodeId, vfs });
  assertEquals(store.recovered.entries, []);
});

Deno.test("what is no incarnation is refused, not replaced", async () => {
  for (const text of ["", "\n", "0".repeat(31), `${"0".repeat(33)}\n`, `${"g".repeat(32)}\n`]) {
    const vfs = await directory();
    vfs.writeFile(PATH, { name: "incarnation", bytes: new TextEncoder().encode(text) });
    await assertRejects(() => openIncarnation(PATH, { vfs }), CorruptLogError);
  }
});

Deno.test("a crash while it was drawn leaves none, and another is drawn", async () => {
  const vfs = await directory();
  vfs.writeFile(PATH, { name: "incarnation.new", bytes: new TextEncoder().encode("0123") });
  assertMatch(await openIncarnation(PATH, { vfs }), /^[\da-f]{32}$/);
});

Deno.test("a directory whose log was removed is not taken for a new one", async () => {
  const vfs = new MemoryVfs();
  assertEquals(await readIdentity(PATH, { vfs }), null);
  vfs.writeFile(PATH, { name: "incarnation", bytes: new TextEncoder().encode("0".repeat(32)) });
  await assertRejects(() => readIdentity(PATH, { vfs }), CorruptLogError, "but no log");
});

Deno.test("without a directory there is no incarnation", async () => {
  await assertRejects(
    () => openIncarnation("none", { vfs: new MemoryVfs() }),
    DirectoryUnusableError,
  );
});
