import { assertEquals } from "@std/assert";
import { type Entry, isLost, type StoredEntry } from "@raftkv/core/raft";
import { RaftBench } from "../../support/raft_bench.ts";
import {
  append,
  configurationEntry,
  entries,
  heartbeat,
  members,
  preVoteRequest,
  rejected,
  snapshot,
  timeoutNow,
  voteRequest,
} from "../../support/raft_messages.ts";

/** Entries of which some are lost to damage. */
function withLost(held: readonly Entry[], lost: readonly number[]): StoredEntry[] {
  return held.map((entry) => {
    const { index, term } = entry;
    return lost.includes(index) ? { kind: "lost", index, term } : entry;
  });
}

/** A node in term 3 whose log has lost entry 2 of four. */
function damaged(): RaftBench {
  return new RaftBench({ term: 3, stored: withLost(entries(0, [1, 2, 2, 3]), [2]) });
}

/** A node in term 3 whose snapshots are all gone: its log begins behind entry 5. */
function stateless(): RaftBench {
  return new RaftBench({ term: 3, base: [5, 2], log: [3, 3] });
}

// [E-13]
//
Deno.test("a node with a lost entry does not campaign, however long it hears nothing (S7)", () => {
  for (const bench of [damaged(), stateless()]) {
    assertEquals([bench.wait(20_000).take(), bench.node.role], [[], "follower"]);
  }
});

// [E-13]
//
Deno.test("asked to take over, a node with a lost entry declines", () => {
  const bench = damaged().receive("n2", heartbeat(3)).sync().quiet();
  bench.receive("n2", timeoutNow(3));
  assertEquals([bench.sync().take(), bench.node.role], [[], "follower"]);
});

// [D-6]
//
Deno.test("a node with a lost entry votes by the last position it knows", () => {
  for (const [last, granted] of [[[3, 2], false], [[4, 3], true]] as const) {
    const bench = damaged().wait(1_000).receive("n2", preVoteRequest(4, last));
    bench.receive("n2", voteRequest(4, last)).sync();
    const votes = bench.take().map((line) => line.endsWith("granted"));
    assertEquals(votes, [granted, granted]);
  }
  const bench = stateless().wait(1_000).receive("n2", voteRequest(4, [7, 3])).sync();
  assertEquals(bench.take(), ["n2 <- vote_response t4 granted"]);
});

// [D-6]
//
Deno.test("an append behind a lost entry is refused with the place before it, and nothing acknowledged", () => {
  const bench = damaged();
  bench.receive("n2", append(3, { previous: [4, 3], entries: [3], commit: 4 })).sync();
  assertEquals(bench.take(), ["n2 <- append_rejected t3 at=4 hint=1/1 damaged"]);
  assertEquals([bench.terms(), bench.committed.length], [[1, 2, 2, 3], 0]);
});

// [D-6]
//
Deno.test("nothing at or behind a lost entry is applied, whatever a leader believes to be held", () => {
  const bench = damaged().receive("n2", heartbeat(3, { commit: 4 }));
  assertEquals(bench.committed.map(({ index }) => Number(index)), [1]);
});

// [D-6]
//
Deno.test("an append that brings the lost entry makes the log whole, and is acknowledged when that is durable", () => {
  const bench = damaged();
  bench.receive("n2", append(3, { previous: [1, 1], entries: [2, 2, 3], commit: 4 }));
  assertEquals(bench.take(), []);
  assertEquals(bench.batch?.repairs.map(({ index }) => Number(index)), [2]);
  assertEquals(bench.batch?.entries, []);
  assertEquals(bench.sync().take(), ["n2 <- append_accepted t3 match=4"]);
  assertEquals([bench.node.repair.isWhole, bench.committed.length], [true, 4]);
});

// [D-7]
Deno.test("a lost entry that another leader's replaces is forgotten, and nothing of it repaired", () => {
  const bench = damaged();
  bench.receive("n2", append(3, { previous: [1, 1], entries: [3, 3] })).sync();
  assertEquals([bench.terms(), bench.node.repair.isWhole], [[1, 3, 3], true]);
  assertEquals(bench.take(), ["n2 <- append_accepted t3 match=3"]);
});

// [D-6]
//
Deno.test("an entry is supplied and restored by index and term alone, without a leader", () => {
  const [first, second, third, fourth] = entries(0, [1, 2, 2, 3]) as [Entry, Entry, Entry, Entry];
  const peer = new RaftBench({ term: 9, stored: withLost([first, second, third], [3]) });
  const bench = new RaftBench({
    term: 3,
    stored: withLost([first, second, third, fourth], [2, 3, 4]),
  });
  assertEquals(bench.node.repair.lost.length, 3);
  const supplied = peer.node.repair.supply(bench.node.repair.lost);
  assertEquals(supplied, [second]);
  assertEquals(bench.node.repair.restore(supplied), true);
  assertEquals(bench.node.repair.restore(supplied), false, "once is enough");
  assertEquals(
    bench.node.repair.restore(entries(0, [1, 1, 1])),
    false,
    "another history's is another's",
  );
  assertEquals(bench.drain().batch?.repairs, [second]);
  assertEquals(bench.node.repair.lost.map(({ index }) => Number(index)), [3, 4]);
});

// [D-7]
//
Deno.test("a lost configuration is in force again once it is had again", () => {
  const joining = configurationEntry([2, 2], members(5));
  const stored = withLost([entries(0, [1])[0]!, joining, ...entries(2, [2])], [2]);
  const bench = new RaftBench({ term: 3, stored });
  assertEquals(bench.node.configuration.voters.length, 3);
  bench.node.repair.restore([joining]);
  assertEquals([bench.node.configuration.voters.length, Number(bench.node.configurationIndex)], [
    5,
    2,
  ]);
});

// [D-7]
Deno.test("what a snapshot covers need not be had again", () => {
  const stored = withLost(entries(0, [1, 1, 1, 1]), [2]);
  const bench = new RaftBench({ term: 3, base: [0, 0], snapshot: snapshot([3, 1]), stored });
  assertEquals([bench.node.repair.isWhole, bench.terms(3), stored.filter(isLost).length], [
    true,
    [1, 1],
    1,
  ]);
  assertEquals(bench.becomeLeader().node.role, "leader");
});

// [D-7]
//
Deno.test("a node without its state refuses every append until it has a snapshot", () => {
  const bench = stateless();
  for (const previous of [[7, 3], [5, 2], [0, 0]] as const) {
    bench.receive("n2", append(3, { previous, entries: previous[0] === 0 ? [1] : [3] }));
    assertEquals(bench.take(), [`n2 <- append_rejected t3 at=${previous[0]} hint=0/0 damaged`]);
  }
  assertEquals([bench.batch, bench.committed], [null, []]);
});

// [D-7]
//
Deno.test("a node without its state takes a snapshot that keeps what it promised, and no older one", () => {
  const bench = stateless();
  const request = (last: readonly [number, number]) => ({
    type: "snapshot_request" as const,
    term: append(3, { previous: [0, 0] }).term,
    chunk: { meta: snapshot(last), offsetBytes: 0, data: new Uint8Array(4) },
  });
  bench.receive("n2", request([4, 2]));
  assertEquals(bench.tasks, []);
  bench.receive("n2", request([6, 3]));
  assertEquals(bench.tasks.map(({ kind }) => kind), ["stage_chunk"]);
  const meta = snapshot([6, 3]);
  bench.node.onChunkStaged("n2" as never, { meta, nextOffsetBytes: 4 });
  bench.drain().node.onInstalled({ meta, ok: true });
  bench.drain();
  assertEquals([bench.node.repair.isWhole, bench.terms(6)], [true, [3, 3]]);
});

// [D-6]
//
Deno.test("a leader counts a damaged follower only as far as it is whole, and feeds it from there", () => {
  const bench = new RaftBench({ term: 1, log: [1, 1] }).becomeLeader().sync();
  bench.receive("n2", { ...rejected(2, { index: 2, hint: [0, 0] }), isDamaged: false }).quiet();
  const accept = { type: "append_accepted", term: bench.node.term, matchIndex: 3 } as never;
  bench.receive("n2", accept).quiet();
  bench.node.onPeerUp("n2" as never);
  bench.drain().quiet();
  bench.receive("n2", rejected(2, { index: 3, hint: [1, 1], isDamaged: true }));
  assertEquals(bench.take(), ["n2 <- append_request t2 prev=1/1 [1,2] commit=3"]);
});

// [D-7]
Deno.test("a leader sends its snapshot to a follower that lost its state, or waits for having one", () => {
  const bare = new RaftBench({ term: 1, log: [1] }).becomeLeader();
  bare.receive("n2", rejected(2, { index: 1, hint: [0, 0], isDamaged: true }));
  assertEquals(bare.take().length, 1);
  bare.receive("n2", rejected(2, { index: 0, hint: [0, 0], isDamaged: true }));
  assertEquals([bare.take(), bare.tasks], [[], []]);
  const bench = new RaftBench({ term: 1, snapshot: snapshot([9, 1]), log: [1] }).becomeLeader();
  bench.receive("n2", rejected(2, { index: 10, hint: [0, 0], isDamaged: true }));
  bench.receive("n2", rejected(2, { index: 9, hint: [0, 0], isDamaged: true }));
  assertEquals(bench.tasks.map(({ kind }) => kind), ["read_chunk"]);
});
