// Every byte of every file, damaged in every way that disks and people damage files: the store
// recovers all there was, or all but entries that it names as lost and takes back when it is given
// them, or refuses. The one exception is written down in storage/FORMAT.md: damage that takes the last
// commit with it cannot be told from a torn write.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { type DurableState, isLost, type NodeId } from "@raftkv/core/raft";
import { CorruptLogError, IdentityMismatchError, UnsupportedFormatError } from "@raftkv/storage";
import type { MemoryVfs } from "@raftkv/storage/memory";
import { batchOf } from "../../storage/testing/fixtures.ts";
import {
  diskWith,
  HISTORY,
  LAST_SEGMENT,
  lastSegmentOf,
  liveAs,
  type Moment,
  WHOLE,
} from "./sound_directory.ts";
import { writtenBytesOf } from "../support/written_bytes.ts";
import { differenceOfLogs, IDENTITY, openOn } from "./workload.ts";

const BLOCK_BYTES = 64;

/** What happens to the bytes at a place. */
const DAMAGE: Readonly<Record<string, (bytes: Uint8Array, at: number) => Uint8Array>> = {
  "a flipped bit": (bytes, at) => with1(bytes, at, bytes[at]! ^ (1 << (at % 8))),
  "a byte 0x00": (bytes, at) => with1(bytes, at, 0x00),
  "a byte 0xff": (bytes, at) => with1(bytes, at, 0xff),
  "an end": (bytes, at) => bytes.slice(0, at),
  "a blank block": (bytes, at) => bytes.slice().fill(0, at, at + BLOCK_BYTES),
  "a block twice": (bytes, at) => joined(bytes.subarray(0, at + BLOCK_BYTES), bytes.subarray(at)),
  "a stale block": (bytes, at) =>
    bytes.slice().copyWithin(at, Math.max(0, at - BLOCK_BYTES), Math.max(0, at)),
  "two blocks swapped": (bytes, at) =>
    joined(
      bytes.subarray(0, at),
      bytes.subarray(at + BLOCK_BYTES, at + 2 * BLOCK_BYTES),
      bytes.subarray(at, at + BLOCK_BYTES),
      bytes.subarray(at + 2 * BLOCK_BYTES),
    ),
};

for (const [what, damage] of Object.entries(DAMAGE)) {
  Deno.test(`${what}, anywhere, is found or harmless`, async () => {
    const isOneByte = what.startsWith("a byte") || what.startsWith("a flipped");
    let refused = 0;
    let repaired = 0;
    for (const { name, bytes } of WHOLE.files) {
      for (let at = 0; at < bytes.length; at++) {
        const damaged = damage(bytes, at);
        if (isEqual(damaged, bytes)) continue;
        const vfs = diskWith(name, damaged);
        const recovered = await tryOpen(vfs);
        // A damaged snapshot is no reason to refuse: the log reaches back to the older one. Of a whole
        // block nobody can tell whether a later release wrote it.
        const mayRefuse = name.startsWith("wal") || (!isOneByte && isOfLaterRelease(damaged));
        assert(recovered !== null || mayRefuse, `${what} in ${name} at ${at}: refused`);
        const where = `${what} in ${name} at ${at}`;
        if (recovered === null) refused++;
        else if (recovered.entries.some(isLost)) {
          await repair(vfs, recovered, where);
          repaired++;
        } else judge(recovered, name, { bytes: damaged, where });
      }
    }
    // One byte is nearly always somebody's of whom the neighbours know.
    assert(refused > 100 && (!isOneByte || repaired > 800), `${refused}, ${repaired} repaired`);
  });
}

Deno.test("a lost segment is found, unless the snapshots cover all that was in it", async () => {
  const segments = WHOLE.files.filter(({ name }) => name.startsWith("wal"));
  assert(segments.length > 2);
  for (const [place, { name }] of segments.entries()) {
    const recovered = await tryOpen(diskWith(name, null));
    assertEquals(recovered === null, place > 0, name);
    if (recovered !== null) assert(isAll(recovered, WHOLE), name);
  }
});

Deno.test("a lost snapshot is made up for by the log", async () => {
  for (const { name } of WHOLE.files.filter(({ name }) => name.startsWith("snapshot"))) {
    assert(isAll((await tryOpen(diskWith(name, null)))!, WHOLE), name);
  }
});

Deno.test("a file from any earlier time is found, harmless, or a last segment's own past", async () => {
  for (const { files } of HISTORY) {
    for (const { name, bytes } of files) {
      const recovered = await tryOpen(diskWith(name, bytes));
      if (recovered !== null) judge(recovered, name, { bytes, where: `an earlier ${name}` });
    }
  }
});

Deno.test("a file under the name of another of its kind is found or harmless", async () => {
  for (const { name, bytes } of WHOLE.files) {
    for (const other of WHOLE.files) {
      if (other.name === name || other.name.slice(0, 3) !== name.slice(0, 3)) continue;
      const recovered = await tryOpen(diskWith(other.name, bytes));
      if (recovered === null) continue;
      assert(other.name.startsWith("snapshot"), `${name} as ${other.name}`);
      assert(isAll(recovered, WHOLE), `${name} as ${other.name}`);
    }
  }
});

Deno.test("a file of another node or cluster is found in whatever place", async () => {
  for (const owner of [{ clusterId: "cluster-2" }, { nodeId: "n2" as NodeId }]) {
    const { files } = (await liveAs({ ...IDENTITY, ...owner })).at(-1)!;
    assertEquals(files.map(({ name }) => name), WHOLE.files.map(({ name }) => name));
    for (const { name, bytes } of files) {
      await assertRejects(() => openOn(diskWith(name, bytes)), IdentityMismatchError, name);
    }
  }
});

/** Gives back the entries that are lost: then, and at the next start, everything is there. */
async function repair(vfs: MemoryVfs, recovered: DurableState, where: string): Promise<void> {
  const { entries, hardState } = WHOLE.model;
  assertEquals(recovered.hardState, hardState, where);
  const lost = recovered.entries.filter(isLost);
  const repairs = lost.map(({ index, term }) => {
    const entry = entries.find((entry) => entry.index === index);
    assert(entry?.term === term, `${where}: entry ${index} was never of term ${term}`);
    return entry;
  });
  const store = await openOn(vfs);
  await store.append({ ...batchOf([]), repairs });
  await store.close();
  assert(isAll((await tryOpen(vfs))!, WHOLE), `${where}: something is missing after the repair`);
}

/** What may be recovered in spite of damage to one file. */
function judge(
  recovered: DurableState,
  name: string,
  { bytes, where }: { readonly bytes: Uint8Array; readonly where: string },
): void {
  if (isAll(recovered, WHOLE)) return;
  assertEquals(name, LAST_SEGMENT, `${where}: something is missing`);
  const original = lastSegmentOf(WHOLE).bytes;
  const lastBatchBytes = writtenBytesOf(lastSegmentOf(HISTORY.at(-2)!).bytes);
  const { first, last } = differenceOf(original, bytes);
  assert(last >= lastBatchBytes, `${where}: the last commit, whole, said that this was durable`);
  const intact = HISTORY.findLast((moment) => {
    const segment = lastSegmentOf(moment);
    return segment.name !== LAST_SEGMENT || writtenBytesOf(segment.bytes) <= first;
  })!;
  assert(isAll(recovered, intact), `${where}: a whole batch before the damage is missing`);
}

/** Whether the format version in a file's header is not 1. */
function isOfLaterRelease(bytes: Uint8Array): boolean {
  return bytes.length > 11 && bytes.subarray(8, 12).join() !== "1,0,0,0";
}

/** The first and the last byte that differ; a file of another size differs up to its end. */
function differenceOf(a: Uint8Array, b: Uint8Array): { first: number; last: number } {
  const size = Math.max(a.length, b.length);
  let first = 0;
  while (first < size && a[first] === b[first]) first++;
  let last = size - 1;
  while (last > first && a[last] === b[last]) last--;
  return { first, last };
}

function isAll(recovered: DurableState, { model }: Moment): boolean {
  return JSON.stringify(recovered.hardState) === JSON.stringify(model.hardState) &&
    differenceOfLogs(model, recovered) === null;
}

/** The state or null if the store refuses with one of its own errors. */
async function tryOpen(vfs: MemoryVfs): Promise<DurableState | null> {
  try {
    const store = await openOn(vfs);
    const { recovered } = store;
    await store.close();
    return recovered;
  } catch (error) {
    const isOwn = error instanceof CorruptLogError || error instanceof UnsupportedFormatError;
    assert(isOwn, String(error));
    return null;
  }
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

function with1(bytes: Uint8Array, at: number, byte: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = byte;
  return copy;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
