// Directories that released versions wrote, kept for ever: whoever can no longer open one has broken
// the upgrade of every cluster that ever ran that version. New versions add directories; no file
// of an old one is ever written again.

import { assertEquals } from "@std/assert";
import type { Store } from "@raftkv/core";
import type { Entry, LogIndex, NodeId } from "@raftkv/core/raft";
import { openStore, readIdentity } from "@raftkv/storage";
import { MemoryVfs } from "@raftkv/storage/memory";
import {
  batchOf,
  entriesOf,
  entryOf,
  hardStateOf,
  positionOf,
} from "../../storage/testing/fixtures.ts";

const IDENTITY = { clusterId: "golden", nodeId: "n1" as NodeId };
const PATH = "data";

Deno.test("version 1: a log of several segments with replaced entries and two snapshots", async () => {
  const vfs = await copyOf("v1/whole");
  const store = await openStore(PATH, { ...IDENTITY, vfs });
  const { hardState, snapshot, base, entries } = store.recovered;
  assertEquals(hardState, hardStateOf(3, null));
  assertEquals(snapshot?.last, positionOf(20, 2));
  assertEquals(snapshot?.configuration.voters.map(String), ["n1", "n2", "n3"]);
  assertEquals(await stateIn(store, 20), "state as of 20");
  assertEquals(await stateIn(store, 10), "state as of 10");
  assertEquals(base, positionOf(5, 1));
  const noop: Entry = { ...entryOf(23, 2), kind: "noop", payload: new Uint8Array() };
  assertEquals(entries, [
    ...entriesOf(1, { first: 6, last: 18 }),
    ...entriesOf(2, { first: 19, last: 22 }),
    noop,
  ]);
  await takesOneMore(store, { vfs, entry: entryOf(24, 3) });
});

Deno.test("version 1: a log that a received snapshot replaced", async () => {
  const vfs = await copyOf("v1/installed");
  const store = await openStore(PATH, { ...IDENTITY, vfs });
  const { hardState, snapshot, base, entries } = store.recovered;
  assertEquals(hardState, hardStateOf(3, "n3"));
  assertEquals(snapshot?.last, positionOf(40, 3));
  assertEquals(await stateIn(store, 40), "state as of 40");
  assertEquals(base, positionOf(40, 3));
  assertEquals(entries, entriesOf(3, { first: 41, last: 43 }));
  await takesOneMore(store, { vfs, entry: entryOf(44, 3) });
});

Deno.test("version 1: a crash that left a torn batch, half a segment and half a snapshot", async () => {
  const vfs = await copyOf("v1/crashed");
  const store = await openStore(PATH, { ...IDENTITY, vfs });
  const { hardState, snapshot, entries } = store.recovered;
  assertEquals([hardState, snapshot], [hardStateOf(0), null]);
  assertEquals(entries, entriesOf(1, { first: 1, last: 12 }));
  assertEquals(vfs.fileNames(PATH).every((name) => name.startsWith("wal-")), true);
  await takesOneMore(store, { vfs, entry: entryOf(13, 1) });
});

Deno.test("version 1: segments written ahead, and a bit that rotted in blank room behind a seal", async () => {
  const vfs = await copyOf("v1/ahead");
  const blankBytes = (name: string) =>
    vfs.readFile(PATH, name).length - vfs.writtenBytes(PATH, name);
  const last = "wal-0000000002-0000000000000034.log";
  assertEquals([vfs.fileNames(PATH).at(-1), blankBytes(last)], [last, 198]);
  const store = await openStore(PATH, { ...IDENTITY, vfs });
  assertEquals(store.recovered.hardState, hardStateOf(3, "n2"));
  assertEquals(store.recovered.entries, [
    ...entriesOf(1, { first: 1, last: 19 }),
    ...entriesOf(2, { first: 20, last: 41 }),
  ]);
  await takesOneMore(store, { vfs, entry: entryOf(42, 3) });
});

async function copyOf(directory: string): Promise<MemoryVfs> {
  const url = new URL(`golden/${directory}/`, import.meta.url);
  const vfs = new MemoryVfs();
  for await (const { name } of Deno.readDir(url)) {
    vfs.writeFile(PATH, { name, bytes: await Deno.readFile(new URL(name, url)) });
  }
  assertEquals(await readIdentity(PATH, { vfs }), IDENTITY);
  return vfs;
}

async function stateIn(store: Store, index: number): Promise<string> {
  const bytes = await store.readSnapshot(index as LogIndex, 0, 1_000);
  return new TextDecoder().decode(bytes ?? new Uint8Array());
}

/** Opening is half of an upgrade: the log must go on, too. */
async function takesOneMore(
  store: Store,
  { vfs, entry }: { readonly vfs: MemoryVfs; readonly entry: Entry },
): Promise<void> {
  const before = store.recovered.entries;
  await store.append(batchOf([entry]));
  vfs.crash();
  const next = await openStore(PATH, { ...IDENTITY, vfs });
  assertEquals(next.recovered.entries, [...before, entry]);
}
