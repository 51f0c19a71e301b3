/**
 * The production store under a simulated node: what it calls durable is held against the disk.
 *
 * @module
 */

import { assert, assertStringIncludes } from "@std/assert";
import { InvariantViolation } from "@raftkv/core";
import { Cluster, FileStorage } from "@raftkv/sim";
import type { File } from "@raftkv/storage";
import { type MemoryVfs, nextTurn } from "@raftkv/storage/memory";
import { JournalMachine, line } from "../support/journal_machine.ts";

/** From when it is called on, no file of the disk is synced any more, and nobody is told. */
function tamper(vfs: MemoryVfs): () => void {
  let isLying = false;
  const unsyncable = (file: File) => {
    const sync = file.syncData.bind(file);
    file.syncData = async () => {
      if (!isLying) await sync();
    };
    return file;
  };
  const open = vfs.createDirectory.bind(vfs);
  vfs.openDirectory = vfs.createDirectory = async (path) => {
    const directory = await open(path);
    const create = directory.create.bind(directory);
    directory.create = async (name) => unsyncable(await create(name));
    return directory;
  };
  return () => isLying = true;
}

async function runUntil(cluster: Cluster<number>, isReached: () => boolean): Promise<void> {
  for (let left = 100_000; !isReached() && left > 0; left--) {
    cluster.queue.step();
    if (!cluster.queue.owesTurn) continue;
    cluster.queue.owesTurn = false;
    await nextTurn();
  }
  assert(isReached(), "within 100,000 events");
}

async function violationOf(work: () => Promise<void>): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (error instanceof InvariantViolation) return error.message;
    throw error;
  }
  return "nothing";
}

/** One node on files, which leads, and what makes its syncs do nothing. */
async function onFiles() {
  const createMachine = () => new JournalMachine();
  const parts = { seed: 1, size: 1, segmentBytesMax: 100_000, snapshotLogBytesMin: 500 };
  const cluster = new Cluster<number>({ ...parts, createMachine });
  const { storage } = cluster.node("n1");
  assert(storage instanceof FileStorage);
  const lie = tamper(storage.vfs);
  await runUntil(cluster, () => cluster.leaders().length > 0);
  return { cluster, lie };
}

async function writeOne(cluster: Cluster<number>, text: string): Promise<void> {
  const request = cluster.propose("n1", line(text));
  await runUntil(cluster, () => cluster.replies.has(request));
}

Deno.test("what a store calls durable is durable", async () => {
  const { cluster } = await onFiles();
  const snapshots = () => cluster.node("n1").status()!.snapshotIndex;
  while (snapshots() === 0) await writeOne(cluster, "x".repeat(100));
});

Deno.test("a batch that is called durable and is not synced is found at once (I33)", async () => {
  const { cluster, lie } = await onFiles();
  lie();
  const violation = await violationOf(() => writeOne(cluster, "a"));
  assertStringIncludes(violation, "I33 what the store calls durable is synced");
  assertStringIncludes(violation, '"append"');
});
