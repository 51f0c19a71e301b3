import { assertEquals, assertLess, assertLessOrEqual } from "@std/assert";
import type { NodeId } from "@raftkv/core/raft";
import { RaftBench } from "../../support/raft_bench.ts";
import {
  heartbeat,
  preVote,
  preVoteRequest,
  vote,
  voteRequest,
} from "../../support/raft_messages.ts";

/** A node in term 3 with a log of three entries, the last one of term 2. */
function voter(): RaftBench {
  return new RaftBench({ term: 3, log: [1, 1, 2] });
}

/** How long a node waits before it campaigns, as things stand. */
function patienceMs(bench: RaftBench): number {
  return bench.node.wakeAtMs - bench.nowMs;
}

// [E-10]
Deno.test("a candidate that is refused a vote campaigns again soon, and each time less soon", () => {
  const bench = new RaftBench({ size: 5, term: 3 });
  const waitsMs: number[] = [];
  for (let term = 4; term < 12; term++) {
    while (bench.node.role !== "pre_candidate") bench.wait(10);
    bench.receive("n2", preVote(term, true)).receive("n3", preVote(term, true)).sync();
    assertEquals([bench.node.role, bench.node.term === term], ["candidate", true]);
    bench.receive("n2", vote(term, false)).receive("n3", vote(term, false));
    waitsMs.push(patienceMs(bench));
  }
  const [first = NaN, second = NaN, third = NaN, ...later] = waitsMs;
  assertLessOrEqual(first, 20);
  assertLessOrEqual(second, 80);
  assertLessOrEqual(third, 320);
  for (const ms of later) assertLessOrEqual(ms, 1_000);
  assertLess(320, Math.max(...later));
});

// [E-10]
Deno.test("a ballot that all others lose is repeated soon, too, and a leader ends the haste", () => {
  const bench = voter();
  while (bench.node.role !== "pre_candidate") bench.wait(50);
  bench.receive("n2", preVote(4, true)).sync();
  bench.receive("n2", vote(4, false)).receive("n3", vote(4, false));
  assertEquals(bench.node.role, "follower");
  assertLessOrEqual(patienceMs(bench), 20);
  bench.receive("n3", heartbeat(4));
  assertLessOrEqual(1_000, patienceMs(bench));
});

// [E-14]
Deno.test("a candidate asks again when the link to a voter comes up that has not answered", () => {
  const bench = voter();
  while (bench.node.role !== "pre_candidate") bench.wait(50);
  bench.receive("n2", preVote(4, true)).sync().quiet();
  bench.node.onPeerUp("n3" as NodeId);
  bench.node.onPeerUp("n9" as NodeId);
  assertEquals(bench.drain().take(), ["n3 <- vote_request t4 last=3/2"]);
  bench.receive("n3", vote(4, false)).node.onPeerUp("n3" as NodeId);
  assertEquals(bench.drain().take(), []);
});

// [D-1]
Deno.test("it does not ask again before its own vote is durable", () => {
  const bench = voter();
  while (bench.node.role !== "pre_candidate") bench.wait(50);
  bench.quiet().receive("n2", preVote(4, true));
  bench.node.onPeerUp("n3" as NodeId);
  assertEquals(bench.drain().take(), []);
  bench.sync();
  assertEquals(bench.take().filter((line) => line.includes("vote_request t4")).length, 3);
});

// [E-14]
Deno.test("a pre-candidate asks again soon after a link came up, and not in step with the other end", () => {
  const bench = voter();
  while (bench.node.role !== "pre_candidate") bench.wait(50);
  bench.quiet().node.onPeerUp("n3" as NodeId);
  assertEquals(bench.drain().take(), []);
  assertLessOrEqual(patienceMs(bench), 5);
  assertEquals(bench.wait(5).take(), [
    "n2 <- pre_vote_request t4 last=3/2",
    "n3 <- pre_vote_request t4 last=3/2",
  ]);
});

// [E-11]
Deno.test("a broken link to the leader starts a pre-vote within a twentieth of a heartbeat", () => {
  const bench = voter().receive("n2", heartbeat(3));
  bench.node.onPeerDown("n2" as NodeId);
  assertEquals(bench.wait(5).node.role, "pre_candidate");
});

// [E-11]
Deno.test("so does a broken link to the candidate that has the vote, before it is heard as leader", () => {
  const bench = voter().receive("n2", voteRequest(4, [3, 2])).sync();
  bench.node.onPeerDown("n3" as NodeId);
  assertEquals(bench.wait(20).node.role, "follower");
  bench.node.onPeerDown("n2" as NodeId);
  assertEquals(bench.wait(5).node.role, "pre_candidate");
});

// [E-11]
Deno.test("a broken link to anyone else is no hint", () => {
  const bench = voter().receive("n2", heartbeat(3));
  bench.node.onPeerDown("n3" as NodeId);
  assertEquals([bench.wait(900).node.role, bench.node.leaderId], ["follower", "n2" as NodeId]);
});

// [E-11]
Deno.test("a wrong hint is harmless: refused, the node hears the leader and follows again", () => {
  const bench = voter().receive("n2", heartbeat(3));
  bench.node.onPeerDown("n2" as NodeId);
  bench.wait(100).receive("n3", preVote(3, false)).receive("n2", heartbeat(3));
  assertEquals([bench.node.role, bench.node.leaderId, bench.node.term === 3], [
    "follower",
    "n2" as NodeId,
    true,
  ]);
});

/** A node that asks for pre-votes, its log as long as that of {@linkcode voter}. */
function preCandidate(id: string): RaftBench {
  const bench = new RaftBench({ id, term: 3, log: [1, 1, 2] });
  while (bench.node.role !== "pre_candidate") bench.wait(50);
  return bench.quiet();
}

// [E-15]
Deno.test("of two pre-candidates that ask each other, the one whose id comes later steps back", () => {
  const later = preCandidate("n3").receive("n2", preVoteRequest(4, [3, 2]));
  assertEquals([later.node.role, later.take()], [
    "follower",
    ["n2 <- pre_vote_response t4 granted"],
  ]);
  later.receive("n2", preVote(4, true));
  assertEquals(later.node.role, "follower");
  const earlier = preCandidate("n1").receive("n2", preVoteRequest(4, [3, 2]));
  assertEquals([earlier.node.role, earlier.take()], [
    "pre_candidate",
    ["n2 <- pre_vote_response t4 granted"],
  ]);
});

// [E-15]
Deno.test("before the id counts the log: the one that is behind steps back", () => {
  assertEquals(preCandidate("n1").receive("n2", preVoteRequest(4, [4, 2])).node.role, "follower");
  const ahead = preCandidate("n3").receive("n2", preVoteRequest(4, [2, 2]));
  assertEquals([ahead.node.role, ahead.take()], [
    "pre_candidate",
    ["n2 <- pre_vote_response t3 refused"],
  ]);
});

// [E-15]
Deno.test("nobody steps back for someone without a vote", () => {
  const bench = preCandidate("n3").receive("n0", preVoteRequest(4, [9, 9]));
  assertEquals(bench.node.role, "pre_candidate");
});

// [E-15]
Deno.test("who stepped back asks again, as soon as after a pre-vote that was not answered", () => {
  const bench = preCandidate("n3").receive("n2", preVoteRequest(4, [3, 2]));
  assertLessOrEqual(patienceMs(bench), 400);
  assertEquals(bench.wait(400).node.role, "pre_candidate");
});
