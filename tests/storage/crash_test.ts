import { assert, assertEquals } from "@std/assert";
import { pcg32 } from "@raftkv/core/random";
import type { DurableState } from "@raftkv/core/raft";
import { MemoryVfs } from "@raftkv/storage/memory";
import { scanSegment } from "../../storage/segment_scan.ts";
import { batchOf, entryOf } from "../../storage/testing/fixtures.ts";
import { differenceFrom, EMPTY, type Model, openOn, PATH, WORKLOAD } from "./workload.ts";

interface Cut {
  readonly vfs: MemoryVfs;
  /** What had been promised. */
  readonly before: Model;
  /** The same with the step that the cut interrupted. */
  readonly after: Model;
  readonly during: string;
}

const OPERATIONS = await countOperations();

Deno.test("at whatever operation the power fails, all that was promised is there and nothing is half there", async () => {
  for (let operation = 0; operation < OPERATIONS; operation++) {
    for (let seed = 0; seed < 12; seed++) {
      const cut = await runUntil(operation);
      cut.vfs.crash(seed === 0 ? null : pcg32(operation * 1_000 + seed));
      check(cut, await reopen(cut.vfs), `operation ${operation}, seed ${seed}`);
    }
  }
});

Deno.test("at whatever operation of a recovery the power fails, the next one comes to the same", async () => {
  for (let operation = 0; operation < OPERATIONS; operation++) {
    for (let again = 0; again < 9; again++) {
      const cut = await runUntil(operation);
      const random = pcg32(operation * 100 + again);
      if (again % 3 === 0) cut.vfs.crash(random);
      else cut.vfs.kill();
      await failAt(cut.vfs, again, () => openOn(cut.vfs));
      cut.vfs.crash(again % 3 === 1 ? null : random);
      check(cut, await reopen(cut.vfs), `operation ${operation}, again at ${again}`);
    }
  }
});

Deno.test("what a store recovered after kill -9 survives a power cut right afterwards", async () => {
  for (let operation = 0; operation < OPERATIONS; operation++) {
    const cut = await runUntil(operation);
    cut.vfs.kill();
    const first = await reopen(cut.vfs);
    check(cut, first, `operation ${operation}`);
    cut.vfs.crash();
    assertEquals(await reopen(cut.vfs), first, `operation ${operation}`);
  }
});

Deno.test("a recovered store takes the next batch and keeps it", async () => {
  for (let operation = 0; operation < OPERATIONS; operation++) {
    const cut = await runUntil(operation);
    cut.vfs.crash(pcg32(operation));
    const store = await openOn(cut.vfs);
    const { base, entries, hardState } = store.recovered;
    const last = entries.at(-1) ?? base;
    const next = entryOf(last.index + 1, Math.max(last.term, hardState.term, 1));
    await store.append(batchOf([next]));
    cut.vfs.crash();
    const recovered = await reopen(cut.vfs);
    assertEquals(recovered.entries.at(-1), next, `operation ${operation}`);
    assertEquals(recovered.hardState, hardState);
  }
});

Deno.test("a recovered directory holds nothing but whole segments and named snapshots", async () => {
  for (let operation = 0; operation < OPERATIONS; operation++) {
    const { vfs } = await runUntil(operation);
    vfs.crash(pcg32(operation));
    await reopen(vfs);
    const segments = vfs.fileNames(PATH).filter((name) => !/^snapshot-\d{16}\.bin$/.test(name));
    for (const [place, name] of segments.entries()) {
      const scan = scanSegment(vfs.readFile(PATH, name));
      assert(scan.kind === "scanned" && scan.damage === null, `operation ${operation}: ${name}`);
      assert(place === 0 || !scan.header.startsAnew, `operation ${operation}: ${name} is void`);
      assertEquals(scan.isSealed, place < segments.length - 1);
    }
  }
});

/** Runs the workload on a new disk until the power fails before an operation. */
async function runUntil(operation: number): Promise<Cut> {
  const vfs = new MemoryVfs();
  let before = EMPTY;
  let after = EMPTY;
  let during = "open";
  await failAt(vfs, operation, async () => {
    const store = await openOn(vfs);
    for (const step of WORKLOAD) {
      during = step.name;
      after = step.after(before);
      await step.run(store);
      before = after;
    }
  });
  return { vfs, before, after, during };
}

/** Runs `work` on a disk whose power fails before an operation, if it comes to that. */
async function failAt(
  vfs: MemoryVfs,
  operation: number,
  work: () => Promise<unknown>,
): Promise<void> {
  let count = 0;
  vfs.beforeOperation = () => {
    if (count++ >= operation) throw new Error("Power cut");
  };
  try {
    await work();
  } catch (error) {
    if (count <= operation) throw error;
  } finally {
    vfs.beforeOperation = () => {};
  }
}

async function reopen(vfs: MemoryVfs): Promise<DurableState> {
  const store = await openOn(vfs);
  const { recovered } = store;
  await store.close();
  return recovered;
}

function check({ before, after, during }: Cut, recovered: DurableState, where: string): void {
  const old = differenceFrom(before, recovered);
  if (old === null) return;
  const next = differenceFrom(after, recovered);
  assertEquals(next, null, `${where}, during "${during}": neither before (${old}) nor after`);
}

async function countOperations(): Promise<number> {
  const vfs = new MemoryVfs();
  let count = 0;
  vfs.beforeOperation = () => {
    count++;
  };
  const store = await openOn(vfs);
  for (const step of WORKLOAD) await step.run(store);
  await store.close();
  return count;
}
