import { assertEquals, assertRejects } from "@std/assert";
import type { NodeId } from "@raftkv/core/raft";
import {
  CorruptLogError,
  openStore,
  readIdentity,
  readJoining,
  writeJoining,
} from "@raftkv/storage";
import { MemoryVfs } from "@raftkv/storage/memory";

const PATH = "data";
const URLS = ["http://n1.test:8001", "http://n2.test:8001"];

Deno.test("a directory remembers through a crash that its node joins, and whom it was told", async () => {
  const vfs = new MemoryVfs();
  assertEquals(await readJoining(PATH, { vfs }), null);
  await writeJoining(PATH, URLS, { vfs });
  vfs.crash();
  assertEquals(await readJoining(PATH, { vfs }), URLS);
  assertEquals(await readIdentity(PATH, { vfs }), null);
  await openStore(PATH, { clusterId: "c1", nodeId: "n-1" as NodeId, vfs });
  vfs.crash();
  assertEquals(await readJoining(PATH, { vfs }), URLS);
  assertEquals(await readIdentity(PATH, { vfs }), { clusterId: "c1", nodeId: "n-1" as NodeId });
});

Deno.test("the directory of a node that began its cluster says nothing of joining", async () => {
  const vfs = new MemoryVfs();
  await openStore(PATH, { clusterId: "c1", nodeId: "n1" as NodeId, vfs });
  assertEquals(await readJoining(PATH, { vfs }), null);
});

Deno.test("what does not hold URLs is refused", async () => {
  for (const text of ["", "\n", "http://n1.test", "n1\n", "http://n1.test\n\n"]) {
    const vfs = new MemoryVfs();
    await writeJoining(PATH, URLS, { vfs });
    vfs.writeFile(PATH, { name: "joining", bytes: new TextEncoder().encode(text) });
    await assertRejects(() => readJoining(PATH, { vfs }), CorruptLogError);
  }
});
