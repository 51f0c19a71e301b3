import type { NodeId } from "@raftkv/core/raft";
import { openStore } from "@raftkv/storage";
import { MemoryStore, MemoryVfs } from "@raftkv/storage/memory";
import { storeContract, type StoreSubject } from "@raftkv/storage/testing";
import type { Store } from "@raftkv/core";

const IDENTITY = { clusterId: "c1", nodeId: "n1" as NodeId };
// Small enough that the suite crosses many segments.
const OPTIONS = { ...IDENTITY, segmentBytesMax: 2_048, pause: () => Promise.resolve() };

const onDeno: StoreSubject = {
  name: "files on Deno",
  async prepare() {
    const path = await Deno.makeTempDir();
    let open: Store | null = null;
    return {
      open: async () => open = await openStore(path, OPTIONS),
      // As close to a crash as one process gets: nothing is flushed, the lock goes.
      crash: async () => await open?.close(),
      dispose: () => Deno.remove(path, { recursive: true }),
    };
  },
};

const inMemory: StoreSubject = {
  name: "files in memory",
  prepare() {
    const vfs = new MemoryVfs();
    return Promise.resolve({
      open: () => openStore("data", { ...OPTIONS, vfs }),
      crash: () => Promise.resolve(vfs.crash()),
      dispose: () => Promise.resolve(),
    });
  },
};

const twin: StoreSubject = {
  name: "memory",
  prepare() {
    let store = new MemoryStore();
    let isUsed = false;
    return Promise.resolve({
      open() {
        if (isUsed) store = store.crash();
        isUsed = true;
        return Promise.resolve(store);
      },
      crash: () => Promise.resolve(),
      dispose: () => Promise.resolve(),
    });
  },
};

for (const subject of [onDeno, inMemory, twin]) storeContract(subject, Deno.test);
