// Looking into a directory: what is shown is what recovery sees, and nothing is touched.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { DirectoryUnusableError, openStore, type Vfs } from "@raftkv/storage";
import { dumpDirectory, type DumpItem, inspectDirectory } from "@raftkv/storage/inspect";
import { MemoryVfs } from "@raftkv/storage/memory";
import { batchOf, entriesOf } from "../../storage/testing/fixtures.ts";
import { diskWith, LAST_SEGMENT, WHOLE } from "./sound_directory.ts";
import { differenceOfLogs, IDENTITY, PATH } from "./workload.ts";

const contentOf = (name: string) => WHOLE.files.find((file) => file.name === name)!.bytes;
const FIRST_SEGMENT = WHOLE.files.find(({ name }) => name.startsWith("wal-"))!.name;
const [OLDER, NEWER] = WHOLE.files.map(({ name }) => name)
  .filter((name) => name.startsWith("snapshot-")) as [string, string];

function flipped(name: string, at: number): Uint8Array {
  const bytes = contentOf(name).slice();
  bytes[at]! ^= 1;
  return bytes;
}

async function dumpOf(vfs: MemoryVfs): Promise<DumpItem[]> {
  return await Array.fromAsync(dumpDirectory(PATH, { vfs }));
}

Deno.test("a sound directory is sound, and opens as the report says", async () => {
  const vfs = diskWith("", null);
  const before = vfs.fileNames(PATH);
  const report = await inspectDirectory(PATH, { vfs });
  assertEquals(report.identity, IDENTITY);
  assertEquals([report.isDamaged, report.otherNames], [false, []]);
  assert([...report.segments, ...report.snapshots].every(({ condition }) => condition === "sound"));
  assertEquals(vfs.fileNames(PATH), before, "not even a lock file is made");
  const { recovered } = await openStore(PATH, { ...IDENTITY, vfs });
  assert(report.outlook.kind === "opens");
  const { mends, ...outlook } = report.outlook;
  assertEquals(mends, []);
  const { index, term } = recovered.entries.at(-1)!;
  assertEquals(outlook, {
    kind: "opens",
    hardState: recovered.hardState,
    base: recovered.base,
    last: { index, term },
    lost: [],
    isStateLost: false,
    snapshot: recovered.snapshot,
  });
});

Deno.test("a dump shows every entry and every batch once, in the order of the log", async () => {
  const items = await dumpOf(diskWith("", null));
  const entries = items.flatMap((item) =>
    item.kind === "record" && item.record.kind === "entry" ? [item.record.entry] : []
  );
  const { recovered } = await openStore(PATH, { ...IDENTITY, vfs: diskWith("", null) });
  const latest = new Map(entries.map((entry) => [entry.index, entry]));
  assertEquals(
    [...latest.values()].filter(({ index }) => index > recovered.base.index),
    recovered.entries,
  );
  const report = await inspectDirectory(PATH, { vfs: diskWith("", null) });
  const counts = report.segments.map(({ content }) => content!.entryCount);
  assertEquals(entries.length, counts.reduce((sum, count) => sum + count, 0));
  assert(items.every((item) => item.kind !== "record" || item.isWhole));
});

Deno.test("a torn tail is no damage, and its records do not count", async () => {
  const whole = contentOf(LAST_SEGMENT);
  const vfs = diskWith(LAST_SEGMENT, whole.subarray(0, whole.length - 5));
  const report = await inspectDirectory(PATH, { vfs });
  assertEquals([report.isDamaged, report.segments.at(-1)!.condition], [false, "torn"]);
  assert(report.outlook.kind === "opens");
  assertEquals(report.outlook.mends.length, 1);
  const torn = (await dumpOf(vfs)).filter((item) => item.kind === "record" && !item.isWhole);
  assert(torn.length > 0);
});

Deno.test("whatever bit flips in a segment before the last is damage, with its place", async () => {
  const { segments } = await inspectDirectory(PATH, { vfs: diskWith("", null) });
  // The seal behind the last batch may be torn: the next segment says that nothing is missing.
  const { endBytes } = segments[0]!.content!;
  for (let at = 0; at < endBytes; at += 7) {
    const vfs = diskWith(FIRST_SEGMENT, flipped(FIRST_SEGMENT, at));
    const report = await inspectDirectory(PATH, { vfs });
    const [found] = report.segments;
    const isKnown = ["damaged", "mended"].includes(found!.condition) && found!.damage !== null;
    assert(isKnown, `byte ${at}`);
    if (report.outlook.kind === "opens") {
      assertEquals(report.isDamaged, report.outlook.lost.length > 0, `byte ${at}`);
    } else assert(report.isDamaged, `byte ${at}`);
    await dumpOf(vfs);
  }
});

Deno.test("a damaged snapshot is damage though an older one would do, and an older one as well", async () => {
  for (const name of [OLDER, NEWER]) {
    const vfs = diskWith(name, flipped(name, contentOf(name).length - 1));
    const report = await inspectDirectory(PATH, { vfs });
    assertEquals([report.isDamaged, report.outlook.kind], [true, "opens"]);
    const found = report.snapshots.find((snapshot) => snapshot.name === name);
    assertEquals(found?.condition, "damaged");
  }
});

Deno.test("a directory is looked into while its node has it open and writes", async () => {
  const vfs = diskWith("", null);
  const store = await openStore(PATH, { ...IDENTITY, vfs, segmentBytesMax: 700 });
  const before = await inspectDirectory(PATH, { vfs });
  await store.append(batchOf(entriesOf(4, { first: 34, last: 60 })));
  const after = await inspectDirectory(PATH, { vfs });
  for (const { isDamaged, outlook } of [before, after]) {
    assertEquals([isDamaged, outlook.kind], [false, "opens"]);
  }
  assertEquals(after.otherNames, []);
  await store.append(batchOf(entriesOf(4, { first: 61, last: 61 })));
  await store.close();
});

Deno.test("rot in the blank room behind a seal takes nothing, and keeps no node from starting", async () => {
  const { segments } = await inspectDirectory(PATH, { vfs: diskWith("", null) });
  let blank = 0;
  for (const { name, sizeBytes, content } of segments.slice(0, -1)) {
    for (let at = content!.endBytes + SEAL_BYTES; at < sizeBytes; at++) {
      blank++;
      const vfs = diskWith(name, flipped(name, at));
      const report = await inspectDirectory(PATH, { vfs });
      const found = report.segments.find((segment) => segment.name === name)!;
      assertEquals([report.isDamaged, found.condition], [false, "mended"], `byte ${at}`);
      assertEquals(found.damage?.offsetBytes, at);
      const store = await openStore(PATH, { ...IDENTITY, vfs });
      assertEquals(differenceOfLogs(WHOLE.model, store.recovered), null, `byte ${at}`);
      await store.close();
    }
  }
  assert(blank > 0, "there is such room");
});

Deno.test("blank room that a node fills while it is read shows no gap", async () => {
  for (const look of [isSeenDamaged, isDumpedDamaged]) {
    const vfs = diskWith("", null);
    const store = await openStore(PATH, { ...IDENTITY, vfs });
    await store.append(batchOf(entriesOf(4, { first: 34, last: 34 })));
    const { length } = vfs.readFile(PATH, LAST_SEGMENT);
    let index = 35;
    const appendTwo = async () => {
      for (const last = index + 1; index <= last; index++) {
        await store.append(batchOf(entriesOf(4, { first: index, last: index })));
      }
    };
    assertEquals(await look(readingSlowly(vfs, appendTwo)), false);
    assert(index > 35, "written meanwhile");
    assertEquals(vfs.readFile(PATH, LAST_SEGMENT).length, length, "into the blank room");
    await store.close();
  }
});

async function isSeenDamaged(vfs: Vfs): Promise<boolean> {
  return (await inspectDirectory(PATH, { vfs })).isDamaged;
}

async function isDumpedDamaged(vfs: Vfs): Promise<boolean> {
  const items = await Array.fromAsync(dumpDirectory(PATH, { vfs }));
  return items.some((item) => item.kind === "segment" && item.report.condition === "damaged");
}

/** The same disk; each reading that comes past what the last segment holds is held up there. */
function readingSlowly(disk: MemoryVfs, meanwhile: () => Promise<void>): Vfs {
  const openDirectory = async (path: string) => {
    const directory = (await disk.openDirectory(path))!;
    const open = directory.open.bind(directory);
    directory.open = async (name, mode) => {
      const file = await open(name, mode);
      const readAt = file.readAt.bind(file);
      if (name !== LAST_SEGMENT) return file;
      file.readAt = async (offsetBytes, target) => {
        const writtenBytes = disk.writtenBytes(path, name);
        const before = target.subarray(0, Math.max(0, writtenBytes + 10 - offsetBytes));
        const count = await readAt(offsetBytes, before);
        if (before.length === target.length) return count;
        await meanwhile();
        return count + await readAt(offsetBytes + count, target.subarray(count));
      };
      return file;
    };
    return directory;
  };
  return { openDirectory, createDirectory: (path) => disk.createDirectory(path) };
}

/** A seal and its commit. */
const SEAL_BYTES = 48;

Deno.test("files that come and go between two looks are no damage", async () => {
  const vfs = diskWith("", null);
  const store = await openStore(PATH, { ...IDENTITY, vfs, segmentBytesMax: 700 });
  let index = 34;
  let appended = Promise.resolve();
  const report = await inspectDirectory(PATH, {
    vfs,
    // A node that rotates its log in the middle of the first reading.
    onProgress: () => {
      if (index < 70) {
        const first = index;
        index += 12;
        const batch = batchOf(entriesOf(4, { first, last: index - 1 }));
        appended = appended.then(() => store.append(batch));
      }
    },
  });
  assertEquals([report.isDamaged, report.outlook.kind], [false, "opens"]);
  await appended;
  assert(index > 70 - 12);
});

Deno.test("an empty directory would begin a log, and one that is not there is said to be missing", async () => {
  const vfs = new MemoryVfs();
  await assertRejects(
    () => inspectDirectory(PATH, { vfs }),
    DirectoryUnusableError,
    "There is no such directory",
  );
  await vfs.createDirectory(PATH);
  assertEquals((await inspectDirectory(PATH, { vfs })).outlook.kind, "empty");
  assertEquals(await dumpOf(vfs), []);
});

Deno.test("snapshots without a log are refused, as they are when the directory is opened", async () => {
  const vfs = new MemoryVfs();
  vfs.writeFile(PATH, { name: NEWER, bytes: contentOf(NEWER) });
  const { outlook, isDamaged } = await inspectDirectory(PATH, { vfs });
  assert(outlook.kind === "refused" && isDamaged);
  assertEquals(
    outlook.error.message,
    `Cannot open "${PATH}": It holds snapshots but no log; the node may have forgotten what it ` +
      "promised and must be replaced",
  );
});

Deno.test("an incarnation without a log is refused, and one with a log is no stranger", async () => {
  const bytes = new TextEncoder().encode(`${"0".repeat(32)}\n`);
  const vfs = new MemoryVfs();
  vfs.writeFile(PATH, { name: "incarnation", bytes });
  const { outlook, isDamaged } = await inspectDirectory(PATH, { vfs });
  assert(outlook.kind === "refused" && isDamaged);
  const whole = diskWith("", null);
  whole.writeFile(PATH, { name: "incarnation", bytes });
  assertEquals((await inspectDirectory(PATH, { vfs: whole })).otherNames, []);
});
