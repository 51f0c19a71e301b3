import { assertEquals } from "@std/assert";
import type { RaftMessage } from "@raftkv/core/raft";
import { RaftBench } from "../../support/raft_bench.ts";
import {
  accepted,
  append,
  chunk,
  chunkAnswer,
  heartbeat,
  heartbeatAnswer,
  preVote,
  rejected,
  snapshot,
  vote,
} from "../../support/raft_messages.ts";

const LATER = 9;

const ANSWERS: readonly RaftMessage[] = [
  preVote(LATER, false),
  vote(LATER, false),
  vote(LATER, true),
  accepted(LATER, 1),
  rejected(LATER, { index: 1, hint: [1, 1] }),
  heartbeatAnswer(LATER),
  chunkAnswer(LATER, { index: 1, next: 0 }),
];

Deno.test("an answer of a later term ends a leadership, whatever it says (E21)", () => {
  for (const answer of ANSWERS) {
    const bench = new RaftBench().becomeLeader().sync().receive("n2", answer);
    const { leaderId, role, term } = bench.node;
    assertEquals({ leaderId, role, term }, { leaderId: null, role: "follower", term: LATER });
  }
});

Deno.test("a request of a later term's leader is followed at once", () => {
  const meta = snapshot([1, 1]);
  for (
    const request of [append(LATER, { previous: [0, 0] }), heartbeat(LATER), chunk(LATER, { meta })]
  ) {
    const bench = new RaftBench().becomeLeader().sync().receive("n2", request);
    const { leaderId, role, term } = bench.node;
    assertEquals({ leaderId, role, term }, { leaderId: "n2", role: "follower", term: LATER });
  }
});

Deno.test("a granted pre-vote takes nobody into the term that it was asked about", () => {
  const bench = new RaftBench().becomeLeader().sync().receive("n2", preVote(LATER, true));
  assertEquals([bench.node.role, bench.node.term], ["leader", 1]);
});
