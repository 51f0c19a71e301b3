// Replicas compare their states all the time. Whoever is alone with a state stops, leader or not.

import { assertEquals } from "@std/assert";
import type { Entry, LogIndex, NodeId } from "@raftkv/core/raft";
import { Cluster } from "@raftkv/sim";
import { JournalMachine, line } from "../../support/journal_machine.ts";
import { append, heartbeat, snapshot } from "../../support/raft_messages.ts";
import { ReplicaBench } from "../../support/replica_bench.ts";

/** A machine that hears one word wrong. */
class HardOfHearing extends JournalMachine {
  override apply(entry: Entry): number {
    const place = super.apply(entry);
    if (this.lines.at(-1) === "trigger") this.lines[place - 1] = "tiger";
    return place;
  }
}

interface Setting {
  readonly size?: number;
  /** Which nodes, by their places, have the bad machine. */
  readonly bad: readonly number[];
  readonly down?: readonly string[];
  readonly dropRate?: number;
  readonly seed?: number;
}

function clusterWith({ size = 3, bad, down = [], dropRate = 0, seed = 1 }: Setting) {
  let starts = 0;
  const cluster = new Cluster<number>({
    seed,
    size,
    statesMayDiffer: true,
    createMachine: () => bad.includes(starts++) ? new HardOfHearing() : new JournalMachine(),
  });
  cluster.network.options = { ...cluster.network.options, dropRate };
  for (const id of down) cluster.crash(id);
  return cluster;
}

function say(cluster: Cluster<number>, text: string): void {
  const leader = cluster.runUntilLed();
  const requestId = cluster.propose(leader, line(text));
  cluster.runUntil(`"${text}" is applied`, () => cluster.replies.has(requestId));
}

const haltedIn = (cluster: Cluster<number>): string[] => cluster.halted.map(({ id }) => id).sort();

// [H-1]
Deno.test("the one replica with another state stops, whichever it is, and the others go on", () => {
  for (let seed = 1; seed <= 12; seed++) {
    for (const bad of [0, 1, 2]) {
      const cluster = clusterWith({ bad: [bad], seed });
      say(cluster, "calm");
      cluster.runFor(1_000);
      assertEquals(haltedIn(cluster), []);
      say(cluster, "trigger");
      // Three heartbeats, and the way there and back.
      cluster.runFor(310);
      assertEquals(haltedIn(cluster), [`n${bad + 1}`]);
      say(cluster, "after");
      cluster.runFor(5_000);
      assertEquals(cluster.halted.length, 1);
    }
  }
});

// [H-1]
Deno.test("messages that get lost put the halt off, and nobody else stops for it", () => {
  for (let seed = 1; seed <= 10; seed++) {
    const cluster = clusterWith({ size: 5, bad: [1, 3], dropRate: 0.3, seed });
    say(cluster, "trigger");
    cluster.runUntil("both stop", () => cluster.halted.length === 2);
    cluster.runFor(5_000);
    assertEquals(haltedIn(cluster), ["n2", "n4"]);
  }
});

// [H-1]
Deno.test("where nobody has a majority, everybody stops: none can tell that it is right", () => {
  const two = clusterWith({ size: 2, bad: [1] });
  say(two, "trigger");
  two.runFor(1_000);
  assertEquals(haltedIn(two), ["n1", "n2"]);
  const half = clusterWith({ size: 4, bad: [0, 1] });
  say(half, "trigger");
  half.runFor(1_000);
  assertEquals(half.halted.length, 4);
});

// [H-2]
Deno.test("a majority at a later entry settles what is disputed at an earlier one", () => {
  const bench = new ReplicaBench({ term: 3 }).linked().follow(3);
  for (const index of [1, 2]) {
    bench.receive(
      "n2",
      append(3, { previous: [index - 1, index - 1 && 3], entries: [3], commit: index }),
    );
    bench.receive("n2", {
      type: "state_hash",
      index: index as LogIndex,
      hash: "other",
      asks: false,
    });
  }
  // n3 passed entry 1 before anyone asked about it.
  const hash = bench.machine.stateHash;
  bench.receive("n3", { type: "state_hash", index: 2 as LogIndex, hash, asks: false });
  for (let waited = 0; waited < 5_000; waited += 100) bench.wait(100).follow(3);
  assertEquals(bench.replica.status().appliedIndex === 2, true);
});

// [H-1]
Deno.test("two of three that differ wait three seconds for the third to decide", () => {
  const alone = clusterWith({ bad: [1], down: ["n3"] });
  say(alone, "trigger");
  alone.runFor(2_000);
  assertEquals(haltedIn(alone), []);
  alone.runFor(2_000);
  assertEquals(haltedIn(alone), ["n1", "n2"]);

  const helped = clusterWith({ bad: [1], down: ["n3"] });
  say(helped, "trigger");
  helped.runFor(1_000);
  helped.start("n3");
  helped.runFor(10_000);
  assertEquals(haltedIn(helped), ["n2"]);
});

// [H-1]
Deno.test("a snapshot carries the difference with it", () => {
  let starts = 0;
  const cluster = new Cluster<number>({
    seed: 3,
    size: 3,
    snapshotLogBytesMin: 200,
    statesMayDiffer: true,
    createMachine: () => starts++ === 2 ? new HardOfHearing() : new JournalMachine(),
  });
  cluster.runUntilLed();
  cluster.isolate("n3");
  cluster.runUntil("another leads alone", () => {
    const leaders = cluster.leaders().map(({ id }) => String(id));
    return leaders.length === 1 && leaders[0] !== "n3";
  });
  for (let at = 0; at < 20; at++) say(cluster, `line ${at}`);
  cluster.network.heal();
  cluster.runUntil("n3 has the snapshot", () => cluster.node("n3").status()!.appliedIndex >= 20);
  cluster.runFor(1_000);
  assertEquals(haltedIn(cluster), []);
  say(cluster, "trigger");
  cluster.runFor(1_000);
  assertEquals(haltedIn(cluster), ["n3"]);
});

Deno.test("a leader tells its hash once per heartbeat at the most, and an old one once in ten", () => {
  const bench = new ReplicaBench().lead().wait(100);
  bench.acknowledge().take("state_hash");
  for (let at = 0; at < 10; at++) {
    bench.propose(`line ${at}`);
    bench.acknowledge();
  }
  assertEquals(bench.take("state_hash").length, 2);
  bench.wait(100);
  const told = bench.take("state_hash");
  assertEquals(told.map(({ index }) => Number(index)), [11, 11]);
  assertEquals(told[0]!.hash, bench.machine.stateHash);
  bench.wait(400).acknowledge().wait(400).acknowledge();
  assertEquals(bench.take("state_hash"), []);
  bench.wait(200).acknowledge();
  assertEquals(bench.take("state_hash"), told);
});

Deno.test("whoever asks is answered, at once or when the entry is applied", () => {
  const bench = new ReplicaBench({ term: 3, log: [3, 3] }).linked().follow(3);
  const ask = (from: string, index: number) =>
    bench.receive(from, {
      type: "state_hash",
      index: index as LogIndex,
      hash: "another",
      asks: true,
    });
  ask("n2", 2);
  assertEquals(bench.take("state_hash"), []);
  bench.receive("n2", { ...heartbeat(3), commitIndex: 2 as LogIndex });
  const told = bench.sent.filter(({ message }) => message.type === "state_hash");
  assertEquals(told[0], {
    to: "n2" as NodeId,
    message: {
      type: "state_hash",
      index: 2 as LogIndex,
      hash: bench.machine.stateHash,
      asks: false,
    },
  });
  // It differs: the third decides.
  assertEquals(told.slice(1).map(({ to, message }) => [to, message.type]), [
    ["n2", "state_hash"],
    ["n3", "state_hash"],
  ]);
});

Deno.test("while a snapshot takes the state's place, nothing is said of it", () => {
  const bench = new ReplicaBench({ term: 3 }).linked();
  bench.receive("n2", append(3, { previous: [0, 0], entries: [3], commit: 1 }));
  const meta = snapshot([9, 3]);
  const first = { meta, offsetBytes: 0, data: new Uint8Array(4) };
  bench.receive("n2", { type: "snapshot_request", term: bench.replica.term, chunk: first });
  bench.step({ kind: "chunk_staged", from: "n2" as NodeId, meta, nextOffsetBytes: 4 });
  const before = bench.machine.stateHash;
  // The host has restored the machine, and the replica has not been told yet.
  bench.machine.lines = ["restored"];
  const index = 1 as LogIndex;
  bench.receive("n2", { type: "state_hash", index, hash: before, asks: true });
  assertEquals(bench.take("state_hash"), []);
  const restored = { index: 9 as LogIndex, hash: bench.machine.stateHash };
  bench.receive("n2", { type: "state_hash", ...restored, asks: true });
  bench.step({ kind: "installed", meta, ok: true });
  assertEquals(bench.take("state_hash"), [{ type: "state_hash", ...restored, asks: false }]);
});
