import { assertEquals } from "@std/assert";
import type { LogIndex, NodeId, RaftMessage, Term, Ticket } from "@raftkv/core/raft";
import { OutboxBuilder } from "../../../core/raft/outbox.ts";
import { RaftBench } from "../../support/raft_bench.ts";
import {
  accepted,
  append,
  chunk,
  chunkAnswer,
  describeMessage,
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

const batch = { ticket: 1 as Ticket, hardState: null, entries: [], repairs: [] };

/** Sends one message; says whether it left at once, given what is durable. */
function leavesAtOnce(
  message: RaftMessage,
  kept: { term: number; vote?: boolean; index?: number },
): boolean {
  const outbox = new OutboxBuilder<string>();
  outbox.send("n2" as NodeId, message);
  const claims = {
    term: kept.term as Term,
    vote: kept.vote ?? false,
    index: (kept.index ?? 0) as LogIndex,
  };
  const { now, after } = outbox.takeMessages(claims, batch);
  assertEquals(now.length + after.length, 1);
  return now.length === 1;
}

const meta = snapshot([5, 1]);
const AT_ONCE: readonly RaftMessage[] = [
  preVoteRequest(3, [5, 1]),
  preVote(3, false),
  append(3, { previous: [0, 0] }),
  rejected(3, { index: 5, hint: [0, 0] }),
  heartbeat(3),
  heartbeatAnswer(3),
  chunk(3, { meta }),
  chunkAnswer(3, { index: 5, next: 0 }),
  timeoutNow(3),
];

for (const message of AT_ONCE) {
  // [D-2]
  Deno.test(`a ${message.type} waits for its term, and for nothing else`, () => {
    assertEquals(leavesAtOnce(message, { term: 3 }), true);
    const carriesNoTerm = message.type === "pre_vote_request";
    assertEquals(leavesAtOnce(message, { term: 2 }), carriesNoTerm);
  });
}

// [D-2]
Deno.test("a given pre-vote waits for nothing: its term is the asker's, and nobody's yet", () => {
  assertEquals(leavesAtOnce(preVote(9, true), { term: 2 }), true);
});

for (const message of [voteRequest(3, [5, 1]), vote(3, true)]) {
  // [D-1]
  Deno.test(`a ${message.type} waits for term and vote`, () => {
    assertEquals(leavesAtOnce(message, { term: 2, vote: true }), false);
    assertEquals(leavesAtOnce(message, { term: 3, vote: false }), false);
    assertEquals(leavesAtOnce(message, { term: 3, vote: true }), true);
  });
}

for (const message of [accepted(3, 5), chunkAnswer(3, { index: 5, next: 9, installed: true })]) {
  // [D-3]
  Deno.test(`a ${message.type} waits for the entries it speaks of`, () => {
    assertEquals(leavesAtOnce(message, { term: 3, index: 4 }), false);
    assertEquals(leavesAtOnce(message, { term: 2, index: 5 }), false);
    assertEquals(leavesAtOnce(message, { term: 3, index: 5 }), true);
  });
}

// [D-5]
Deno.test("what waits for a batch that cannot begin yet is kept for the next", () => {
  const outbox = new OutboxBuilder<string>();
  const kept = { term: 3 as Term, vote: true, index: 0 as LogIndex };
  outbox.send("n2" as NodeId, accepted(3, 5));
  assertEquals(outbox.takeMessages(kept, null), { now: [], after: [] });
  assertEquals(outbox.takeMessages(kept, batch).after.length, 1);
  assertEquals(outbox.takeMessages(kept, batch).after.length, 0);
});

// [D-5]
Deno.test("a later term makes promises of earlier ones void", () => {
  const outbox = new OutboxBuilder<string>();
  outbox.send("n2" as NodeId, accepted(3, 5));
  outbox.send("n2" as NodeId, vote(4, true));
  outbox.dropOlderThan(4 as Term);
  const kept = { term: 4 as Term, vote: false, index: 0 as LogIndex };
  const { after } = outbox.takeMessages(kept, batch);
  assertEquals(after.map(({ message }) => describeMessage(message)), ["vote_response t4 granted"]);
});

// [D-5]
Deno.test("acknowledgements that wait for one batch leave as one, the highest", () => {
  const outbox = new OutboxBuilder<string>();
  for (const index of [5, 7, 6]) outbox.send("n2" as NodeId, accepted(3, index));
  outbox.send("n3" as NodeId, accepted(3, 4));
  const kept = { term: 3 as Term, vote: true, index: 0 as LogIndex };
  const { after } = outbox.takeMessages(kept, batch);
  assertEquals(after.map(({ to, message }) => `${to} ${describeMessage(message)}`), [
    "n2 append_accepted t3 match=7",
    "n3 append_accepted t3 match=4",
  ]);
});

// [D-5]
Deno.test("a disk that hangs does not make a follower hoard acknowledgements", () => {
  const bench = new RaftBench({ term: 3 });
  const request = append(3, { previous: [0, 0], entries: [3] });
  for (let turn = 0; turn < 100; turn++) bench.receive("n2", request);
  // One went with the batch, one stands for the 99 that came while it was written.
  assertEquals(bench.sync().take(), [
    "n2 <- append_accepted t3 match=1",
    "n2 <- append_accepted t3 match=1",
  ]);
});

// [D-5]
Deno.test("a disk that hangs does not make a follower hoard answers of any kind", () => {
  const bench = new RaftBench({ term: 3 });
  bench.receive("n2", append(3, { previous: [0, 0], entries: [3] }));
  for (let round = 1; round <= 100; round++) {
    bench.receive("n3", heartbeat(4, { round }), append(4, { previous: [9, 4] }));
  }
  bench.receive("n2", preVoteRequest(4, [9, 9]), preVoteRequest(4, [9, 9]));
  assertEquals(bench.sync().take(), [
    "n2 <- append_accepted t3 match=1",
    "n3 <- heartbeat_response t4 round=100",
    "n3 <- append_rejected t4 at=9 hint=1/3",
    "n2 <- pre_vote_response t4 refused",
  ]);
});

// [D-3]
Deno.test("a follower acknowledges entries only when they are durable (I19)", () => {
  const bench = new RaftBench({ term: 3 });
  bench.receive("n2", append(3, { previous: [0, 0], entries: [3, 3] }));
  assertEquals([bench.take(), bench.node.durableIndex === 0], [[], true]);
  assertEquals(bench.syncOnce().take(), ["n2 <- append_accepted t3 match=2"]);
});

// [D-3]
Deno.test("entries that arrive during a sync are acknowledged after the next one", () => {
  const bench = new RaftBench({ term: 3 });
  bench.receive("n2", append(3, { previous: [0, 0], entries: [3] }));
  bench.receive("n2", append(3, { previous: [1, 3], entries: [3] }));
  assertEquals(bench.syncOnce().take(), ["n2 <- append_accepted t3 match=1"]);
  assertEquals(bench.syncOnce().take(), ["n2 <- append_accepted t3 match=2"]);
});

// [D-2]
Deno.test("a heartbeat is answered while the disk is busy, in a durable term", () => {
  const bench = new RaftBench({ term: 3 });
  bench.receive("n2", append(3, { previous: [0, 0], entries: [3] }), heartbeat(3, { round: 7 }));
  assertEquals(bench.take(), ["n2 <- heartbeat_response t3 round=7"]);
  bench.sync().quiet().receive("n3", heartbeat(4, { round: 8 }));
  assertEquals(bench.take(), []);
  assertEquals(bench.sync().take(), ["n3 <- heartbeat_response t4 round=8"]);
});

// [D-5]
Deno.test("an acknowledgement of a lost term does not wait for the disk of a later one", () => {
  const bench = new RaftBench({ term: 3 });
  bench.receive("n2", append(3, { previous: [0, 0], entries: [3] }));
  bench.receive("n2", append(3, { previous: [1, 3], entries: [3] }));
  bench.receive("n3", append(4, { previous: [0, 0], entries: [4, 4] }));
  assertEquals(bench.sync().take(), [
    "n2 <- append_accepted t3 match=1",
    "n3 <- append_accepted t4 match=2",
  ]);
});

// [C-1]
Deno.test("a leader replicates before its own disk has the entry, and counts it only after", () => {
  const bench = new RaftBench({ size: 3, term: 3 }).becomeLeader();
  bench.receive("n2", accepted(4, 0));
  assertEquals(bench.take().at(-1), "n2 <- append_request t4 prev=0/0 [4] commit=0");
  bench.receive("n2", accepted(4, 1));
  assertEquals(bench.node.commitIndex === 0, true);
  assertEquals(bench.sync().node.commitIndex === 1, true);
});
