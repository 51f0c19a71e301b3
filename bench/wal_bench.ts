/**
 * What the store costs over the bare disk: appends against a write and an fdatasync of as many bytes,
 * opening a large log against reading its files, saving a snapshot against writing as much, and what
 * a snapshot being saved does to appends.
 *
 * Run it with `deno bench --allow-read --allow-write bench/wal_bench.ts`. It works in the directory
 * for temporary files; `TMPDIR` names another disk.
 *
 * @module
 */

import type { Store } from "@raftkv/core";
import type {
  Entry,
  LogIndex,
  NodeId,
  PersistBatch,
  SnapshotPoint,
  Term,
  Ticket,
} from "@raftkv/core/raft";
import { configurationOf } from "@raftkv/core/raft";
import { openStore } from "@raftkv/storage";

const IDENTITY = { clusterId: "bench", nodeId: "n1" as NodeId };
const ENTRY_BYTES = 256;
const LOG_ENTRIES = 250_000;
const SNAPSHOT_BYTES = 67_108_864;
const SLICE_BYTES = 65_536;
const STALLED_APPENDS = 2_000;

/** A log that grows by as many entries as it is asked to. */
class Log {
  readonly store: Store;
  lastIndex = 0;

  private constructor(store: Store) {
    this.store = store;
  }

  static async begin(path: string): Promise<Log> {
    const log = new Log(await openStore(path, IDENTITY));
    await log.append(1);
    return log;
  }

  append(count: number): Promise<void> {
    const entries = Array.from(
      { length: count },
      (_, place) => entryAt(this.lastIndex + 1 + place),
    );
    this.lastIndex += count;
    const batch: PersistBatch = { ticket: 0 as Ticket, hardState: null, entries, repairs: [] };
    return this.store.append(batch);
  }
}

const PAYLOAD = new Uint8Array(ENTRY_BYTES).fill(7);

function entryAt(index: number): Entry {
  const term = 1 as Term;
  return { index: index as LogIndex, term, kind: "command", timeMs: 1.7e12, payload: PAYLOAD };
}

function pointAt(index: number): SnapshotPoint {
  return {
    last: { index: index as LogIndex, term: 1 as Term },
    configuration: configurationOf([]),
  };
}

function* slices(): Generator<Uint8Array> {
  const slice = new Uint8Array(SLICE_BYTES).fill(7);
  for (let bytes = 0; bytes < SNAPSHOT_BYTES; bytes += SLICE_BYTES) yield slice;
}

const root = await Deno.makeTempDir();
globalThis.addEventListener("unload", () => Deno.removeSync(root, { recursive: true }));

for (const count of [1, 16, 256]) {
  const group = `append ${count} entries of ${ENTRY_BYTES} B and sync`;
  const raw = await Deno.open(`${root}/raw-${count}`, { create: true, write: true });
  const bytes = new Uint8Array(count * ENTRY_BYTES).fill(7);
  Deno.bench("write and fdatasync", { group, baseline: true }, async () => {
    raw.writeSync(bytes);
    await raw.syncData();
  });
  const log = await Log.begin(`${root}/append-${count}`);
  // An async function by its form: the runner does not wait for a promise that any other returns.
  Deno.bench("store", { group }, async () => await log.append(count));
}

const full = await Log.begin(`${root}/full`);
for (let index = 0; index < LOG_ENTRIES; index += 250) await full.append(250);
await full.store.close();

const opening = { group: `open a log of ${LOG_ENTRIES} entries of ${ENTRY_BYTES} B` };
Deno.bench("read the files", { ...opening, baseline: true }, async () => {
  for await (const { name } of Deno.readDir(`${root}/full`)) {
    await Deno.readFile(`${root}/full/${name}`);
  }
});
Deno.bench("store", opening, async (bench) => {
  bench.start();
  const store = await openStore(`${root}/full`, IDENTITY);
  bench.end();
  await store.close();
});

const saves = { group: "save a snapshot of 64 MiB" };
Deno.bench("write and fdatasync", { ...saves, baseline: true, n: 5 }, async () => {
  const file = await Deno.open(`${root}/raw-snapshot`, { create: true, write: true });
  for (const slice of slices()) file.writeSync(slice);
  await file.syncData();
  file.close();
});
const saver = await Log.begin(`${root}/save`);
await saver.append(1_000);
let savedIndex = 0;
Deno.bench("store", { ...saves, n: 5 }, async () => {
  await saver.store.saveSnapshot(pointAt(++savedIndex), slices(), () => true);
});

// The longest time of these is the longest that a snapshot holds up a write.
const busy = await Log.begin(`${root}/busy`);
let saving: Promise<unknown> | null = null;
let appends = 0;
const stalls = { group: "append 1 entry of 256 B and sync, one snapshot of 64 MiB after another" };
Deno.bench("store", { ...stalls, n: STALLED_APPENDS, warmup: 0 }, async () => {
  saving ??= busy.store.saveSnapshot(pointAt(busy.lastIndex), slices())
    .finally(() => saving = null);
  await busy.append(1);
  // The directory goes when the last of them ends.
  if (++appends >= STALLED_APPENDS) await saving;
});
