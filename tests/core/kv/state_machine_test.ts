import { assert, assertEquals, assertThrows } from "@std/assert";
import { InvariantViolation } from "@raftkv/core";
import {
  type DeleteOperation,
  encodeCommand,
  type Key,
  KEY_FIRST,
  KvStateMachine,
  type Operation,
  type OperationResult,
  type PutOperation,
  type RangeRequest,
} from "@raftkv/core/kv";
import type { KvReader, KvRecord } from "@raftkv/core/kv";
import { pcg32 } from "../../../core/random.ts";
import { Draw } from "../codec/random_message.ts";
import { bytesOfText, del, keyOf, Log, put } from "./apply.ts";

const EVERYTHING: RangeRequest = { start: KEY_FIRST, end: null, limit: 10_000, bytesMax: 1e9 };

Deno.test("an empty store is at revision 1, and each commit takes one revision", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  assertEquals(machine.revision, 1);
  assertEquals(log.commit(machine, put("a", "1"), put("b", "1")).revision, 2);
  assertEquals(log.commit(machine).revision, 3);
  assertEquals(log.commit(machine, del("missing")).revision, 4);
  log.open(machine);
  assertEquals(machine.revision, 4);
});

Deno.test("a record counts its versions, and starts again after it was deleted", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  log.commit(machine, put("a", "1"));
  const answer = { kind: "put", createRevision: 2, modRevision: 3, version: 2 } as const;
  assertEquals(log.commit(machine, put("a", "2")).results, [answer]);
  assertEquals(machine.get(keyOf("a")), {
    key: keyOf("a"),
    value: bytesOfText("2"),
    encoding: "text",
    createRevision: 2,
    modRevision: 3,
    version: 2,
  });
  assertEquals(log.commit(machine, del("a")).results, [{ kind: "delete", deleted: 1 }]);
  assertEquals(log.commit(machine, del("a")).results, [{ kind: "delete", deleted: 0 }]);
  const reborn = { kind: "put", createRevision: 6, modRevision: 6, version: 1 } as const;
  assertEquals(log.commit(machine, put("a", "3")).results, [reborn]);
});

Deno.test("the store does what a plain map does, over random commits", () => {
  const draw = new Draw(pcg32(31));
  const machine = new KvStateMachine();
  const log = new Log();
  const twin = new Map<Key, KvRecord>();
  for (let i = 0; i < 5_000; i++) {
    const operations = drawOperations(draw);
    const { revision, results } = log.commit(machine, ...operations);
    assertEquals(revision, i + 2);
    assertEquals(results, operations.map((operation) => onTwin(twin, operation, revision)));
    if (i % 250 === 0) {
      const records = [...twin.values()].sort((a, b) => a.key < b.key ? -1 : 1);
      assertEquals(machine.range(EVERYTHING), { records, next: null });
      assertEquals(machine.size, twin.size);
    }
  }
});

Deno.test("a payload that is no command is refused, and changes nothing but the digest", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  log.commit(machine, put("a", "1"));
  const good = encodeCommand({ kind: "commit", operations: [put("a", "2")] });
  const hash = machine.stateHash;
  for (const payload of [new Uint8Array(), good.subarray(0, -1), Uint8Array.of(9, ...good)]) {
    const result = machine.apply(log.entry(payload));
    assertEquals(result, { kind: "refused", reason: "malformed" });
  }
  assertEquals(machine.revision, 2);
  assertEquals(machine.get(keyOf("a"))?.value, bytesOfText("1"));
  assert(machine.stateHash !== hash);
});

Deno.test("an entry out of order, or one that is no command, breaks an invariant", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  const first = log.entry(encodeCommand({ kind: "open_session" }));
  machine.apply(log.entry(first.payload));
  assertThrows(() => machine.apply(first), InvariantViolation);
  const noop = { ...log.entry(new Uint8Array()), kind: "noop" } as const;
  assertThrows(() => machine.apply(noop), InvariantViolation);
});

Deno.test("a record keeps its value when the entry's buffer is overwritten", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  const entry = log.entry(
    encodeCommand({ kind: "commit", operations: [put("a", "value")] }),
  );
  machine.apply(entry);
  entry.payload.fill(0);
  assertEquals(machine.get(keyOf("a"))?.value, bytesOfText("value"));
});

Deno.test("a view shows its revision for as long as it is held", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  for (let i = 0; i < 500; i++) log.commit(machine, put(`k${i}`, "old"));
  const view: KvReader = machine.view();
  for (let i = 0; i < 500; i += 2) log.commit(machine, put(`k${i}`, "new"), del(`k${i + 1}`));
  assertEquals(view.revision, 501);
  assertEquals(view.size, 500);
  assertEquals(view.get(keyOf("k1"))?.value, bytesOfText("old"));
  for (const { value } of view.range(EVERYTHING).records) assertEquals(value, bytesOfText("old"));
  assertEquals(machine.get(keyOf("k1")), undefined);
});

Deno.test("pages of every size put together are the whole range", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  for (let i = 0; i < 40; i++) log.commit(machine, put(`k${String(i).padStart(2, "0")}`, "12345"));
  const whole = { ...EVERYTHING, start: keyOf("k05"), end: keyOf("k35") };
  const expected = machine.range(whole).records;
  assertEquals(expected.length, 30);
  for (const [limit, bytesMax] of [[1, 1e9], [7, 1e9], [30, 1e9], [31, 1e9], [99, 1], [99, 24]]) {
    const records: KvRecord[] = [];
    for (let after: Key | null | undefined = undefined; after !== null;) {
      const request = { ...whole, limit: limit!, bytesMax: bytesMax! };
      const page = machine.range(after === undefined ? request : { ...request, after });
      records.push(...page.records);
      assert(page.records.length > 0 && page.records.length <= limit!);
      after = page.next;
    }
    assertEquals(records, expected);
  }
});

Deno.test("a page ends with the record that brings it to its size in bytes", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  for (const key of ["a", "b", "c"]) log.commit(machine, put(key, "123456789"));
  for (const [bytesMax, count] of [[1, 1], [10, 1], [11, 2], [20, 2], [21, 3], [31, 3]]) {
    const page = machine.range({ ...EVERYTHING, bytesMax: bytesMax! });
    assertEquals([page.records.length, page.next !== null], [count, count! < 3]);
  }
});

Deno.test("a cursor before the range's start does not widen the range", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  for (const key of ["a", "b", "c"]) log.commit(machine, put(key, ""));
  const page = machine.range({ ...EVERYTHING, start: keyOf("b"), after: keyOf("a") });
  assertEquals(page.records.map(({ key }) => key), [keyOf("b"), keyOf("c")]);
});

Deno.test("equal logs give equal hashes; a difference anywhere gives another", () => {
  const run = (third: Operation, timeMs = 1_000) => {
    const machine = new KvStateMachine();
    const log = new Log();
    log.commit(machine, put("a", "1"));
    log.timeMs = timeMs;
    log.commit(machine, third);
    log.commit(machine, put("b", "1"));
    return machine.stateHash;
  };
  const hashes = [
    run(put("a", "2")),
    run(put("a", "3")),
    run(put("c", "2")),
    run(del("a")),
    run(put("a", "2"), 1_001),
  ];
  assertEquals(run(put("a", "2")), hashes[0]);
  assertEquals(new Set(hashes).size, hashes.length);
});

function drawOperations(draw: Draw): (PutOperation | DeleteOperation)[] {
  const keys = new Set(Array.from({ length: draw.upTo(3) }, () => keyOf(`k${draw.upTo(200)}`)));
  return [...keys].map((key) => {
    if (draw.upTo(2) === 0) return { kind: "delete", key };
    const encoding = draw.oneOf(["text", "json", "bytes"] as const);
    return { kind: "put", key, value: draw.bytes(20), encoding };
  });
}

function onTwin(
  twin: Map<Key, KvRecord>,
  operation: PutOperation | DeleteOperation,
  revision: number,
): OperationResult {
  if (operation.kind === "delete") {
    return { kind: "delete", deleted: twin.delete(operation.key) ? 1 : 0 };
  }
  const { key, value, encoding } = operation;
  const before = twin.get(key);
  const createRevision = before === undefined ? revision : before.createRevision;
  const version = before === undefined ? 1 : before.version + 1;
  twin.set(key, { key, value, encoding, createRevision, modRevision: revision, version });
  return { kind: "put", createRevision, modRevision: revision, version };
}
