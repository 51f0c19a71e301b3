import { assert, assertEquals } from "@std/assert";
import {
  type Command,
  type CommandResult,
  DEFAULT_HISTORY_POLICY,
  encodeCommand,
  KvStateMachine,
} from "@raftkv/core/kv";
import { Cluster } from "@raftkv/sim";
import { keyOf, put } from "./apply.ts";

/** A cluster of stores that keep ten minutes of the past. */
function clusterOf(seed: number) {
  const machines = new Set<KvStateMachine>();
  const cluster = new Cluster<CommandResult>({
    seed,
    size: 3,
    createMachine: () => {
      const machine = new KvStateMachine({ ...DEFAULT_HISTORY_POLICY, ageMsMax: 600_000 });
      machines.add(machine);
      return machine;
    },
  });
  const ask = (command: Command): CommandResult => {
    const requestId = cluster.propose(cluster.runUntilLed(), encodeCommand(command));
    cluster.runUntil("the request ends", () => cluster.replies.has(requestId));
    const reply = cluster.replies.get(requestId);
    assert(reply?.kind === "applied");
    return reply.result;
  };
  return { cluster, machines, ask };
}

Deno.test("the leader lets the past go by itself, on every node alike", () => {
  const { cluster, machines, ask } = clusterOf(11);
  for (let minute = 0; minute < 15; minute++) {
    ask({ kind: "commit", operations: [put("a", `${minute}`)] });
    cluster.runFor(60_000);
  }
  const kept = new Set([...machines].map((machine) => machine.pastSize));
  assert(kept.size === 1);
  assert([...kept].every((size) => size >= 8 && size <= 11));
  cluster.runFor(700_000);
  assertEquals([...machines].map((machine) => machine.pastSize), [0, 0, 0]);
  assertEquals(new Set([...machines].map((machine) => machine.stateHash)).size, 1);
});

Deno.test("a node that was away when the past went learns of it from the log", () => {
  const { cluster, ask } = clusterOf(12);
  for (let i = 0; i < 5; i++) {
    ask({ kind: "commit", operations: [put("a", `${i}`)] });
  }
  const leader = cluster.runUntilLed();
  const away = cluster.nodes.find(({ id }) => id !== leader)!.id;
  cluster.crash(away);
  assertEquals(ask({ kind: "compact", revision: 6 }).kind, "compacted");
  cluster.start(away);
  cluster.runFor(5_000);
  const machine = cluster.node(away).machine;
  assert(machine instanceof KvStateMachine);
  assertEquals([machine.compactRevision, machine.pastSize], [6, 0]);
});

Deno.test("a lease outlives its leaders, ends within its time and theirs, and ends everywhere", () => {
  for (let seed = 20; seed < 25; seed++) {
    const { cluster, machines, ask } = clusterOf(seed);
    const granted = ask({ kind: "lease_grant", lease: 0, ttlMs: 20_000 });
    assert(granted.kind === "lease_granted");
    const { lease } = granted;
    const grantedAtMs = cluster.queue.nowMs;
    ask({ kind: "commit", operations: [{ ...put("a", "1"), lease }] });
    for (let i = 0; i < 3; i++) {
      const leader = cluster.runUntilLed();
      cluster.crash(leader);
      cluster.runFor(3_000);
      cluster.start(leader);
      cluster.runFor(1_000);
    }
    const holders = () =>
      cluster.nodes.filter(({ machine }) =>
        machine instanceof KvStateMachine && machine.get(keyOf("a")) !== undefined
      ).length;
    // By the real clock 12 s and a little have passed: nobody may have let go.
    assertEquals(holders(), 3);
    cluster.runUntil("the key ends on every node", () => holders() === 0, 60_000);
    const livedMs = cluster.queue.nowMs - grantedAtMs;
    // Three elections of at most a few seconds each are not counted.
    assert(livedMs >= 20_000 && livedMs < 32_000, `${livedMs}`);
    const renewed = ask({ kind: "lease_keep_alive", lease });
    assertEquals(renewed, { kind: "refused", reason: "lease_not_found" });
    assert(machines.size >= 6);
  }
});
