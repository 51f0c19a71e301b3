import { assert, assertEquals } from "@std/assert";
import { DEFAULT_HISTORY_POLICY, type HistoryPolicy, KvStateMachine } from "@raftkv/core/kv";
import type { Entry } from "@raftkv/core/raft";
import { Log, put } from "./apply.ts";

const MINUTE_MS = 60_000;

function policy(part: Partial<HistoryPolicy>): HistoryPolicy {
  return { ...DEFAULT_HISTORY_POLICY, ...part };
}

/** Lets the machine do what it thinks is due; returns how many entries that took. */
function settle(machine: KvStateMachine, log: Log): number {
  for (let entries = 0;; entries++) {
    const payload = machine.maintenance({ term: 1, timeMs: log.timeMs });
    if (payload === null) return entries;
    machine.apply(log.entry(payload));
  }
}

Deno.test("a leader compacts what is older than the policy keeps, and only that", () => {
  const machine = new KvStateMachine(policy({ ageMsMax: 10 * MINUTE_MS }));
  const log = new Log();
  for (let minute = 0; minute < 30; minute++) {
    log.timeMs = minute * MINUTE_MS;
    log.commit(machine, put("a", `${minute}`));
    settle(machine, log);
  }
  // At minute 29 the state of minute 19 is still there, and that of minute 18 is not.
  assertEquals(machine.revision, 31);
  assertEquals(machine.compactRevision, 21);
  assertEquals(machine.pastSize, 10);
  log.timeMs += 60 * MINUTE_MS;
  settle(machine, log);
  assertEquals(machine.compactRevision, 31);
  assertEquals(machine.pastSize, 0);
});

Deno.test("a leader compacts what is more than the policy keeps, a tenth at a time", () => {
  const machine = new KvStateMachine(policy({ revisionsMax: 100 }));
  const log = new Log();
  let entries = 0;
  for (let i = 0; i < 1_000; i++) {
    log.commit(machine, put("a", `${i}`));
    entries += settle(machine, log);
    assert(machine.revision - machine.compactRevision <= 111);
    assert(machine.revision < 100 || machine.revision - machine.compactRevision >= 100);
  }
  assert(entries > 50 && entries < 200);
});

Deno.test("a leader compacts the older half when the past takes more bytes than the policy keeps", () => {
  const machine = new KvStateMachine(policy({ bytesMax: 50_000 }));
  const log = new Log();
  for (let i = 0; i < 200; i++) {
    log.commit(machine, put("a", "x".repeat(1_000)));
    settle(machine, log);
    assert(machine.pastSize <= 50);
  }
  assert(machine.pastSize >= 20);
});

Deno.test("nothing due, nothing proposed", () => {
  const machine = new KvStateMachine();
  const log = new Log();
  assertEquals(settle(machine, log), 0);
  log.commit(machine, put("a", "1"));
  log.commit(machine, put("a", "2"));
  assertEquals(settle(machine, log), 0);
});

Deno.test("a leader whose clock is hours ahead or behind compacts nothing early", () => {
  const machine = new KvStateMachine(policy({ ageMsMax: 10 * MINUTE_MS }));
  const log = new Log();
  log.timeMs = 1_000 * MINUTE_MS;
  const inTerm = (term: number, timeMs: number): Entry => {
    log.timeMs = timeMs;
    const { payload } = new Log().entry(new Uint8Array());
    return { ...log.entry(payload), term: term as Entry["term"] };
  };
  log.commit(machine, put("a", "1"));
  for (const [term, timeMs] of [[2, 9_000 * MINUTE_MS], [3, 5 * MINUTE_MS]] as const) {
    assertEquals(machine.maintenance({ term, timeMs }), null);
    machine.apply(inTerm(term, timeMs));
    assertEquals(machine.maintenance({ term, timeMs: timeMs + 9 * MINUTE_MS }), null);
  }
  assert(machine.maintenance({ term: 3, timeMs: 20 * MINUTE_MS }) !== null);
});
