import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  type Command,
  type CommandResult,
  type Key,
  keyAfter,
  keyToBytes,
  type KvRecord,
} from "@raftkv/core/kv";
import type { ReadProof } from "@raftkv/core/raft";
import {
  checkHistory,
  type HistoryAccount,
  type JournalEntry,
  type KvOperation,
  type LockHolding,
  timelinePage,
  type TrueTime,
} from "@raftkv/sim/history";

const NO_MINIMUM = { situationsMax: 1_000, minimum: { commands: 0, reads: 0 } };

/** The rules that an account breaks, each once. */
function rules(account: HistoryAccount): string[] {
  return [...new Set(checkHistory(account, NO_MINIMUM).findings.map(({ rule }) => rule))];
}

function leaseLife(...commands: readonly [timeMs: number, command: Command, kind: string][]) {
  const history: KvOperation[] = [];
  const journal = commands.map(([timeMs, command, kind], place): JournalEntry => {
    const what = kind === "maintained" ? {} : kind === "lease_revoked" ? { deleted: 0 } : TTL;
    const lease = kind === "maintained" ? {} : { lease: 1 };
    const result = { kind, ...lease, ...what, revision: 1 } as CommandResult;
    const at = { index: place + 1, term: 1, timeMs };
    const operation = command.kind === "maintain" ? null : place;
    const answer = { kind: "applied", index: place + 1, result } as const;
    if (operation !== null) {
      history.push({
        id: place,
        client: "c",
        request: command,
        invoked: { order: 2 * place, timeMs },
        ended: { order: 2 * place + 1, timeMs },
        outcome: { kind: "answered", answer },
      });
    }
    return { ...at, command, result, operation };
  });
  return { history, journal };
}

const TTL = { ttlMs: 1_000 };
const GRANT: Command = { kind: "lease_grant", lease: 1, ttlMs: 1_000 };
const RENEW: Command = { kind: "lease_keep_alive", lease: 1 };
const REVOKE: Command = { kind: "lease_revoke", lease: 1 };
const MAINTAIN: Command = { kind: "maintain", compactRevision: 0 };
const CALM: TrueTime = {
  trueMsOf: ({ timeMs }) => timeMs,
  clocksAreRight: true,
  calmSinceMs: 0,
  endMs: 3_000,
};

Deno.test("a lease that is renewed after it was revoked is refused (I28)", () => {
  const account = leaseLife(
    [0, GRANT, "lease_granted"],
    [10, REVOKE, "lease_revoked"],
    [20, RENEW, "lease_renewed"],
  );
  assertEquals(rules(account), ["I28 leases live as long as promised"]);
});

Deno.test("a lease that is renewed after the log's time ended it is refused (I28)", () => {
  const account = leaseLife([0, GRANT, "lease_granted"], [1_000, RENEW, "lease_renewed"]);
  assertEquals(rules(account), ["I28 leases live as long as promised"]);
});

Deno.test("a lease that ends before its time, by true time, is refused (I28)", () => {
  const account = leaseLife([0, GRANT, "lease_granted"], [1_000, MAINTAIN, "maintained"]);
  assertEquals(rules({ ...account, trueTime: CALM }), []);
  const fast = { ...CALM, trueMsOf: ({ timeMs }: JournalEntry) => timeMs / 2 };
  assertEquals(rules({ ...account, trueTime: fast }), ["I28 leases live as long as promised"]);
  assertEquals(rules({ ...account, trueTime: { ...fast, clocksAreRight: false } }), []);
});

Deno.test("a lease that outlives its time while a quorum lives is refused (I28)", () => {
  const account = leaseLife([0, GRANT, "lease_granted"]);
  assertEquals(rules({ ...account, trueTime: CALM }), []);
  const late = { ...CALM, endMs: 10_000 };
  assertEquals(rules({ ...account, trueTime: late }), ["I28 leases live as long as promised"]);
  assertEquals(rules({ ...account, trueTime: { ...late, calmSinceMs: 5_000 } }), []);
});

Deno.test("a key that was put with a time of its own keeps to it, by true time (I28)", () => {
  const put: Command = {
    kind: "commit",
    operations: [{
      ...{ kind: "put", key: "a" as Key, value: keyToBytes("v" as Key), encoding: "text" },
      ttlMs: 1_000,
    }],
  };
  const place = { createRevision: 2, modRevision: 2, version: 1, lease: 1 };
  const result: CommandResult = {
    ...{ kind: "committed", revision: 2, succeeded: true },
    results: [{ kind: "put", ...place }],
  };
  const at = { index: 1, term: 1, timeMs: 0 };
  const journal: JournalEntry[] = [{ ...at, command: put, result, operation: null }];
  assertEquals(rules({ history: [], journal, trueTime: CALM }), []);
  const late = { ...CALM, endMs: 10_000 };
  assertEquals(rules({ history: [], journal, trueTime: late }), [
    "I28 leases live as long as promised",
  ]);
  const end = { ...at, index: 2, timeMs: 1_000 };
  journal.push({
    ...end,
    command: MAINTAIN,
    result: { kind: "maintained", revision: 3 },
    operation: null,
  });
  assertEquals(rules({ history: [], journal, trueTime: late }), []);
  const fast = { ...CALM, trueMsOf: ({ timeMs }: JournalEntry) => timeMs / 2 };
  assertEquals(rules({ history: [], journal, trueTime: fast }), [
    "I28 leases live as long as promised",
  ]);
});

function holding(client: string, token: number, [from, to]: [number, number]): LockHolding {
  return {
    lock: "lock" as Key,
    client,
    token,
    operation: token,
    invoked: { order: from, timeMs: 0 },
    ended: { order: to, timeMs: 0 },
  };
}

Deno.test("a lock whose tokens do not grow is refused (I29)", () => {
  const first = holding("a", 5, [0, 1]);
  const history: KvOperation[] = [];
  assertEquals(rules({ history, holdings: [first, holding("b", 9, [2, 3])] }), []);
  for (const token of [5, 4]) {
    const holdings = [first, holding("b", token, [2, 3])];
    assertEquals(rules({ history, holdings }), ["I29 fencing tokens grow"]);
  }
});

Deno.test("one token for two holders is refused, whenever they took the lock (I29)", () => {
  const holdings = [holding("a", 5, [0, 9]), holding("b", 5, [1, 2])];
  assertEquals(rules({ history: [], holdings }), ["I29 fencing tokens grow"]);
});

Deno.test("a write under a token that is no longer the last is refused (I29)", () => {
  const write = (token: number, revision: number) => {
    return { lock: "lock" as Key, token, revision, operation: revision };
  };
  assertEquals(rules({ history: [], fencedWrites: [write(5, 6), write(9, 10)] }), []);
  const fencedWrites = [write(5, 6), write(9, 10), write(5, 11)];
  assertEquals(rules({ history: [], fencedWrites }), ["I29 fencing tokens grow"]);
});

Deno.test("a sum that does not stay the same is refused (I30)", () => {
  const record = (key: string, value: string): KvRecord => ({
    key: key as Key,
    value: keyToBytes(value as Key),
    encoding: "json",
    createRevision: 2,
    modRevision: 2,
    version: 1,
  });
  const range = { start: "m" as Key, end: "n" as Key };
  const read = (...records: KvRecord[]): KvOperation => ({
    id: 0,
    client: "c",
    request: { kind: "read", ...range, revision: null, limit: 10, isLinearizable: true },
    invoked: { order: 0, timeMs: 0 },
    ended: { order: 1, timeMs: 0 },
    outcome: { kind: "answered", answer: { kind: "read", revision: 2, records } },
  });
  const totals = [{ ...range, total: 0n }];
  const half = rules({ history: [read(record("m1", "-3"))], totals });
  assertEquals(half.includes("I30 transactions are atomic"), true);
  const whole = rules({ history: [read(record("m1", "-3"), record("m2", "3"))], totals });
  assertEquals(whole.includes("I30 transactions are atomic"), false);
});

/** Two writes of one key and a read after both that shows the first. */
function staleRead(proof?: ReadProof): KvOperation[] {
  const key = "<a>" as Key;
  const at = (order: number) => ({ order, timeMs: 10 * order });
  const put = (id: number, text: string): KvOperation => ({
    id,
    client: `writer ${id}`,
    request: {
      kind: "commit",
      operations: [{ kind: "put", key, value: keyToBytes(text as Key), encoding: "text" }],
    },
    invoked: at(2 * id),
    ended: at(2 * id + 1),
    outcome: {
      kind: "answered",
      answer: {
        kind: "applied",
        index: id + 1,
        result: {
          kind: "committed",
          revision: id + 2,
          succeeded: true,
          results: [{ kind: "put", createRevision: 2, modRevision: id + 2, version: id + 1 }],
        },
      },
    },
  });
  const old: KvRecord = {
    key,
    value: keyToBytes("one" as Key),
    encoding: "text",
    createRevision: 2,
    modRevision: 2,
    version: 1,
  };
  return [put(0, "one"), put(1, "two"), {
    id: 2,
    client: "reader",
    request: {
      kind: "read",
      start: key,
      end: keyAfter(key),
      revision: null,
      limit: 1,
      isLinearizable: true,
    },
    invoked: at(4),
    ended: at(5),
    outcome: {
      kind: "answered",
      answer: {
        kind: "read",
        revision: 2,
        records: [old],
        ...(proof === undefined ? {} : { proof }),
      },
    },
  }];
}

Deno.test("a read that is not fresh breaks the promise of what had proved it (I24, I25)", () => {
  const told = ["I24 reads see what was acknowledged", "I25 lease reads see what was acknowledged"];
  for (const [proof, rule] of [["quorum", told[0]], ["lease", told[1]]] as const) {
    const broken = rules({ history: staleRead(proof) });
    assertEquals(told.filter((each) => broken.includes(each)), [rule]);
  }
});

Deno.test("a counter-example says how far the story holds, and what breaks it", () => {
  const { findings } = checkHistory({ history: staleRead() });
  const [order] = findings.filter(({ evidence }) => evidence.startsWith("No order"));
  assertEquals(
    order?.evidence,
    [
      'No order of the operations on "<a>" explains every answer.',
      "  One that comes farthest, its last 2 of 2:",
      '    #0 writer 0 [0..10 ms] put "<a>" = "one" -> revision 2: version 1',
      '    #1 writer 1 [20..30 ms] put "<a>" = "two" -> revision 3: version 2',
      '  The key then holds "two" (version 2).',
      "  Next must come this, or one that was under way with it; none can:",
      '    #2 reader [40..50 ms] read "<a>" -> revision 2: "<a>" = "one" (revision 2, version 1)',
    ].join("\n"),
  );
  assertEquals(order?.operations, [2, 1]);
});

Deno.test("the timeline is a page that needs nothing else, with the accused operations marked", () => {
  const history = staleRead();
  const page = timelinePage(history, checkHistory({ history }).findings);
  assertEquals(page.match(/class="bar answered accused"/g)?.length, 2);
  assertStringIncludes(page, "<h2>reader</h2>");
  assertStringIncludes(page, "#2 read &quot;&lt;a>&quot;");
  assertEquals(/<a>|\bsrc=|\bhref=|https?:|@import|url\(/.test(page), false);
});
