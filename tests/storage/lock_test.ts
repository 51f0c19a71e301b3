import { assert, assertRejects } from "@std/assert";
import { DirectoryInUseError, openStore } from "@raftkv/storage";
import { denoVfs } from "../../storage/deno_vfs.ts";
import type { NodeId } from "@raftkv/core/raft";

const IDENTITY = { clusterId: "c1", nodeId: "n1" as NodeId };
const CHILDREN = 600;

Deno.test("a directory that was closed can be opened at once, whatever the process starts meanwhile", async () => {
  const directory = await Deno.makeTempDir();
  let started = 0;
  // A child shares the descriptors of its parent until it runs its own program.
  const start = async () => {
    while (started++ < CHILDREN) await new Deno.Command("bash", { args: ["-c", ":"] }).output();
  };
  const children = Promise.all([start(), start(), start(), start()]);
  try {
    const locked = await denoVfs.createDirectory(directory);
    while (started < CHILDREN) {
      const lock = await locked.tryLock("LOCK");
      assert(lock !== null, "somebody holds a lock that was given back");
      lock.release();
    }
  } finally {
    await children;
  }
  await Deno.remove(directory, { recursive: true });
});

Deno.test("a directory that is open cannot be opened again", async () => {
  const directory = await Deno.makeTempDir();
  const store = await openStore(directory, IDENTITY);
  await assertRejects(() => openStore(directory, IDENTITY), DirectoryInUseError);
  await store.close();
  await (await openStore(directory, IDENTITY)).close();
  await Deno.remove(directory, { recursive: true });
});
