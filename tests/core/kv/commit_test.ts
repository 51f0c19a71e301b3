import { assert, assertEquals } from "@std/assert";
import {
  type Branches,
  type Command,
  commitFault,
  decodeCommand,
  decodeResult,
  encodeCommand,
  encodeResult,
  KEY_FIRST,
  keyFromBytes,
  KvStateMachine,
  type Operation,
} from "@raftkv/core/kv";
import fc from "fast-check";
import { commit } from "../../../core/kv/commit.ts";
import { emptyState } from "../../../core/kv/state.ts";
import { bytesOfText, del, keyOf, Log, put, restored, snapshotBytes } from "./apply.ts";
import { someBranches } from "./arbitrary_commit.ts";
import { ReferenceModel } from "./reference_model.ts";

const EVERYTHING = { start: KEY_FIRST, end: null };

function increment(
  key: string,
  delta: bigint,
  bounds: { min?: bigint; max?: bigint } = {},
): Operation {
  return { kind: "increment", key: keyOf(key), delta, ...bounds };
}

function apply(machine: KvStateMachine, log: Log, branches: Branches) {
  return log.apply(machine, { kind: "commit", ...branches });
}

Deno.test("any commit does what it does to a plain map, or leaves no trace", () => {
  fc.assert(
    fc.property(fc.array(someBranches, { minLength: 1, maxLength: 25 }), (commits) => {
      const model = new ReferenceModel();
      const machine = new KvStateMachine();
      const log = new Log();
      for (const branches of commits) {
        const result = apply(machine, log, branches);
        if (commitFault(branches) !== null) {
          assertEquals(result, { kind: "refused", reason: "malformed" });
          continue;
        }
        const expected = model.commit(branches);
        if (typeof expected === "string") {
          assertEquals(result, { kind: "refused", reason: expected });
        } else {
          assertEquals(result, { kind: "committed", revision: model.revision, ...expected });
        }
        assertEquals(decodeResult(encodeResult(result)), result);
        assertEquals(machine.revision, model.revision);
      }
      for (let at = 1; at <= model.revision; at++) {
        const page = machine.range({ ...EVERYTHING, revision: at, limit: 1_000, bytesMax: 1e9 });
        assertEquals(page.records, model.range(at, EVERYTHING));
      }
      const bytes = snapshotBytes(machine);
      assertEquals(snapshotBytes(restored(bytes)), bytes);
    }),
    { numRuns: 400 },
  );
});

Deno.test("any commit comes back from its bytes", () => {
  fc.assert(fc.property(someBranches, (branches) => {
    fc.pre(commitFault(branches) === null);
    const command: Command = { kind: "commit", ...branches };
    assertEquals(decodeCommand(encodeCommand(command)), command);
  }));
});

Deno.test("a commit refused at any of its operations leaves the state as it was", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  log.commit(machine, put("a", "1"), put("b", "2"), put("c", "3"));
  log.apply(machine, { kind: "commit", operations: [increment("n", 5n)] });
  const harmless: Operation[] = [put("a", "x"), del("b"), put("new", "x"), increment("n", 1n)];
  const before = machine.view().range({ ...EVERYTHING, limit: 10, bytesMax: 1e9 });
  for (let at = 0; at <= harmless.length; at++) {
    const operations = harmless.toSpliced(at, 0, increment("c", 1n));
    const result = apply(machine, log, { operations });
    assertEquals(result, { kind: "refused", reason: "not_an_integer" });
    assertEquals(machine.range({ ...EVERYTHING, limit: 10, bytesMax: 1e9 }), before);
    assertEquals([machine.revision, machine.pastSize], [3, 0]);
  }
});

Deno.test("a refused commit leaves nothing in memory", () => {
  const state = emptyState();
  commit(state, { operations: [put("a", "1"), put("b", "2"), put("c", "3")] });
  const { liveBytes } = state.arena;
  const operations = [put("a", "x"), del("b"), put("new", "x"), increment("c", 1n)];
  for (let i = 0; i < 3; i++) {
    assertEquals(commit(state, { operations }), "not_an_integer");
    assertEquals(state.arena.liveBytes, liveBytes);
  }
});

Deno.test("a commit that was refused in a session stays refused, however late a copy of it comes", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  const once = { session: log.open(machine), sequence: 1 };
  const command: Command = {
    kind: "commit",
    once,
    operations: [increment("n", -1n, { min: 0n })],
  };
  const refusal = { kind: "refused", reason: "out_of_range" } as const;
  assertEquals(log.apply(machine, command), refusal);
  apply(machine, log, { operations: [increment("n", 3n)] });
  assertEquals(log.apply(machine, command), { ...refusal, replayed: true });
  assertEquals(machine.get(keyOf("n"))?.value, bytesOfText("3"));
  const next = log.apply(machine, { ...command, once: { ...once, sequence: 2 } });
  assertEquals(next.kind, "committed");
});

Deno.test("an increment is exact to the last of 64 bits, and refused beyond", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  const valueAfter = (delta: bigint) => {
    const result = apply(machine, log, { operations: [increment("n", delta)] });
    if (result.kind !== "committed") return result.kind === "refused" && result.reason;
    const [one] = result.results;
    return one?.kind === "increment" && one.value;
  };
  assertEquals(valueAfter(2n ** 53n), 2n ** 53n);
  assertEquals(valueAfter(1n), 2n ** 53n + 1n);
  assertEquals(valueAfter(2n ** 63n - 2n - 2n ** 53n), 2n ** 63n - 1n);
  assertEquals(machine.get(keyOf("n"))?.value, bytesOfText("9223372036854775807"));
  assertEquals(valueAfter(1n), "out_of_range");
  assertEquals(valueAfter(-(2n ** 63n)), -1n);
  assertEquals(valueAfter(-(2n ** 63n)), "out_of_range");
  assertEquals(valueAfter(-(2n ** 63n) + 1n), -(2n ** 63n));
});

Deno.test("no way through a commit writes a key twice, but two ways may write it once each", () => {
  const range = (start: string, end: string | null): Operation => ({
    kind: "delete_range",
    start: keyOf(start),
    end: end === null ? null : keyOf(end),
  });
  const nested = (operations: Operation[], otherwise: Operation[]): Operation => ({
    kind: "commit",
    operations,
    otherwise,
  });
  const [a, b] = [put("a", "1"), put("b", "1")];
  const good: Operation[][] = [
    [a, b],
    [a, { kind: "get", key: keyOf("a") }],
    [range("a", "b"), b],
    [range("a", "b"), range("b", null)],
    [nested([a], [a])],
    [nested([a], [range("a", null)])],
    [nested([nested([a], [b])], [a]), put("c", "1")],
  ];
  const bad: Operation[][] = [
    [a, del("a")],
    [a, increment("a", 1n)],
    [range("a", "c"), b],
    [b, range("a", null)],
    [range("a", "c"), range("b", "d")],
    [a, nested([b], [a])],
    [nested([b], [a]), a],
    [nested([a], []), nested([], [a])],
    [nested([nested([a, a], [])], [])],
  ];
  for (const operations of good) {
    assertEquals(commitFault({ operations }), null);
    assertEquals(commitFault({ operations: [], otherwise: operations }), null);
  }
  for (const operations of bad) {
    assertEquals(commitFault({ operations }), "duplicate_key");
    assertEquals(commitFault({ operations: [], otherwise: operations }), "duplicate_key");
  }
  assertEquals(commitFault({ operations: [a], otherwise: [a] }), null);
});

Deno.test("operations are counted through all levels and both branches, and levels are bounded", () => {
  const gets = (count: number): Operation[] =>
    Array.from({ length: count }, () => ({ kind: "get", key: keyOf("a") }));
  const inner: Operation = { kind: "commit", operations: gets(60), otherwise: gets(60) };
  assertEquals(commitFault({ operations: [inner], otherwise: gets(7) }), null);
  assertEquals(commitFault({ operations: [inner], otherwise: gets(8) }), "too_many_operations");
  const compare = {
    start: KEY_FIRST,
    end: null,
    target: "count",
    relation: "=",
    operand: 0,
  } as const;
  const compares = (count: number) => Array.from({ length: count }, () => compare);
  const deep: Operation = { kind: "commit", compares: compares(64), operations: [] };
  assertEquals(commitFault({ compares: compares(64), operations: [deep] }), null);
  assertEquals(commitFault({ compares: compares(65), operations: [deep] }), "too_many_operations");
  const levels = (depth: number): Branches =>
    depth === 1 ? { operations: [] } : { operations: [{ kind: "commit", ...levels(depth - 1) }] };
  assertEquals(commitFault(levels(8)), null);
  assertEquals(commitFault(levels(9)), "nested_too_deep");
});

Deno.test("a commit that would touch or answer too much is refused as a whole", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  for (let i = 0; i < 4_097; i++) {
    const key = keyFromBytes(Uint8Array.of(0x6b, i >>> 8, i & 0xff));
    log.commit(machine, { kind: "put", key, value: new Uint8Array(), encoding: "bytes" });
  }
  const range = { start: keyOf("k"), end: keyOf("l") };
  const refused = { kind: "refused", reason: "range_too_large" } as const;
  const compare = { ...range, target: "version", relation: "=", operand: 1 } as const;
  assertEquals(apply(machine, log, { compares: [compare], operations: [] }), refused);
  const all: Operation = { kind: "delete_range", ...range };
  assertEquals(apply(machine, log, { operations: [put("a", "1"), all] }), refused);
  assertEquals(machine.get(keyOf("a")), undefined);
  const first = keyFromBytes(Uint8Array.of(0x6b, 0, 0));
  log.commit(machine, { kind: "delete", key: first });
  const { results } = log.commit(machine, all);
  assertEquals(results, [{ kind: "delete", deleted: 4_096 }]);
  const large = ["x", "y", "z"].map((key): Operation => put(key, "v".repeat(1_000_000)));
  for (const operation of large) log.commit(machine, operation);
  const gets = ["x", "y", "z"].map((key): Operation => ({ kind: "get", key: keyOf(key) }));
  assertEquals(apply(machine, log, { operations: gets.slice(0, 2) }).kind, "committed");
  assertEquals(apply(machine, log, { operations: gets }), refused);
});

Deno.test("large answers push the least recently used sessions out, never the one in use", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  log.commit(machine, put("a", "v".repeat(1_000_000)));
  const get: Operation = { kind: "get", key: keyOf("a") };
  const sessions = Array.from({ length: 100 }, () => log.open(machine));
  const send = (session: number, sequence: number) =>
    log.apply(machine, { kind: "commit", once: { session, sequence }, operations: [get] });
  for (const session of sessions) assertEquals(send(session, 1).kind, "committed");
  assertEquals(send(sessions[0]!, 2), { kind: "refused", reason: "session_expired" });
  assertEquals(send(sessions[99]!, 2).kind, "committed");
  const again = send(sessions[99]!, 1);
  assert(again.kind === "committed" && again.replayed === true);
});
