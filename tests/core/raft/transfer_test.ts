import { assertEquals } from "@std/assert";
import type { NodeId } from "@raftkv/core/raft";
import { type BenchOptions, RaftBench } from "../../support/raft_bench.ts";
import {
  accepted,
  configurationEntry,
  heartbeatAnswer,
  members,
} from "../../support/raft_messages.ts";

const payload = new Uint8Array(8);

/** A leader in term 2 whose no-op at 1 is committed and whose followers replicate. */
function settled(options: BenchOptions = {}): RaftBench {
  const bench = new RaftBench({ term: 1, ...options }).becomeLeader().sync();
  for (const peer of bench.node.configuration.voters.slice(1)) {
    bench.receive(peer, accepted(bench.node.term, bench.node.lastIndex));
  }
  return bench.quiet();
}

/** Keeps `peers` in touch for a while. */
function keepTouch(bench: RaftBench, options: { ms: number; peers: readonly string[] }): void {
  for (let waited = 0; waited < options.ms; waited += 50) {
    for (const peer of options.peers) bench.receive(peer, heartbeatAnswer(bench.node.term));
    bench.wait(50);
  }
}

// [T-1]
Deno.test("a hand-over waits until its target holds the whole log (thesis §3.10)", () => {
  const bench = settled();
  bench.node.propose(payload);
  bench.drain().sync().quiet();
  assertEquals(bench.node.transferLeadership("n3" as NodeId), true);
  assertEquals(bench.drain().take(), []);
  bench.receive("n2", accepted(2, 2)).quiet().receive("n3", accepted(2, 2));
  assertEquals(bench.take().includes("n3 <- timeout_now t2"), true);
});

// [T-3]
Deno.test("a hand-over goes to the voter that is furthest along, and never to nobody", () => {
  const bench = settled();
  bench.node.propose(payload);
  bench.drain().sync().receive("n3", accepted(2, 2)).quiet();
  assertEquals(bench.node.transferLeadership(null), true);
  assertEquals(bench.drain().take(), ["n3 <- timeout_now t2"]);
  assertEquals(settled().node.transferLeadership("n9" as NodeId), false);
  assertEquals(settled({ size: 1 }).node.transferLeadership(null), false);
});

// [T-3]
Deno.test("a hand-over goes to nobody who has not answered lately", () => {
  const bench = settled();
  keepTouch(bench, { ms: 1_000, peers: ["n3"] });
  bench.quiet();
  assertEquals(bench.node.transferLeadership("n2" as NodeId), false);
  assertEquals(bench.node.transferLeadership(null), true);
  assertEquals(bench.drain().take(), ["n3 <- timeout_now t2"]);
});

// [T-3]
Deno.test("a hand-over goes to no learner, however far along it is", () => {
  const { voters } = members(3);
  const configuration = { ...members(4), voters, learners: ["n4" as NodeId] };
  const bench = settled({ stored: [configurationEntry([1, 1], configuration)] });
  bench.node.propose(payload);
  bench.drain().sync().receive("n4", accepted(2, 3)).quiet();
  assertEquals(bench.node.transferLeadership("n4" as NodeId), false);
  assertEquals(bench.node.transferLeadership(null), true);
  assertEquals(bench.drain().take(), []);
  assertEquals(bench.receive("n2", accepted(2, 3)).take().includes("n2 <- timeout_now t2"), true);
});

// [T-2]
Deno.test("nothing is proposed during a hand-over; if it fails, writes are back in time", () => {
  const bench = settled();
  bench.node.transferLeadership("n3" as NodeId);
  assertEquals(bench.node.propose(payload), { kind: "refused", reason: "handing_over" });
  keepTouch(bench, { ms: 1_050, peers: ["n2", "n3"] });
  assertEquals(bench.node.propose(payload).kind, "appended");
});

// [T-2]
Deno.test("a hand-over asked for again and again does not keep writes waiting", () => {
  const bench = settled();
  bench.node.propose(payload);
  bench.node.transferLeadership("n3" as NodeId);
  bench.drain().sync();
  for (let waited = 0; waited < 1_000; waited += 50) {
    assertEquals(bench.node.propose(payload).kind, "refused");
    assertEquals(bench.node.transferLeadership("n3" as NodeId), true);
    keepTouch(bench, { ms: 50, peers: ["n2", "n3"] });
  }
  keepTouch(bench, { ms: 50, peers: ["n2", "n3"] });
  assertEquals(
    bench.node.transferLeadership("n3" as NodeId),
    false,
    "writes have their turn first",
  );
  assertEquals(bench.node.propose(payload).kind, "appended");
  keepTouch(bench, { ms: 100, peers: ["n2", "n3"] });
  assertEquals(bench.node.transferLeadership("n3" as NodeId), true);
});

// [T-2]
Deno.test("while one hand-over is under way there is no other", () => {
  const bench = settled();
  bench.node.propose(payload);
  bench.node.transferLeadership("n3" as NodeId);
  assertEquals(
    [bench.node.transferLeadership(null), bench.node.transferLeadership("n2" as NodeId)],
    [true, false],
  );
});

// [T-2]
Deno.test("the leader writes nothing of its own during a hand-over: its target would never hold it all", () => {
  const bench = settled({ incarnation: "a" });
  bench.node.propose(payload);
  bench.node.transferLeadership("n3" as NodeId);
  const lastIndex = bench.drain().sync().node.lastIndex;
  bench.node.onPeerUp("n2" as NodeId, "b");
  bench.receive("n2", accepted(2, lastIndex));
  assertEquals(bench.node.lastIndex, lastIndex);
});
