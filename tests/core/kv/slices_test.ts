// How much one entry may do: counted, not timed, so that it holds on a loaded machine.

import { assert, assertEquals } from "@std/assert";
import { LIMITS } from "@raftkv/core";
import { KEY_FIRST, keyFromText, KvStateMachine, type Operation } from "@raftkv/core/kv";
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
