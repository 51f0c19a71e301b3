/**
 * The production store under a simulated node: what it calls durable is held against the disk.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { InvariantViolation } from "@raftkv/core";
import {
  type DurableState,
  type Entry,
  isLost,
  type NodeId,
  type PersistBatch,
  type Ticket,
} from "@raftkv/core/raft";
import { Cluster, EventQueue, FileStorage, SimulatedDisk } from "@raftkv/sim";
import type { File } from "@raftkv/storage";
import { type MemoryVfs, nextTurn } from "@raftkv/storage/memory";
import { JournalMachine, line } from "../support/journal_machine.ts";
import { entries } from "../support/raft_messages.ts";

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

async function runUntil({ queue }: { queue: EventQueue }, isReached: () => boolean): Promise<void> {
  for (let left = 100_000; !isReached() && left > 0; left--) {
    queue.step();
    if (!queue.owesTurn) continue;
    queue.owesTurn = false;
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

/** Files on a disk that a kill takes nothing from, with entries of which the first was lost to damage. */
async function onDamagedFiles() {
  const queue = new EventQueue();
  const ledger = new SimulatedDisk();
  const storage = new FileStorage({
    id: "n1" as NodeId,
    ledger,
    incarnation: "n1",
    queue,
    random: () => 0,
    syncMs: () => 1,
    segmentBytesMax: 100_000,
    snapshotChunkBytes: 1_000,
    events: {
      onPersisted: (batch) => ledger.append(batch),
      onRoom: () => {},
      onEvent: () => {},
      onFailed: (error) => {
        throw error;
      },
    },
  });
  const start = async () => {
    const found: DurableState[] = [];
    storage.open(() => new JournalMachine().restorer(), (recovered) => found.push(recovered));
    await runUntil({ queue }, () => found.length > 0);
    return found[0]!;
  };
  const write = async (batch: Partial<PersistBatch>, isEnough = () => false) => {
    let isDone = false;
    const whole = { ticket: 1 as Ticket, hardState: null, entries: [], repairs: [], ...batch };
    storage.append(whole, () => isDone = true);
    await runUntil({ queue }, () => isDone || isEnough());
    return isDone;
  };
  await start();
  const log = entries(0, [1, 1, 1]);
  for (const entry of log) await write({ entries: [entry] });
  storage.crash();
  const [first] = log as [Entry];
  turnBitIn(storage.vfs, new TextDecoder().decode(first.payload));
  assertEquals((await start()).entries.map(isLost), [true, false, false]);
  return { first, ledger, start, storage, write };
}

/** Damages the only place in the log where a text stands. */
function turnBitIn(vfs: MemoryVfs, text: string): void {
  const name = vfs.fileNames("data").find((each) => each.endsWith(".log"))!;
  const bytes = vfs.readFile("data", name);
  const at = new TextDecoder("latin1").decode(bytes).indexOf(text);
  assert(at > 0, text);
  bytes[at]! ^= 1;
  vfs.writeFile("data", { name, bytes });
}

Deno.test("the ledger takes what a start finds of a repair that a kill interrupted", async () => {
  const found = new Set<boolean>();
  for (let events = 0, isDone = false; !isDone; events++) {
    const { first, ledger, start, storage, write } = await onDamagedFiles();
    assert(ledger.isLost(first.index));
    let left = events;
    isDone = await write({ repairs: [first] }, () => left-- <= 0);
    storage.crash();
    const { entries: [recovered] } = await start();
    assertEquals(ledger.isLost(first.index), isLost(recovered!), `after ${events} events`);
    if (!isDone) found.add(isLost(recovered!));
  }
  assertEquals(found.size, 2, "some kills come before the repair is written, and some after");
});
