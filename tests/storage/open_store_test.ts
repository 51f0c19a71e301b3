import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { InvariantViolation } from "@raftkv/core";
import type { NodeId } from "@raftkv/core/raft";
import {
  DirectoryInUseError,
  DirectoryUnusableError,
  IdentityMismatchError,
  openStore,
  readIdentity,
  type ReadProgress,
} from "@raftkv/storage";
import { MemoryVfs } from "@raftkv/storage/memory";
import {
  batchOf,
  entriesOf,
  entryOf,
  hardStateOf,
  pointOf,
  slicesOf,
  stateOf,
} from "../../storage/testing/fixtures.ts";
import { openOn, PATH } from "./workload.ts";

const IDENTITY = { clusterId: "cluster-1", nodeId: "n1" as NodeId };

Deno.test("a second opener of a directory is told that it is in use", async () => {
  await withDirectory(async (path) => {
    const store = await openStore(path, IDENTITY);
    await assertRejects(() => openStore(path, IDENTITY), DirectoryInUseError, path);
    await store.close();
    await (await openStore(path, IDENTITY)).close();
  });
});

Deno.test("files and directories are for their owner alone", async () => {
  await withDirectory(async (parent) => {
    const path = `${parent}/a/b`;
    const store = await openStore(path, IDENTITY);
    await store.append(batchOf(entriesOf(1, { first: 1, last: 3 })));
    await store.saveSnapshot(pointOf(2, 1), slicesOf(stateOf(2)));
    for (const made of [`${parent}/a`, path]) {
      assertEquals((await Deno.stat(made)).mode! & 0o777, 0o700, made);
    }
    const names = Array.from(Deno.readDirSync(path), ({ name }) => name);
    assertEquals(names.length, 3);
    for (const name of names) {
      assertEquals((await Deno.stat(`${path}/${name}`)).mode! & 0o777, 0o600, name);
    }
    await store.close();
  });
});

Deno.test("a path that is no directory, or lies in none, is refused by name", async () => {
  await withDirectory(async (parent) => {
    await Deno.writeTextFile(`${parent}/file`, "");
    for (const path of [`${parent}/file`, `${parent}/file/below`]) {
      const error = await assertRejects(() => openStore(path, IDENTITY), DirectoryUnusableError);
      assertEquals(error.directory, path);
      assert(error.message.includes("directory"), error.message);
    }
  });
});

Deno.test("a directory that Deno may not write says so", async () => {
  await withDirectory(async (path) => {
    const script = `
      import { openStore } from "@raftkv/storage";
      const options = { clusterId: "c", nodeId: "n" };
      await openStore(Deno.args[0], options).catch((error) => console.log(error.message));
    `;
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--allow-read", "--ext=ts", "-", path],
      cwd: new URL("../..", import.meta.url),
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const writer = command.stdin.getWriter();
    await writer.write(new TextEncoder().encode(script));
    await writer.close();
    const { stdout } = await command.output();
    assertEquals(
      new TextDecoder().decode(stdout),
      `Cannot use data directory "${path}": Deno was started without the permission\n`,
    );
  });
});

Deno.test("a directory belongs to the node that made it", async () => {
  await withDirectory(async (path) => {
    assertEquals(await readIdentity(path), null);
    assertEquals(await readIdentity(`${path}/none`), null);
    await (await openStore(path, IDENTITY)).close();
    assertEquals(await readIdentity(path), IDENTITY);
    const other = { ...IDENTITY, nodeId: "n2" as NodeId };
    const error = await assertRejects(() => openStore(path, other), IdentityMismatchError);
    assertEquals([error.expected, error.found], [other, IDENTITY]);
  });
});

Deno.test("ids that do not fit into a header are refused", async () => {
  for (const clusterId of ["", "x".repeat(256)]) {
    await assertRejects(() => openStore("none", { ...IDENTITY, clusterId }), RangeError, "cluster");
  }
});

Deno.test("what was recovered is let go at the first write", async () => {
  const vfs = new MemoryVfs();
  const store = await openOn(vfs);
  assertEquals(store.recovered.entries, []);
  await store.append(batchOf([entryOf(1, 1)]));
  assertThrows(() => store.recovered, InvariantViolation);
});

Deno.test("opening says how much it has read, up to all there is", async () => {
  const vfs = new MemoryVfs();
  const store = await openOn(vfs);
  for (let index = 1; index <= 40; index++) await store.append(batchOf([entryOf(index, 1)]));
  for (const index of [10, 20]) {
    await store.saveSnapshot(pointOf(index, 1), slicesOf(stateOf(index)));
  }
  await store.close();
  const reports: ReadProgress[] = [];
  await openStore(PATH, { ...IDENTITY, vfs, onProgress: (progress) => reports.push(progress) });
  assert(reports.length > 5);
  for (const [place, { bytesRead, bytesTotal }] of reports.entries()) {
    assertEquals(bytesTotal, vfs.usedBytes);
    assert(bytesRead >= (reports[place - 1]?.bytesRead ?? 0));
  }
  assertEquals(reports.at(-1)?.bytesRead, vfs.usedBytes);
});

Deno.test("old segments go when two snapshots cover them, and start-up reads only what is left", async () => {
  const vfs = new MemoryVfs();
  const store = await openOn(vfs, 2_000);
  const segments = () => vfs.fileNames(PATH).filter((name) => name.startsWith("wal"));
  await store.append(batchOf([], hardStateOf(1, "n1")));
  const most: number[] = [];
  for (let index = 1; index <= 2_000; index++) {
    await store.append(batchOf([entryOf(index, 1)]));
    if (index % 100 !== 0) continue;
    await store.saveSnapshot(pointOf(index, 1), slicesOf(stateOf(index)));
    await store.compact(entryOf(index - 10, 1).index);
    most.push(segments().length);
  }
  assert(Math.max(...most.slice(2)) <= most[1]! + 2, most.join());
  vfs.crash();
  const { recovered } = await openOn(vfs);
  assert(recovered.base.index > 1_800 && recovered.base.index <= 1_900);
  assertEquals(recovered.entries.at(-1), entryOf(2_000, 1));
  assertEquals(recovered.hardState, hardStateOf(1, "n1"));
});

Deno.test("a segment that was full when the store was closed takes no batch more", async () => {
  const vfs = new MemoryVfs();
  for (let index = 1; index <= 60; index++) {
    const store = await openOn(vfs, 1_000);
    await store.append(batchOf([entryOf(index, 1)]));
    await store.close();
  }
  for (const name of vfs.fileNames(PATH).filter((name) => name.startsWith("wal"))) {
    assert(vfs.readFile(PATH, name).length < 1_200, name);
  }
});

async function withDirectory(body: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempDir();
  try {
    await body(path);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
}
