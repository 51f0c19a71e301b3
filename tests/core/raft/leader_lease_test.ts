import { assertEquals, assertThrows } from "@std/assert";
import type { NodeId } from "@raftkv/core/raft";
import { type BenchOptions, RaftBench } from "../../support/raft_bench.ts";
import {
  accepted,
  heartbeat,
  heartbeatAnswer,
  preVote,
  preVoteRequest,
  timeoutNow,
  voteRequest,
} from "../../support/raft_messages.ts";

const n2 = "n2" as NodeId;
/** Leases of 900 ms: an election timeout of 1,000 without what clocks may run apart in it. */
const timing = { leaseDriftMs: 100 };

/** A leader in term 2, 200 ms and two heartbeats old, its no-op committed, and no promise heard. */
function leader(options: BenchOptions = {}): RaftBench {
  const bench = new RaftBench({ term: 1, timing, ...options }).becomeLeader().sync();
  for (const peer of bench.node.configuration.voters.slice(1)) {
    bench.receive(peer, accepted(2, bench.node.lastIndex));
  }
  return bench.wait(200).quiet();
}

/** The promise of `from` in answer to the heartbeat that left `sentAtMs` after the election. */
function promise(bench: RaftBench, from: string, sentAtMs: number, withheldMs = 1_000): RaftBench {
  return bench.receive(from, heartbeatAnswer(2, 0, { sentAtMs, withheldMs }));
}

/** Whether a lease read is granted at once. */
function grants(bench: RaftBench): boolean {
  const before = bench.grants.length;
  bench.node.read("lease", { lease: true });
  return bench.drain().grants.length > before;
}

/** A follower of n2 in term 3 that has promised its vote away now. */
function promised(options: BenchOptions = {}): RaftBench {
  return new RaftBench({ term: 3, log: [1], timing, ...options }).receive(n2, heartbeat(3)).quiet();
}

//
Deno.test("a leader with a quorum of promises serves a lease read without asking anyone", () => {
  const bench = promise(leader(), "n2", 200);
  assertEquals(grants(bench), true);
  const [grant] = bench.grants;
  assertEquals([grant?.index === 1, grant?.proof, bench.take()], [true, "lease", []]);
});

//
Deno.test("a lease counts from when the heartbeat was sent, and ends early by the drift", () => {
  const bench = promise(leader().wait(600).quiet(), "n2", 200);
  assertEquals(grants(bench.wait(299)), true);
  assertEquals(grants(bench.wait(1)), false);
});

//
Deno.test("an answer to an older heartbeat shortens no lease, and a newer one makes it longer", () => {
  const bench = promise(promise(leader().wait(600), "n2", 700), "n2", 100);
  assertEquals(grants(bench.wait(700)), true);
  promise(bench, "n3", 1_400);
  assertEquals(grants(bench.wait(700)), true);
});

//
Deno.test("a minority of promises is no lease", () => {
  const bench = leader({ size: 5 });
  assertEquals(grants(promise(bench, "n2", 200)), false);
  assertEquals(grants(promise(bench, "n2", 200)), false);
  assertEquals(grants(promise(bench, "n3", 200)), true);
});

//
Deno.test("a voter that promises nothing, or less, gives no more than that", () => {
  const bench = leader();
  assertEquals(grants(promise(bench, "n2", 200, 0)), false);
  promise(bench, "n2", 200, 300);
  assertEquals([grants(bench.wait(150)), grants(bench.wait(50))], [true, false]);
  // The drift allowed for is that within the own election timeout.
  promise(bench, "n2", 400, 60_000);
  assertEquals(grants(bench.wait(899)), true);
  assertEquals(grants(bench.wait(1)), false);
});

//
Deno.test("without a lease a lease read asks a quorum like any other", () => {
  const bench = leader();
  bench.node.read("a", { lease: true });
  bench.drain().receive("n2", heartbeatAnswer(2, 1));
  assertEquals(bench.grants.map(({ token, proof }) => [token, proof]), [["a", "quorum"]]);
});

//
Deno.test("a read that asks for a quorum gets one, lease or not", () => {
  const bench = promise(leader(), "n2", 200);
  bench.node.read("a");
  assertEquals(bench.drain().grants, []);
  bench.receive("n3", heartbeatAnswer(2, 1));
  assertEquals(bench.grants.map(({ token, proof }) => [token, proof]), [["a", "quorum"]]);
});

//
Deno.test("lease reads are off unless the clocks are vouched for", () => {
  const bench = leader({ timing: {} });
  assertEquals(bench.wait(100).take()[0], "n2 <- heartbeat_request t2 commit=1 round=0");
  assertEquals(grants(promise(bench, "n2", 200)), false);
  const follower = new RaftBench({ term: 3 }).receive(n2, heartbeat(3));
  assertEquals(follower.take(), ["n2 <- heartbeat_response t3 round=0"]);
});

//
Deno.test("no lease before a commit in the leader's own term (L2)", () => {
  const bench = new RaftBench({ term: 1, log: [1], timing }).becomeLeader().sync().wait(200);
  assertEquals(grants(promise(bench, "n2", 200)), false);
  bench.receive("n2", accepted(2, 2));
  assertEquals(grants(bench), true);
});

//
Deno.test("no lease during a hand-over, nor after one that failed: its request may come late", () => {
  const bench = promise(leader(), "n2", 200);
  bench.node.propose(new Uint8Array(1));
  bench.node.transferLeadership(n2);
  assertEquals(grants(bench.drain()), false);
  bench.sync().receive("n2", accepted(2, 2));
  assertEquals(bench.take().includes("n2 <- timeout_now t2"), true);
  for (let at = 300; at < 1_600; at += 100) promise(bench.wait(100), "n2", at);
  assertEquals([bench.node.isHandingOver, grants(bench)], [false, false]);
});

//
Deno.test("a hand-over that never asked anyone to campaign costs no lease", () => {
  const bench = promise(leader(), "n2", 200);
  bench.node.propose(new Uint8Array(1));
  bench.node.transferLeadership(n2);
  bench.drain().sync();
  for (let at = 300; at < 1_600; at += 100) promise(bench.wait(100), "n2", at);
  assertEquals([bench.node.isHandingOver, grants(bench)], [false, true]);
});

//
Deno.test("a leader that was paused past its lease does not serve by it", () => {
  const bench = promise(leader(), "n2", 200);
  bench.node.tick({ monotonicMs: bench.nowMs + 901, wallMs: bench.nowMs + 901 });
  assertEquals(grants(bench), false);
});

//
Deno.test("a wall clock that ran ahead shows that the machine was suspended: no lease", () => {
  const bench = promise(leader(), "n2", 200);
  const { nowMs } = bench;
  for (const aheadMs of [60, 100, 101]) {
    bench.node.tick({ monotonicMs: nowMs + 1, wallMs: nowMs + 1 + aheadMs });
    assertEquals(grants(bench), aheadMs <= 100);
  }
  promise(bench, "n2", 200);
  assertEquals(grants(bench), false, "what was asked before the suspension counts for nothing");
  bench.node.tick({ monotonicMs: nowMs + 100, wallMs: nowMs + 100 + 101 });
  promise(bench.drain(), "n2", Math.ceil(bench.nowMs));
  assertEquals(grants(bench), true);
});

//
Deno.test("a voter answers a heartbeat with when it was sent and how long it withholds its vote", () => {
  const bench = new RaftBench({ term: 3, timing }).receive(n2, heartbeat(3, { sentAtMs: 4_321 }));
  assertEquals(bench.take(), ["n2 <- heartbeat_response t3 round=0 sent=4321 withheld=1000"]);
});

//
Deno.test("a leader's heartbeats say when they were sent, since it leads", () => {
  const bench = leader().wait(100);
  assertEquals(bench.take()[0], "n2 <- heartbeat_request t2 commit=1 round=0 sent=300");
});

//
Deno.test("a promised vote is withheld in every later term, and given in a hand-over", () => {
  const bench = promised();
  // Some refusal pulls the voter into a later term; the promise stands.
  bench.receive("n3", preVote(9, false));
  assertEquals(bench.node.term === 9, true);
  bench.wait(900).quiet().receive("n3", preVoteRequest(10, [9, 9]), voteRequest(9, [9, 9]));
  assertEquals(bench.sync().take(), [
    "n3 <- vote_response t9 refused",
    "n3 <- pre_vote_response t9 refused",
  ]);
  bench.receive("n3", voteRequest(9, [9, 9], true)).sync();
  assertEquals(bench.take(), ["n3 <- vote_response t9 granted"]);
});

//
Deno.test("a promised vote is given once the time is over", () => {
  const bench = promised().receive("n3", preVote(9, false)).wait(1_000).quiet();
  bench.receive("n3", voteRequest(9, [9, 9])).sync();
  assertEquals(bench.take().at(-1), "n3 <- vote_response t9 granted");
});

//
Deno.test("a broken link to the leader does not end a promise, nor begin a campaign before it ends", () => {
  const bench = promised();
  bench.node.onPeerDown(n2);
  bench.wait(950).receive("n3", preVoteRequest(4, [9, 9]));
  assertEquals([bench.node.role, bench.take()], ["follower", [
    "n3 <- pre_vote_response t3 refused",
  ]]);
  assertEquals(bench.wait(150).node.role, "pre_candidate");
});

//
Deno.test("a voter that restarts withholds its vote: the run before may have promised it", () => {
  const bench = new RaftBench({ term: 3, log: [1], timing });
  bench.wait(950).receive("n3", preVoteRequest(4, [9, 9]), voteRequest(3, [9, 9]));
  assertEquals(bench.sync().take(), [
    "n3 <- pre_vote_response t3 refused",
    "n3 <- vote_response t3 refused",
  ]);
  bench.wait(50).receive("n3", voteRequest(3, [9, 9])).sync();
  assertEquals(bench.take().at(-1), "n3 <- vote_response t3 granted");
});

//
Deno.test("a voter of a new cluster never promised anything, and votes at once", () => {
  const bench = new RaftBench({ timing }).receive("n3", preVoteRequest(1, [0, 0]));
  assertEquals(bench.take(), ["n3 <- pre_vote_response t1 granted"]);
});

//
Deno.test("a lone voter that restarts leads only when its promise is over", () => {
  const bench = new RaftBench({ size: 1, term: 3, timing });
  while (bench.node.role === "follower") bench.wait(50);
  assertEquals([bench.node.role, bench.nowMs > 1_000], ["candidate", true]);
  assertEquals(bench.sync().node.role, "leader");
});

//
Deno.test("a target of a hand-over campaigns in spite of its promise", () => {
  assertEquals(promised().receive(n2, timeoutNow(3)).node.role, "candidate");
});

Deno.test("a drift that leaves no lease, or none at all, is refused", () => {
  for (const leaseDriftMs of [0, -1, NaN, 1_000]) {
    assertThrows(() => new RaftBench({ timing: { leaseDriftMs } }), RangeError, "leaseDriftMs");
  }
});
