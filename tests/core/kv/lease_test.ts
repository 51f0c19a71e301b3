import { assert, assertEquals } from "@std/assert";
import {
  type CommandResult,
  encodeCommand,
  type Key,
  KEY_FIRST,
  KvStateMachine,
  type PutOperation,
} from "@raftkv/core/kv";
import type { Entry, Term } from "@raftkv/core/raft";
import fc from "fast-check";
import { bytesOfText, del, keyOf, Log, put, restored, snapshotBytes } from "./apply.ts";

const EVERYTHING = { start: KEY_FIRST, end: null, limit: 10_000, bytesMax: 1e9 };

function putWith(key: string, lease: { lease?: number; ttlMs?: number }): PutOperation {
  return { kind: "put", key: keyOf(key), value: bytesOfText("v"), encoding: "text", ...lease };
}

/** Lets the machine do what it thinks is due at the log's time. */
function settle(machine: KvStateMachine, log: Log, term = 1): void {
  for (;;) {
    const payload = machine.maintenance({ term, timeMs: log.timeMs });
    if (payload === null) return;
    machine.apply({ ...log.entry(payload), term: term as Term });
  }
}

function grant(machine: KvStateMachine, log: Log, ttlMs: number, lease = 0): number {
  const result = log.apply(machine, { kind: "lease_grant", lease, ttlMs });
  assert(result.kind === "lease_granted");
  return result.lease;
}

function refusal(reason: Extract<CommandResult, { kind: "refused" }>["reason"]): CommandResult {
  return { kind: "refused", reason };
}

Deno.test("a lease ends its keys at one revision when its time is over, and not before", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  const lease = grant(machine, log, 10_000);
  log.commit(machine, putWith("a", { lease }), putWith("b", { lease }), put("c", "stays"));
  log.timeMs += 9_999;
  settle(machine, log);
  assertEquals(machine.size, 3);
  assertEquals(machine.lease(lease)?.keys, [keyOf("a"), keyOf("b")]);
  log.timeMs += 1;
  settle(machine, log);
  assertEquals([machine.size, machine.revision, machine.lease(lease)], [1, 3, null]);
  assertEquals(machine.get(keyOf("a"), 2)?.lease, lease);
});

Deno.test("no command finds an expired value, though nobody asked for its end", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  log.commit(machine, putWith("a", { ttlMs: 5_000 }));
  log.timeMs += 5_000;
  const compare = { start: keyOf("a"), end: keyOf("b"), target: "count", relation: "=" } as const;
  const result = log.apply(machine, {
    kind: "commit",
    compares: [{ ...compare, operand: 0 }],
    operations: [put("a", "new")],
  });
  assert(result.kind === "committed" && result.succeeded);
  // The end took a revision of its own, before.
  assertEquals(result.revision, 4);
  assertEquals(result.results, [{ kind: "put", createRevision: 4, modRevision: 4, version: 1 }]);
});

Deno.test("a keep-alive gives the whole time again, and none after the end", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  const lease = grant(machine, log, 10_000);
  log.commit(machine, putWith("a", { lease }));
  const renew = () => log.apply(machine, { kind: "lease_keep_alive", lease });
  for (let i = 0; i < 5; i++) {
    log.timeMs += 9_999;
    assertEquals(renew().kind, "lease_renewed");
    assertEquals(machine.lease(lease)?.leftMs, 10_000);
  }
  log.timeMs += 10_000;
  assertEquals(renew(), refusal("lease_not_found"));
  assertEquals(machine.get(keyOf("a")), undefined);
  const other = grant(machine, log, 10_000);
  const revoked = log.apply(machine, { kind: "lease_revoke", lease: other });
  // Nothing changed that a reader could see, so it took no revision: 2 the put, 3 the end.
  assertEquals(revoked, { kind: "lease_revoked", lease: other, deleted: 0, revision: 3 });
  assertEquals(
    log.apply(machine, { kind: "lease_keep_alive", lease: other }),
    refusal("lease_not_found"),
  );
});

Deno.test("a lease is revoked with its keys, and nothing is put with it any more", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  const lease = grant(machine, log, 10_000);
  log.commit(machine, putWith("a", { lease }), putWith("b", { lease }));
  const revoke = () => log.apply(machine, { kind: "lease_revoke", lease });
  assertEquals(revoke(), { kind: "lease_revoked", lease, deleted: 2, revision: 3 });
  assertEquals(revoke(), refusal("lease_not_found"));
  const late = log.apply(machine, {
    kind: "commit",
    operations: [put("b", "x"), putWith("a", { lease })],
  });
  assertEquals(late, refusal("lease_not_found"));
  assertEquals([machine.size, machine.revision], [0, 3]);
});

Deno.test("a key leaves its lease when it is overwritten, moved or deleted", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  const [first, second] = [grant(machine, log, 1_000), grant(machine, log, 9_000)];
  for (const key of ["a", "b", "c", "d"]) log.commit(machine, putWith(key, { lease: first }));
  log.commit(machine, put("a", "free"), putWith("b", { lease: second }), del("c"));
  log.commit(machine, putWith("d", { lease: first }));
  assertEquals(machine.lease(first)?.keys, [keyOf("d")]);
  log.timeMs += 1_000;
  settle(machine, log);
  assertEquals(machine.range(EVERYTHING).records.map(({ key }) => key), [keyOf("a"), keyOf("b")]);
});

Deno.test("a lease made for one key goes with it, and is joined by no other", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  const { results: [one] } = log.commit(machine, putWith("a", { ttlMs: 1_000 }));
  assert(one?.kind === "put" && one.lease !== undefined);
  const { lease } = one;
  const joined = log.apply(machine, {
    kind: "commit",
    operations: [putWith("b", { lease })],
  });
  assertEquals(joined, refusal("lease_not_found"));
  assertEquals(log.apply(machine, { kind: "lease_keep_alive", lease }).kind, "lease_renewed");
  log.commit(machine, put("a", "free"));
  assertEquals(machine.lease(lease), null);
  log.timeMs += 10_000;
  settle(machine, log);
  assertEquals(machine.size, 1);
});

Deno.test("an increment leaves a counter on its lease", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  const value = bytesOfText("1");
  const start: PutOperation = { ...putWith("n", { ttlMs: 1_000 }), value, encoding: "json" };
  log.commit(machine, start);
  log.timeMs += 999;
  log.commit(machine, { kind: "increment", key: keyOf("n"), delta: 1n });
  assertEquals(machine.get(keyOf("n"))?.value, bytesOfText("2"));
  log.timeMs += 1;
  settle(machine, log);
  assertEquals(machine.get(keyOf("n")), undefined);
});

Deno.test("a refused commit grants nothing and takes no id", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  log.commit(machine, put("s", "text"));
  const before = snapshotBytes(machine).length;
  const refused = log.apply(machine, {
    kind: "commit",
    operations: [putWith("a", { ttlMs: 1_000 }), { kind: "increment", key: keyOf("s"), delta: 1n }],
  });
  assertEquals(refused, refusal("not_an_integer"));
  assertEquals([machine.leaseIds(0, 10), snapshotBytes(machine).length], [[], before]);
  assertEquals(grant(machine, log, 1_000), 1);
});

Deno.test("ids are chosen or given, from 1 to 2^53 - 1, and never two alike", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  const large = Number.MAX_SAFE_INTEGER;
  assertEquals(grant(machine, log, 1_000, large), large);
  assertEquals(grant(machine, log, 1_000, 2), 2);
  const again = log.apply(machine, { kind: "lease_grant", lease: 2, ttlMs: 1_000 });
  assertEquals(again, refusal("lease_exists"));
  assertEquals([grant(machine, log, 1_000), grant(machine, log, 1_000)], [1, 3]);
  assertEquals(machine.leaseIds(0, 10), [1, 2, 3, large]);
  assertEquals(machine.leaseIds(2, 1), [3]);
  assertEquals(machine.leaseIds(large, 1), []);
});

Deno.test("a lease takes as many keys as may end in one step, and no more", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  const lease = grant(machine, log, 1_000);
  const puts = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => putWith(`k${from + i}`, { lease }));
  for (let from = 0; from < 4_096; from += 128) log.commit(machine, ...puts(from, 128));
  const commit = (operations: PutOperation[]) => log.apply(machine, { kind: "commit", operations });
  assertEquals(commit(puts(4_096, 1)), refusal("lease_full"));
  assertEquals(commit(puts(0, 128)).kind, "committed");
  log.commit(machine, del("k7"));
  assertEquals(commit(puts(5_000, 2)), refusal("lease_full"));
  assertEquals(commit(puts(5_000, 1)).kind, "committed");
});

Deno.test("very many keys that end at once end in several steps, the earliest first", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  for (let i = 0; i < 3_000; i++) log.commit(machine, putWith(`k${i}`, { ttlMs: 1_000 + i }));
  log.timeMs += 10_000;
  log.commit(machine);
  assert(machine.size > 1_500 && machine.size < 3_000);
  assertEquals(machine.get(keyOf("k0")), undefined);
  settle(machine, log);
  assertEquals(machine.size, 0);
});

Deno.test("no leader's clock ends a lease early or keeps it alive; only time within a term counts", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  log.timeMs = 1_000_000_000;
  log.commit(machine, putWith("a", { ttlMs: 10_000 }));
  const passing = (term: number, timeMs: number) => {
    const payload = encodeCommand({ kind: "maintain", compactRevision: 0 });
    const entry: Entry = { ...log.entry(payload), term: term as Term, timeMs };
    machine.apply(entry);
  };
  // An hour ahead, then an hour behind, then stepping back within a term: 9 s in all.
  for (const [term, start] of [[2, 1_003_600_000], [3, 996_400_000], [4, 5_000]] as const) {
    assert(machine.maintenance({ term, timeMs: start }) !== null);
    passing(term, start);
    passing(term, start + 3_000);
    passing(term, start - 1_000_000 < 0 ? 0 : start - 1_000_000);
    assertEquals(machine.size, 1);
  }
  passing(5, 7_000);
  passing(5, 7_999);
  assertEquals(machine.size, 1);
  passing(5, 8_000);
  assertEquals(machine.size, 0);
});

const someStep = fc.oneof(
  fc.record({ do: fc.constant("grant" as const), ttlMs: fc.integer({ min: 1, max: 50 }) }),
  fc.record({ do: fc.constantFrom("renew", "revoke"), lease: fc.integer({ min: 1, max: 6 }) }),
  fc.record({
    do: fc.constant("put" as const),
    key: fc.constantFrom("a", "b", "c", "d"),
    lease: fc.integer({ min: 0, max: 6 }),
    ttlMs: fc.integer({ min: 1, max: 50 }),
  }),
  fc.record({ do: fc.constant("delete" as const), key: fc.constantFrom("a", "b", "c", "d") }),
  fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 30 }) }),
  fc.record({ do: fc.constant("restart" as const) }),
);

Deno.test("leases do what a list of deadlines does, through restarts", () => {
  fc.assert(
    fc.property(fc.array(someStep, { maxLength: 60 }), (steps) => {
      let machine = new KvStateMachine();
      const log = new Log();
      const deadlines = new Map<number, { ttlMs: number; endMs: number; own: boolean }>();
      const keys = new Map<Key, number>();
      const expire = () => {
        for (const [id, { endMs, own }] of deadlines) {
          const isIdle = own && ![...keys.values()].includes(id);
          if (endMs <= log.timeMs || isIdle) deadlines.delete(id);
        }
        for (const [key, id] of keys) if (id > 0 && !deadlines.has(id)) keys.delete(key);
      };
      for (const step of steps) {
        expire();
        const endOf = (ttlMs: number) => ({ ttlMs, endMs: log.timeMs + ttlMs });
        if (step.do === "grant") {
          const id = grant(machine, log, step.ttlMs);
          deadlines.set(id, { ...endOf(step.ttlMs), own: false });
        } else if (step.do === "renew" || step.do === "revoke") {
          const { lease } = step;
          const kind = step.do === "renew" ? "lease_keep_alive" : "lease_revoke";
          const result = log.apply(machine, { kind, lease });
          const known = deadlines.get(lease);
          assertEquals(result.kind === "refused", known === undefined);
          if (known === undefined) continue;
          if (step.do === "revoke") deadlines.delete(lease);
          else deadlines.set(lease, { ...known, ...endOf(known.ttlMs) });
        } else if (step.do === "put") {
          const key = keyOf(step.key);
          const choice = step.lease === 0 ? { ttlMs: step.ttlMs } : { lease: step.lease };
          const operations = [putWith(step.key, choice)];
          const result = log.apply(machine, { kind: "commit", operations });
          const known = deadlines.get(step.lease);
          const isOpen = known !== undefined && (!known.own || keys.get(key) === step.lease);
          assertEquals(result.kind, step.lease === 0 || isOpen ? "committed" : "refused");
          if (result.kind !== "committed") continue;
          const [one] = result.results;
          assert(one?.kind === "put" && one.lease !== undefined);
          keys.set(key, one.lease);
          if (step.lease === 0) deadlines.set(one.lease, { ...endOf(step.ttlMs), own: true });
        } else if (step.do === "delete") {
          log.commit(machine, del(step.key));
          keys.delete(keyOf(step.key));
        } else if (step.do === "wait") {
          log.timeMs += step.ms;
        } else {
          machine = restored(snapshotBytes(machine));
        }
      }
      expire();
      log.commit(machine);
      assertEquals(machine.leaseIds(0, 100), [...deadlines.keys()].sort((a, b) => a - b));
      const found = machine.range(EVERYTHING).records.map(({ key, lease }) => [key, lease]);
      assertEquals(new Map(found as [Key, number][]), new Map([...keys].sort()));
      for (const [id, { endMs }] of deadlines) {
        assertEquals(machine.lease(id)?.leftMs, endMs - log.timeMs);
      }
    }),
    { numRuns: 500 },
  );
});
