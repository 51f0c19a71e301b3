import { assert, assertEquals, assertThrows } from "@std/assert";
import { DecodeError } from "@raftkv/core/codec";
import { encodeCommand, KEY_FIRST, keyFromBytes, KvStateMachine } from "@raftkv/core/kv";
import { pcg32 } from "../../../core/random.ts";
import { Draw } from "../codec/random_message.ts";
import { bytesOfText, del, joined, keyOf, Log, put, restored, snapshotBytes } from "./apply.ts";

const EVERYTHING = { start: KEY_FIRST, end: null, limit: 100_000, bytesMax: 1e9 };

// [S-7]
Deno.test("a restored machine is in the same state, and goes on in the same way", () => {
  const { machine, log, session } = busyMachine(1);
  const twin = restored(snapshotBytes(machine));
  assertEquals(twin.revision, machine.revision);
  assertEquals(twin.size, machine.size);
  assertEquals(twin.stateHash, machine.stateHash);
  assertEquals(twin.range(EVERYTHING), machine.range(EVERYTHING));
  for (let i = 0; i < 300; i++) {
    const operations = [put(`k${i * 11}`, "new"), del(`k${i * 11 + 1}`)];
    const named = { once: { session, sequence: 40 + i } };
    const name = i % 2 === 0 ? {} : named;
    const entry = log.entry(encodeCommand({ kind: "commit", ...name, operations }));
    assertEquals(twin.apply(entry), machine.apply(entry));
  }
  assertEquals(snapshotBytes(twin), snapshotBytes(machine));
});

Deno.test("replicas in equal states write equal slices, however they came to them", () => {
  const grown = busyMachine(2).machine;
  const installed = restored(snapshotBytes(grown));
  assertEquals([...installed.snapshot()], [...grown.snapshot()]);
});

Deno.test("a snapshot holds the moment it was taken, though it is written later", () => {
  const { machine, log, session } = busyMachine(3);
  for (let sequence = 201; sequence <= 264; sequence++) log.send(machine, session, sequence);
  const before = snapshotBytes(machine);
  const taken = machine.snapshot();
  const slices: Uint8Array[] = [];
  log.commit(machine, put("k0", "later"));
  for (const slice of taken) {
    slices.push(slice);
    for (let i = 0; i < 50; i++) {
      log.commit(machine, put(`k${i * 7}`, "later"), del(`k${i * 7 + 1}`));
    }
    log.send(machine, session, 300 + slices.length);
    log.open(machine);
  }
  assertEquals(joined(slices), before);
});

Deno.test("slices are of about 64 KiB, whatever the values", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  const value = new Uint8Array(300_000);
  for (let i = 0; i < 400; i++) log.commit(machine, put(`small${i}`, "x".repeat(1_000)));
  for (let i = 0; i < 4; i++) {
    const key = keyFromBytes(Uint8Array.of(i));
    log.commit(machine, { kind: "put", key, value, encoding: "bytes" });
  }
  const slices = [...machine.snapshot()];
  assert(slices.length > 10);
  for (const slice of slices) assert(slice.length < 65_536 + value.length + 100);
  assertEquals(restored(joined(slices)).range(EVERYTHING), machine.range(EVERYTHING));
});

Deno.test("a frame of small records has the one buffer that it was begun with", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  for (let i = 0; i < 400; i++) log.commit(machine, put(`k${i}`, "x".repeat(1_000)));
  const slices = [...machine.snapshot()];
  assert(slices.length > 6, `${slices.length}`);
  for (const { buffer } of slices) assert(buffer.byteLength < 70_000, `${buffer.byteLength}`);
});

Deno.test("a snapshot may arrive in slices of any size", () => {
  const { machine } = busyMachine(4);
  const bytes = snapshotBytes(machine);
  for (const size of [1, 2, 3, 7, 1_000, 65_535, 65_536, 1_048_576]) {
    const twin = new KvStateMachine();
    const restorer = twin.restorer();
    for (let at = 0; at < bytes.length; at += size) restorer.push(bytes.slice(at, at + size));
    restorer.finish();
    assertEquals(twin.stateHash, machine.stateHash);
    assertEquals(twin.range(EVERYTHING), machine.range(EVERYTHING));
  }
});

Deno.test("a snapshot cut short anywhere is refused, and the old state stays", () => {
  const bytes = snapshotBytes(smallMachine());
  const old = new KvStateMachine();
  new Log().commit(old, put("old", "state"));
  const hash = old.stateHash;
  for (let size = 0; size < bytes.length; size++) {
    const restorer = old.restorer();
    assertThrows(() => {
      restorer.push(bytes.subarray(0, size));
      restorer.finish();
    }, DecodeError);
    assertEquals(old.stateHash, hash);
  }
  assertEquals(old.get(keyOf("old"))?.value, bytesOfText("state"));
});

Deno.test("a snapshot with any one bit flipped, or with bytes after it, is refused", () => {
  const bytes = snapshotBytes(smallMachine());
  const old = new KvStateMachine();
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const damaged = bytes.slice();
    damaged[bit >>> 3]! ^= 1 << (bit & 7);
    assertThrows(() => restoreInto(old, damaged), DecodeError);
  }
  assertThrows(() => restoreInto(old, Uint8Array.of(...bytes, 0)), DecodeError);
  assertThrows(() => restoreInto(old, joined([bytes, bytes])), DecodeError);
  assertEquals(old.revision, 1);
});

Deno.test("a snapshot whose frames are dropped, doubled or swapped is refused", () => {
  const slices = [...busyMachine(6).machine.snapshot()];
  assert(slices.length >= 4);
  const old = new KvStateMachine();
  for (let i = 0; i < slices.length; i++) {
    const dropped = slices.toSpliced(i, 1);
    const doubled = slices.toSpliced(i, 0, slices[i]!);
    assertThrows(() => restoreInto(old, joined(dropped)), DecodeError);
    assertThrows(() => restoreInto(old, joined(doubled)), DecodeError);
    if (i === 0) continue;
    const swapped = slices.toSpliced(i - 1, 2, slices[i]!, slices[i - 1]!);
    assertThrows(() => restoreInto(old, joined(swapped)), DecodeError);
  }
});

Deno.test("a frame that claims to be huge is refused before room is made for it", () => {
  for (const size of [0, 2_000_000, 0xffff_ffff]) {
    const length = Uint8Array.of(size, size >>> 8, size >>> 16, size >>> 24);
    assertThrows(() => new KvStateMachine().restorer().push(length), DecodeError);
  }
});

Deno.test("a view taken before a restore keeps showing the old state", () => {
  const machine = smallMachine();
  const view = machine.view();
  const records = view.range(EVERYTHING).records;
  restoreInto(machine, snapshotBytes(new KvStateMachine()));
  assertEquals(machine.size, 0);
  assertEquals(view.range(EVERYTHING).records, records);
});

function restoreInto(machine: KvStateMachine, bytes: Uint8Array): void {
  const restorer = machine.restorer();
  restorer.push(bytes);
  restorer.finish();
}

/** Some of everything, in a few hundred bytes. */
function smallMachine(): KvStateMachine {
  const machine = new KvStateMachine();
  const log = new Log();
  const session = log.open(machine);
  log.send(machine, session, 1);
  log.send(machine, session, 3);
  log.sendKey(machine, "key", "4");
  log.commit(machine, put("a", "1"), put("b", "2"));
  log.commit(machine, put("a", "3"), del("b"));
  return machine;
}

/** Thousands of records and dozens of sessions, in several slices. */
function busyMachine(seed: number): { machine: KvStateMachine; log: Log; session: number } {
  const draw = new Draw(pcg32(seed));
  const machine = new KvStateMachine();
  const log = new Log();
  const sessions = Array.from({ length: 50 }, () => log.open(machine));
  for (let i = 0; i < 3_000; i++) {
    log.timeMs += draw.upTo(10);
    const key = `k${draw.upTo(2_000)}`;
    if (draw.upTo(3) === 0) log.commit(machine, del(key));
    else log.commit(machine, put(key, "v".repeat(draw.upTo(200))));
    if (draw.upTo(3) === 0) log.send(machine, draw.oneOf(sessions), 1 + draw.upTo(200));
    if (draw.upTo(3) === 0) log.sendKey(machine, `key-${draw.upTo(500)}`, "n");
  }
  return { machine, log, session: sessions[0]! };
}
