import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { pcg32 } from "@raftkv/core/random";
import { NoSpaceError } from "@raftkv/storage";
import { MemoryVfs } from "@raftkv/storage/memory";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("a power cut loses what was not synced and keeps what was", async () => {
  const vfs = new MemoryVfs();
  const directory = await vfs.createDirectory("d");
  const file = await directory.create("f");
  file.writeAt(0, bytes("durable"));
  await file.syncData();
  await directory.sync();
  file.writeAt(7, bytes(" not"));
  await directory.create("g");
  vfs.crash();
  assertEquals(vfs.fileNames("d"), ["f"]);
  assertEquals(text(vfs.readFile("d", "f")), "durable");
});

Deno.test("a synced file whose name was not synced is lost", async () => {
  const vfs = new MemoryVfs();
  const directory = await vfs.createDirectory("d");
  const file = await directory.create("f");
  file.writeAt(0, bytes("x"));
  await file.syncData();
  vfs.crash();
  assertEquals(vfs.fileNames("d"), []);
});

Deno.test("an un-synced rename is undone whole", async () => {
  const vfs = new MemoryVfs();
  const directory = await vfs.createDirectory("d");
  await directory.create("a");
  await directory.sync();
  await directory.rename("a", "b");
  vfs.crash();
  assertEquals(vfs.fileNames("d"), ["a"]);
});

Deno.test("chance keeps, loses and tears un-synced writes at sector ends", async () => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 200; seed++) {
    const vfs = new MemoryVfs();
    const directory = await vfs.createDirectory("d");
    const file = await directory.create("f");
    await directory.sync();
    file.writeAt(100, new Uint8Array(1_000).fill(1));
    vfs.crash(pcg32(seed));
    const left = vfs.readFile("d", "f");
    const sectors = [[100, 512], [512, 1_024], [1_024, 1_100]] as const;
    seen.add(
      sectors.map(([from, to]) => {
        const sector = left.subarray(from, to);
        const isWhole = sector.every((byte) => byte === sector[0]);
        assert(isWhole, "a sector is never torn");
        return sector[0] ?? 0;
      }).join(""),
    );
  }
  assertEquals([...seen].sort(), ["000", "001", "010", "011", "100", "101", "110", "111"]);
});

Deno.test("what a power cut could take something of is named: content, a name, a new name", async () => {
  const vfs = new MemoryVfs();
  const directory = await vfs.createDirectory("d");
  const file = await directory.create("f");
  await file.syncData();
  assertEquals(vfs.unsyncedNames("d"), ["f"], "its name is not durable");
  await directory.sync();
  assertEquals(vfs.unsyncedNames("d"), []);
  file.writeAt(0, bytes("x"));
  assertEquals(vfs.unsyncedNames("d"), ["f"]);
  await file.syncData();
  await directory.rename("f", "g");
  assertEquals(vfs.unsyncedNames("d"), ["g"]);
  await directory.sync();
  assertEquals(vfs.unsyncedNames("d"), []);
});

Deno.test("what was open at a crash stays dead", async () => {
  const vfs = new MemoryVfs();
  const directory = await vfs.createDirectory("d");
  const file = await directory.create("f");
  vfs.kill();
  assertThrows(() => file.writeAt(0, bytes("x")));
  await assertRejects(() => directory.list());
});

Deno.test("a full disk takes what fits", async () => {
  const vfs = new MemoryVfs();
  const directory = await vfs.createDirectory("d");
  const file = await directory.create("f");
  vfs.capacityBytes = 4;
  assertThrows(() => file.writeAt(0, bytes("abcdef")), NoSpaceError);
  assertEquals(text(vfs.readFile("d", "f")), "abcd");
});
