import { assertEquals } from "@std/assert";
import { RaftBench } from "../../support/raft_bench.ts";
import {
  accepted,
  append,
  chunk,
  chunkAnswer,
  heartbeat,
  heartbeatAnswer,
  preVote,
  preVoteRequest,
  rejected,
  snapshot,
  timeoutNow,
  vote,
  voteRequest,
} from "../../support/raft_messages.ts";
import type { NodeId, RaftMessage, Term } from "@raftkv/core/raft";

/** A node in term 3 with a log of three entries, the last one of term 2. */
function voter(votedFor?: string): RaftBench {
  const given = votedFor === undefined ? {} : { votedFor };
  return new RaftBench({ term: 3, log: [1, 1, 2], ...given });
}

// [E-1]
Deno.test("a vote goes to the first candidate of a term and to no other (§5.2)", () => {
  const bench = voter().receive("n2", voteRequest(4, [3, 2]), voteRequest(4, [3, 2])).sync();
  bench.receive("n3", voteRequest(4, [9, 3])).sync();
  assertEquals(bench.take(), [
    "n2 <- vote_response t4 granted",
    "n3 <- vote_response t4 refused",
  ]);
});

// [E-1]
Deno.test("a vote is kept across a restart (I2)", () => {
  const bench = voter("n2").receive("n3", voteRequest(3, [9, 3])).receive(
    "n2",
    voteRequest(3, [3, 2]),
  );
  assertEquals(bench.take(), ["n3 <- vote_response t3 refused", "n2 <- vote_response t3 granted"]);
});

// [E-2]
Deno.test("a vote goes only to a log at least as up to date as the own (§5.4.1)", () => {
  const refused = voter().receive("n2", voteRequest(4, [2, 2])).receive(
    "n3",
    voteRequest(4, [9, 1]),
  );
  assertEquals(refused.sync().take(), [
    "n2 <- vote_response t4 refused",
    "n3 <- vote_response t4 refused",
  ]);
  assertEquals(voter().receive("n2", voteRequest(4, [1, 3])).sync().take(), [
    "n2 <- vote_response t4 granted",
  ]);
});

// [D-1]
Deno.test("term and vote reach the disk in one record before the vote leaves (E1, E4)", () => {
  const bench = voter().receive("n2", voteRequest(4, [3, 2]));
  assertEquals(bench.take(), []);
  assertEquals(JSON.stringify(bench.batch?.hardState), '{"term":4,"votedFor":"n2"}');
  assertEquals(bench.syncOnce().take(), ["n2 <- vote_response t4 granted"]);
});

// [D-1]
Deno.test("a candidate asks for votes only once its own vote is durable (E4)", () => {
  const bench = voter();
  while (bench.node.role !== "pre_candidate") bench.wait(50);
  bench.quiet().receive("n2", preVote(4, true));
  assertEquals([bench.node.role, bench.take()], ["candidate", [] as string[]]);
  assertEquals(bench.sync().take(), [
    "n2 <- vote_request t4 last=3/2",
    "n3 <- vote_request t4 last=3/2",
  ]);
});

// [D-1]
Deno.test("requests for votes that the disk held up do not leave after the candidacy is over", () => {
  const bench = new RaftBench({ term: 2 }).becomeLeader().sync();
  for (let count = 0; count < 2; count++) {
    bench.node.propose(new Uint8Array(1));
    bench.drain();
  }
  while (bench.node.role === "leader") bench.wait(50);
  // One batch is done at last, and the next one is on its way when the candidacy begins.
  bench.wait(950).syncOnce();
  while (bench.node.role === "follower") bench.wait(50);
  bench.receive("n2", preVote(4, true)).quiet();
  assertEquals([bench.node.role, bench.batch?.hardState], ["candidate", null]);
  bench.receive("n3", append(4, { previous: [1, 3], entries: [4] }));
  assertEquals([bench.node.role, bench.terms()], ["follower", [3, 4]]);
  assertEquals(bench.sync().take(), ["n3 <- append_accepted t4 match=2"]);
});

// [E-1]
Deno.test("stepping down inside a term keeps the vote (E7)", () => {
  const bench = voter();
  while (bench.node.role !== "pre_candidate") bench.wait(50);
  bench.receive("n2", preVote(4, true)).sync();
  bench.receive("n2", heartbeat(4));
  assertEquals([bench.node.role, bench.node.votedFor], ["follower", "n1" as NodeId]);
  bench.quiet().receive("n3", voteRequest(4, [9, 9])).sync();
  assertEquals(bench.take(), ["n3 <- vote_response t4 refused"]);
});

// [E-1]
Deno.test("a leader that loses touch steps down inside its term and keeps its vote (E7)", () => {
  const bench = new RaftBench({ term: 3 }).becomeLeader().sync();
  while (bench.node.role === "leader") bench.wait(50);
  bench.quiet().receive("n3", voteRequest(4, [9, 9])).sync();
  assertEquals(bench.take(), ["n3 <- vote_response t4 refused"]);
});

// [E-1] [E-16]
Deno.test("who knows the leader of a term gives no vote in it", () => {
  const bench = voter().receive("n2", heartbeat(3)).quiet();
  bench.receive("n3", voteRequest(3, [9, 9]));
  assertEquals(bench.take(), ["n3 <- vote_response t3 refused"]);
});

// [E-5]
Deno.test("who hears a leader is not drawn into a later term by a candidate (thesis §4.2.3)", () => {
  const bench = voter().receive("n2", heartbeat(3)).quiet();
  bench.wait(900).receive("n3", voteRequest(9, [9, 9]));
  assertEquals([bench.take(), bench.node.term === 3], [[], true]);
  bench.wait(100).receive("n3", voteRequest(9, [9, 9])).sync();
  assertEquals(bench.take().at(-1), "n3 <- vote_response t9 granted");
});

// [E-5] [T-1]
Deno.test("a hand-over is exempt from stickiness (thesis §3.10)", () => {
  const bench = voter().receive("n2", heartbeat(3)).quiet();
  bench.receive("n3", voteRequest(4, [9, 9], true)).sync();
  assertEquals(bench.take(), ["n3 <- vote_response t4 granted"]);
});

// [E-5]
Deno.test("a leader is not deposed by the candidacy of a node that could not hear it", () => {
  const bench = new RaftBench({ term: 3 }).becomeLeader().sync().quiet();
  bench.receive("n3", voteRequest(9, [9, 9]));
  assertEquals([bench.node.role, bench.take()], ["leader", [] as string[]]);
});

// [E-3]
Deno.test("a pre-vote changes nothing at the voter: no term, no vote, no timer (thesis §9.6)", () => {
  const bench = voter();
  const deadlineMs = bench.node.wakeAtMs;
  bench.receive("n2", preVoteRequest(9, [9, 9]));
  assertEquals(bench.take(), ["n2 <- pre_vote_response t9 granted"]);
  assertEquals([bench.node.term === 3, bench.node.votedFor, bench.node.wakeAtMs, bench.batch], [
    true,
    null,
    deadlineMs,
    null,
  ]);
});

// [E-2] [E-5]
Deno.test("a pre-vote is refused for an old log, a term not later, and while a leader is heard", () => {
  const bench = voter().receive("n2", preVoteRequest(4, [2, 2])).receive(
    "n2",
    preVoteRequest(3, [9, 9]),
  );
  bench.receive("n2", preVoteRequest(2, [9, 9]));
  bench.receive("n3", heartbeat(3)).receive("n2", preVoteRequest(4, [9, 9]));
  assertEquals(bench.take().filter((line) => line.startsWith("n2")), [
    "n2 <- pre_vote_response t3 refused",
    "n2 <- pre_vote_response t3 refused",
    "n2 <- pre_vote_response t3 refused",
    "n2 <- pre_vote_response t3 refused",
  ]);
});

// [E-3]
Deno.test("asking for pre-votes does not touch the own term or vote", () => {
  const bench = voter("n2");
  while (bench.node.role !== "pre_candidate") bench.wait(50);
  assertEquals([bench.node.term === 3, bench.node.votedFor, bench.batch], [
    true,
    "n2" as NodeId,
    null,
  ]);
  assertEquals(bench.take(), [
    "n2 <- pre_vote_request t4 last=3/2",
    "n3 <- pre_vote_request t4 last=3/2",
  ]);
});

// [E-6]
Deno.test("a pre-candidate still gives its pre-vote to another (E14)", () => {
  const bench = voter();
  while (bench.node.role !== "pre_candidate") bench.wait(50);
  bench.quiet().receive("n2", preVoteRequest(4, [3, 2]));
  assertEquals(bench.take(), ["n2 <- pre_vote_response t4 granted"]);
});

// [E-6]
Deno.test("a leader that stepped down gives its pre-vote at once (E14)", () => {
  const bench = new RaftBench({ term: 3 }).becomeLeader().sync();
  while (bench.node.role === "leader") bench.wait(50);
  bench.quiet().receive("n2", preVoteRequest(5, [9, 9]));
  assertEquals(bench.take(), ["n2 <- pre_vote_response t5 granted"]);
});

// [E-4]
Deno.test("a refused pre-vote that shows a later term is adopted (E15)", () => {
  const bench = voter();
  while (bench.node.role !== "pre_candidate") bench.wait(50);
  bench.receive("n2", preVote(8, false));
  assertEquals([bench.node.role, bench.node.term === 8, bench.node.votedFor], [
    "follower",
    true,
    null,
  ]);
});

// [E-9]
Deno.test("a late pre-vote for another term is not counted", () => {
  const bench = voter();
  while (bench.node.role !== "pre_candidate") bench.wait(50);
  bench.receive("n2", preVote(3, true)).receive("n2", preVote(9, true));
  assertEquals([bench.node.role, bench.node.term === 3], ["pre_candidate", true]);
});

// [E-9]
Deno.test("a duplicated vote is counted once", () => {
  const bench = new RaftBench({ size: 5, term: 3 });
  while (bench.node.role !== "pre_candidate") bench.wait(50);
  bench.receive("n2", preVote(4, true), preVote(4, true), preVote(4, true));
  assertEquals(bench.node.role, "pre_candidate");
  bench.receive("n3", preVote(4, true)).sync();
  bench.receive("n2", vote(4, true), vote(4, true), vote(4, true));
  assertEquals(bench.node.role, "candidate");
  bench.receive("n4", vote(4, true));
  assertEquals(bench.node.role, "leader");
});

// [E-9]
Deno.test("a vote of an earlier term, and of someone without a vote, is not counted", () => {
  const bench = voter();
  while (bench.node.role !== "pre_candidate") bench.wait(50);
  bench.receive("n2", preVote(4, true)).sync();
  bench.receive("n2", vote(3, true)).receive("n9", vote(4, true));
  assertEquals(bench.node.role, "candidate");
});

// [E-3]
Deno.test("a lost ballot is over; the next one begins with a pre-vote in the same term", () => {
  const bench = voter();
  while (bench.node.role !== "pre_candidate") bench.wait(50);
  bench.receive("n2", preVote(4, true)).sync();
  bench.receive("n2", vote(4, false)).receive("n3", vote(4, false));
  assertEquals(bench.node.role, "follower");
  while (bench.node.role !== "pre_candidate") bench.wait(50);
  assertEquals(bench.node.term === 4, true);
});

// [E-3]
Deno.test("a candidate without answers asks again, without another term for each time", () => {
  const bench = voter();
  while (bench.node.role !== "pre_candidate") bench.wait(50);
  bench.receive("n2", preVote(4, true)).sync().wait(30_000);
  assertEquals([bench.node.role, bench.node.term === 4], ["pre_candidate", true]);
});

const LATER: readonly RaftMessage[] = [
  preVote(9, false),
  vote(9, false),
  append(9, { previous: [0, 0] }),
  accepted(9, 1),
  rejected(9, { index: 1, hint: [0, 0] }),
  heartbeat(9),
  heartbeatAnswer(9),
  chunk(9, { meta: snapshot([9, 9]) }),
  chunkAnswer(9, { index: 1, next: 0 }),
  timeoutNow(9),
];

for (const message of LATER) {
  // [E-7]
  Deno.test(`a later term in a ${message.type} deposes a leader (E21)`, () => {
    const bench = new RaftBench({ term: 3 }).becomeLeader().sync().receive("n2", message);
    assertEquals([bench.node.role, bench.node.term === 9], ["follower", true]);
  });
}

for (
  const message of [
    append(2, { previous: [3, 2] }),
    heartbeat(2),
    chunk(2, { meta: snapshot([9, 1]) }),
  ]
) {
  // [E-7]
  Deno.test(`the sender of a ${message.type} of an earlier term learns that its time is over`, () => {
    const bench = voter().receive("n2", message);
    assertEquals(bench.take(), ["n2 <- append_rejected t3 at=3 hint=3/2"]);
    assertEquals([bench.node.leaderId, bench.node.lastIndex === 3], [null, true]);
  });
}

// [E-7]
Deno.test("old answers and an old request to campaign change nothing", () => {
  const bench = new RaftBench({ term: 3, log: [1] }).becomeLeader().sync().quiet();
  bench.receive("n2", accepted(3, 2), heartbeatAnswer(3, 9), vote(3, true), preVote(3, true));
  bench.receive("n2", rejected(3, { index: 1, hint: [0, 0] }), timeoutNow(3));
  assertEquals([bench.node.role, bench.node.commitIndex === 0, bench.take()], [
    "leader",
    true,
    [] as string[],
  ]);
});

// [T-1]
Deno.test("only the leader of the term can ask to campaign", () => {
  const bench = voter().receive("n2", heartbeat(3)).quiet().receive("n3", timeoutNow(3));
  assertEquals(bench.node.role, "follower");
  bench.receive("n2", timeoutNow(3)).sync();
  assertEquals([bench.node.role, bench.node.term === 4], ["candidate", true]);
});

// [E-8]
Deno.test("a rejected append keeps a follower quiet like an accepted one (E17)", () => {
  const bench = voter();
  for (let waited = 0; waited < 5_000; waited += 500) {
    bench.receive("n2", append(3, { previous: [9, 3] })).wait(500);
  }
  assertEquals([bench.node.role, bench.node.leaderId], ["follower", "n2" as NodeId]);
});

// [E-13]
Deno.test("a node whose disk hangs does not campaign", () => {
  const bench = voter().receive("n2", append(3, { previous: [3, 2], entries: [3] }));
  assertEquals(bench.wait(20_000).node.role, "follower");
  bench.sync();
  while (bench.node.role === "follower") bench.wait(50);
  assertEquals(bench.node.role, "pre_candidate");
});

// [C-1] [E-17]
Deno.test("alone, a node leads when its disk has its vote, and commits when it has the entry (R10)", () => {
  const bench = new RaftBench({ size: 1 }).wait(1);
  assertEquals([bench.node.role, bench.node.commitIndex === 0], ["candidate", true]);
  bench.syncOnce();
  assertEquals([bench.node.role, bench.node.commitIndex === 0], ["leader", true]);
  bench.syncOnce();
  assertEquals(bench.node.commitIndex === 1, true);
});

// [E-17]
for (const size of [1, 3]) {
  Deno.test(`a disk that is slow to keep the vote of a candidate of ${size} sees one campaign, not ever more`, () => {
    const bench = new RaftBench({ size });
    while (bench.node.role === "follower") bench.wait(50);
    if (size > 1) {
      bench.receive("n2", {
        type: "pre_vote_response",
        term: bench.node.term + 1 as Term,
        granted: true,
      });
    }
    const { term } = bench.node;
    bench.wait(900);
    assertEquals([bench.node.role, bench.node.term], ["candidate", term]);
    bench.syncOnce();
    if (size > 1) bench.receive("n2", { type: "vote_response", term, granted: true });
    assertEquals([bench.node.role, bench.node.term], ["leader", term]);
  });
}
