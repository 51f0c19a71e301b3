// How much one entry may do: counted, not timed, so that it holds on a loaded machine.

import { assert, assertEquals } from "@std/assert";
import { LIMITS } from "@raftkv/core";
import {
  type Branches,
  type Compare,
  KEY_FIRST,
  keyAfter,
  keyFromText,
  KvStateMachine,
  type Operation,
  WatchCursor,
} from "@raftkv/core/kv";
import { keyOf, Log, put, restored, snapshotBytes } from "./apply.ts";

const KEYS = 4_096;

function keyAt(at: number): string {
  return `k${String(at).padStart(4, "0")}`;
}

/** Thousands of keys, put in commits of the largest size. */
function filled(log: Log, count = KEYS): KvStateMachine {
  const machine = new KvStateMachine();
  const { commitOperationsMax } = LIMITS;
  for (let from = 0; from < count; from += commitOperationsMax) {
    const size = Math.min(commitOperationsMax, count - from);
    log.commit(machine, ...Array.from({ length: size }, (_, i) => put(keyAt(from + i), "v")));
  }
  return machine;
}

const EVERYTHING: Operation = { kind: "delete_range", start: KEY_FIRST, end: null };

Deno.test("what a compaction leaves to sweep goes 64 keys an entry, also of a single revision", () => {
  const log = new Log();
  const machine = filled(log);
  log.commit(machine, EVERYTHING);
  log.apply(machine, { kind: "compact", revision: machine.revision });
  for (let entries = 1; machine.pastSize > 0; entries++) {
    const before = machine.pastSize;
    log.commit(machine);
    assert(before - machine.pastSize <= 64, `${before - machine.pastSize} went at once`);
    assert(entries < 3 * KEYS / 64, "it does not end");
  }
});

Deno.test("a maintaining entry sweeps 1,024 keys at the most", () => {
  const log = new Log();
  const machine = filled(log);
  log.commit(machine, EVERYTHING);
  log.apply(machine, { kind: "compact", revision: machine.revision });
  for (let entries = 1; machine.pastSize > 0; entries++) {
    const before = machine.pastSize;
    log.apply(machine, { kind: "maintain", compactRevision: 0 });
    assert(before - machine.pastSize <= 1_024, `${before - machine.pastSize} went at once`);
    assert(entries < 12, "it does not end");
  }
});

Deno.test("a machine restored in the middle of a revision's sweep goes on like the others", () => {
  const log = new Log();
  let machine = filled(log, 1_000);
  // Some of the keys live on in the revision that is swept, some were new in it, some ended.
  log.commit(machine, ...Array.from({ length: 60 }, (_, i) => put(keyAt(i * 16), "w")));
  log.commit(machine, { kind: "delete_range", start: keyOf("k03"), end: keyOf("k06") });
  log.commit(machine, EVERYTHING);
  log.commit(machine, put("new", "1"), put(keyAt(5), "2"));
  log.apply(machine, { kind: "compact", revision: machine.revision });
  for (let entry = 0; entry < 60; entry++) {
    const twin = restored(snapshotBytes(machine));
    const next = log.entry(new Uint8Array());
    machine.apply(next);
    twin.apply(next);
    assertEquals(snapshotBytes(twin), snapshotBytes(machine), `entry ${entry}`);
    machine = twin;
  }
  assertEquals(machine.pastSize, 0);
});

Deno.test("the answer to a commit has 2,048 records at the most, however small they are", () => {
  const log = new Log();
  const machine = filled(log);
  const range = (limit: number): Operation => ({
    kind: "range",
    start: KEY_FIRST,
    end: null,
    limit,
    descending: false,
    keysOnly: true,
    countOnly: false,
  });
  const refused = { kind: "refused", reason: "range_too_large" } as const;
  const apply = (...operations: Operation[]) => log.apply(machine, { kind: "commit", operations });
  assertEquals(apply(range(1_000), range(1_000), range(48)).kind, "committed");
  assertEquals(apply(range(1_000), range(1_000), range(49)), refused);
  assertEquals(apply({ ...EVERYTHING, prevKv: true }), refused);
  const end = keyFromText(keyAt(LIMITS.commitAnswerRecordsMax))!;
  assertEquals(apply({ ...EVERYTHING, end, prevKv: true }).kind, "committed");
  assertEquals(apply(EVERYTHING).kind, "committed");
});

Deno.test("a page of the past looks at 1,024 keys at the most", () => {
  const log = new Log();
  const machine = filled(log);
  const { revision } = machine;
  log.commit(machine, EVERYTHING);
  const request = { start: KEY_FIRST, end: null, limit: 10_000, bytesMax: 1e9 };
  for (const descending of [false, true]) {
    assertEquals(machine.range({ ...request, revision, descending }).records.length, 1_024);
    const empty = machine.range({ ...request, revision: revision - 32, descending });
    assert(empty.next !== null);
  }
});

/** A key of the largest size. */
function longKeyAt(at: number): string {
  return String(at).padEnd(LIMITS.keyBytesMax, "k");
}

Deno.test("keys of the largest size are deleted 256 at once, and 256 hang on a lease", () => {
  const most = LIMITS.commitRangeKeyBytesMax / LIMITS.keyBytesMax;
  assertEquals([most, LIMITS.leaseKeyBytesMax / LIMITS.keyBytesMax], [256, 256]);
  const log = new Log();
  const machine = new KvStateMachine();
  const apply = (...operations: Operation[]) => log.apply(machine, { kind: "commit", operations });
  log.apply(machine, { kind: "lease_grant", lease: 7, ttlMs: 1_000 });
  const puts = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => ({ ...put(longKeyAt(from + i), "v"), lease: 7 }));
  for (let from = 0; from < most; from += 128) apply(...puts(from, 128));
  const full = { kind: "refused", reason: "lease_full" } as const;
  assertEquals(apply(...puts(most, 1)), full);
  // Those that hang on it already take no room again.
  assertEquals(apply(...puts(0, 128)).kind, "committed");
  const { lease: _, ...free } = puts(most, 1)[0]!;
  assertEquals(apply(free).kind, "committed");
  const refused = { kind: "refused", reason: "range_too_large" } as const;
  assertEquals(apply(EVERYTHING), refused);
  const [left, right] = [{ ...EVERYTHING, end: keyOf("3") }, { ...EVERYTHING, start: keyOf("3") }];
  assertEquals(apply(left, right), refused);
  assertEquals(machine.size, most + 1);
  assertEquals(apply({ kind: "delete", key: keyOf(longKeyAt(0)) }).kind, "committed");
  assertEquals(apply(...puts(600, 1)).kind, "committed");
  assertEquals(apply(...puts(601, 1)), full);
  assertEquals(apply({ kind: "delete", key: keyOf(longKeyAt(1)) }, EVERYTHING).kind, "refused");
  assertEquals(apply(right).kind, "committed");
  assertEquals(apply(left).kind, "committed");
});

Deno.test("a watch looks at so many revisions and keys of the past at once, whatever it is to tell", () => {
  const log = new Log();
  const machine = new KvStateMachine();
  for (let left = 1_000; left > 0; left--) log.commit(machine, put("other", "v"));
  const range = { start: keyOf("watched"), end: keyOf("watchee") };
  for (let round = 0; round < 3; round++) {
    for (let at = 0; at < 2_048; at += 128) {
      log.commit(machine, ...Array.from({ length: 128 }, (_, i) => put(keyAt(at + i), "v")));
    }
    log.commit(machine, EVERYTHING);
  }
  log.commit(machine, put("watched", "v"));
  const cursor = new WatchCursor({ ...range, kinds: ["put"] }, 2);
  const looks: number[] = [];
  for (let notice = null; notice === null;) {
    const before = cursor.next;
    notice = cursor.take(machine, 256);
    looks.push(cursor.next - before);
  }
  // One key each, then 128 each or thousands.
  assertEquals(Math.max(...looks), 128);
  assert(looks.length >= 1_000 / 128 + 3 * 16 / 2, `${looks.length} looks`);
  assertEquals(cursor.next, machine.revision + 1);
});

/** How many bytes are copied out of arrays while something is done. */
function copiedBytes(act: () => void): number {
  const { slice } = Uint8Array.prototype;
  let bytes = 0;
  Uint8Array.prototype.slice = function (...bounds) {
    const copy = slice.apply(this, bounds);
    bytes += copy.length;
    return copy;
  };
  try {
    act();
  } finally {
    Uint8Array.prototype.slice = slice;
  }
  return bytes;
}

Deno.test("of values that are too many for an answer, or for a watch, only the first are copied", () => {
  const log = new Log();
  const machine = new KvStateMachine();
  for (let at = 0; at < 12; at++) log.commit(machine, put(keyAt(at), "v".repeat(1_000_000)));
  const asked = { ...EVERYTHING, prevKv: true } as const;
  const copied = copiedBytes(() => {
    const refused = { kind: "refused", reason: "range_too_large" } as const;
    assertEquals(log.apply(machine, { kind: "commit", operations: [asked] }), refused);
  });
  assert(copied <= 3_000_000, `${copied} bytes for a refusal`);
  log.commit(machine, EVERYTHING);
  const told = copiedBytes(() => void [...machine.eventsAt(machine.revision, () => true)]);
  assert(told <= 2_000_000, `${told} bytes for a watch`);
});

Deno.test("one commit compares 4,096 keys and 4 MiB of values at the most, however it is nested", () => {
  const log = new Log();
  const machine = filled(log);
  const value = (sizeBytes: number): Compare => ({
    start: KEY_FIRST,
    end: null,
    target: "value",
    relation: "=",
    operand: new Uint8Array(sizeBytes),
  });
  const version: Compare = { ...value(0), target: "version", relation: ">", operand: 0 };
  const apply = (branches: Branches) => log.apply(machine, { kind: "commit", ...branches }).kind;
  const of = (...compares: Compare[]): Branches => ({ compares, operations: [] });
  assertEquals(apply(of(version)), "committed");
  assertEquals(apply(of(version, { ...version, end: keyOf("k0001") })), "refused");
  const nested: Operation = { kind: "commit", ...of({ ...version, end: keyOf("k0001") }) };
  assertEquals(apply({ ...of(version), operations: [nested] }), "refused");
  assertEquals(apply(of(value(1_024))), "committed");
  assertEquals(apply(of(value(1_025))), "refused");
  // Of single keys, as many as a request can carry.
  const single = { ...value(10_000), end: keyAfter(KEY_FIRST) };
  assertEquals(apply(of(...Array.from({ length: 128 }, () => single))), "committed");
});

Deno.test("large values are compared where they lie", () => {
  const log = new Log();
  const machine = new KvStateMachine();
  for (let at = 0; at < 4; at++) log.commit(machine, put(keyAt(at), "v".repeat(1_000_000)));
  const compares: Compare[] = (["<", "!=", "="] as const).map((relation) => ({
    start: KEY_FIRST,
    end: null,
    target: "value",
    relation,
    operand: new TextEncoder().encode(relation === "=" ? "v" : "w"),
  }));
  const apply = (compare: Compare) => {
    const result = log.apply(machine, { kind: "commit", compares: [compare], operations: [] });
    return result.kind === "committed" && result.succeeded;
  };
  const copied = copiedBytes(() => assertEquals(compares.map(apply), [true, true, false]));
  assert(copied < 1_000, `${copied} bytes`);
});
