import { assertEquals } from "@std/assert";
import type { LogIndex, NodeId } from "@raftkv/core/raft";
import { RaftBench } from "../../support/raft_bench.ts";
import {
  accepted,
  append,
  chunk,
  chunkAnswer,
  heartbeat,
  heartbeatAnswer,
  type Pair,
  rejected,
  snapshot,
  voteRequest,
} from "../../support/raft_messages.ts";

const n2 = "n2" as NodeId;

/** A leader in term 2 whose log begins after a snapshot at 10, and which n2 asks for entry 4. */
function leaderWithLaggard(sizeBytes = 4): RaftBench {
  const meta = snapshot([10, 1], sizeBytes);
  const bench = new RaftBench({ term: 1, snapshot: meta, log: [1, 1] }).becomeLeader();
  bench.receive("n2", rejected(2, { index: 12, hint: [3, 1] }));
  return bench.receive("n2", rejected(2, { index: 10, hint: [3, 1] })).quiet();
}

function isOlderOnItsWay({ node }: RaftBench): boolean {
  return node.snapshotDemandAt(node.commitIndex).isOlderOnItsWay;
}

/** Answers the oldest `read_chunk` task as storage would. */
function readChunk(bench: RaftBench, bytes = 2): RaftBench {
  const task = bench.tasks.shift();
  if (task?.kind !== "read_chunk") throw new Error(`Expected a read: ${task?.kind}`);
  const { to, meta, offsetBytes } = task;
  const data = new Uint8Array(Math.min(bytes, meta.sizeBytes - offsetBytes));
  bench.node.onChunkRead(to, { index: meta.last.index, chunk: { meta, offsetBytes, data } });
  return bench.drain();
}

/** A follower in term 2, log of five entries of term 1, to which a whole snapshot was staged. */
function followerWithStaged(last: Pair): RaftBench {
  const bench = new RaftBench({ term: 2, log: [1, 1, 1, 1, 1] });
  const meta = snapshot(last);
  bench.receive("n2", chunk(2, { meta })).quiet();
  bench.tasks = [];
  bench.node.onChunkStaged(n2, { meta, nextOffsetBytes: meta.sizeBytes });
  return bench.drain();
}

// [S-1]
Deno.test("a follower that needs entries which are gone gets the snapshot, chunk by chunk", () => {
  const bench = leaderWithLaggard();
  assertEquals(readChunk(bench).take(), ["n2 <- snapshot_request t2 last=10/1 offset=0"]);
  bench.receive("n2", chunkAnswer(2, { index: 10, next: 2 }));
  assertEquals(readChunk(bench).take(), ["n2 <- snapshot_request t2 last=10/1 offset=2"]);
  bench.receive("n2", chunkAnswer(2, { index: 10, next: 4, installed: true }));
  assertEquals(bench.take().map((line) => line.slice(0, 38)), [
    "n2 <- append_request t2 prev=10/1 [1,1",
  ]);
});

// [S-2]
Deno.test("a chunk that was lost is sent again within an election timeout", () => {
  const bench = leaderWithLaggard().sync();
  readChunk(bench).take();
  for (let waited = 0; waited < 1_000; waited += 50) {
    bench.receive("n2", heartbeatAnswer(2)).receive("n3", heartbeatAnswer(2)).wait(50);
  }
  bench.quiet();
  assertEquals(readChunk(bench).take(), ["n2 <- snapshot_request t2 last=10/1 offset=0"]);
});

// [S-2]
Deno.test("a chunk that stays unanswered is sent again less and less often: the link may be slow", () => {
  const bench = leaderWithLaggard().sync();
  let sent = 0;
  const sentDuring = (ms: number) => {
    const before = sent;
    for (let waited = 0; waited < ms; waited += 50) {
      bench.receive("n2", heartbeatAnswer(2)).receive("n3", heartbeatAnswer(2)).wait(50);
      for (; bench.tasks.length > 0; sent++) readChunk(bench);
    }
    return sent - before;
  };
  assertEquals([900, 2_000, 4_000, 4_000, 4_000].map(sentDuring), [1, 1, 1, 1, 1]);
  bench.receive("n2", chunkAnswer(2, { index: 10, next: 2 }));
  assertEquals(sentDuring(1_900), 2, "an answer makes it impatient again");
});

// [S-2]
Deno.test("a link that comes back resumes the snapshot at once, at the byte that is wanted", () => {
  const bench = leaderWithLaggard();
  readChunk(bench);
  bench.receive("n2", chunkAnswer(2, { index: 10, next: 2 }));
  readChunk(bench).quiet();
  bench.node.onPeerUp(n2);
  bench.drain();
  assertEquals(readChunk(bench).take(), ["n2 <- snapshot_request t2 last=10/1 offset=2"]);
});

// [S-3]
Deno.test("a snapshot that was replaced while it was sent starts over with the newest", () => {
  const bench = leaderWithLaggard();
  bench.node.onSnapshotSaved(snapshot([12, 1]));
  bench.tasks = [];
  bench.node.onChunkRead(n2, { index: 10 as LogIndex, chunk: null });
  bench.drain();
  assertEquals(readChunk(bench).take(), ["n2 <- snapshot_request t2 last=12/1 offset=0"]);
});

// [S-3]
Deno.test("a leader knows that a follower which is there is being sent an older snapshot", () => {
  const bench = leaderWithLaggard().sync();
  assertEquals(isOlderOnItsWay(bench), false);
  bench.node.onSnapshotSaved(snapshot([11, 1]));
  assertEquals(isOlderOnItsWay(bench), true);
  for (let waited = 0; waited < 1_000; waited += 50) {
    bench.receive("n3", heartbeatAnswer(2)).wait(50);
  }
  assertEquals(isOlderOnItsWay(bench), false, "whoever is gone puts nothing off");
});

// [S-1]
Deno.test("a late answer about another snapshot moves nothing", () => {
  const bench = leaderWithLaggard();
  bench.receive("n2", chunkAnswer(2, { index: 7, next: 4, installed: true }));
  assertEquals(bench.take(), []);
});

// [S-1]
Deno.test("a stale offset is put right by the follower, not believed for ever", () => {
  const bench = leaderWithLaggard(6).sync();
  readChunk(bench);
  bench.receive("n2", chunkAnswer(2, { index: 10, next: 4 }));
  readChunk(bench);
  bench.receive("n2", chunkAnswer(2, { index: 10, next: 2 })).quiet();
  assertEquals(bench.tasks, [], "it may be a late answer: the next chunk has its time");
  for (let waited = 0; waited < 1_000; waited += 50) {
    bench.receive("n2", heartbeatAnswer(2)).receive("n3", heartbeatAnswer(2)).wait(50);
  }
  bench.quiet();
  assertEquals(readChunk(bench).take(), ["n2 <- snapshot_request t2 last=10/1 offset=2"]);
  bench.receive("n2", chunkAnswer(2, { index: 10, next: 4 }));
  assertEquals(readChunk(bench).take(), ["n2 <- snapshot_request t2 last=10/1 offset=4"]);
});

Deno.test("answers that a network repeats beget no further chunks, else they would multiply", () => {
  const bench = leaderWithLaggard(6);
  readChunk(bench);
  const answer = chunkAnswer(2, { index: 10, next: 2 });
  bench.receive("n2", answer);
  readChunk(bench).quiet();
  for (let copy = 0; copy < 3; copy++) bench.receive("n2", answer);
  assertEquals(bench.tasks, []);
});

// [S-1]
Deno.test("each staged chunk is answered with the byte that is wanted next", () => {
  const bench = new RaftBench({ term: 2 });
  const meta = snapshot([9, 1]);
  bench.receive("n2", chunk(2, { meta, bytes: 2 })).quiet();
  bench.node.onChunkStaged(n2, { meta, nextOffsetBytes: 2 });
  assertEquals(bench.drain().take(), ["n2 <- snapshot_response t2 index=9 next=2"]);
});

// [S-5]
Deno.test("an installed snapshot replaces a log that does not hold its last entry", () => {
  const bench = followerWithStaged([9, 2]);
  assertEquals(bench.tasks.map(({ kind }) => kind), ["install"]);
  bench.node.onInstalled({ meta: snapshot([9, 2]), ok: true });
  assertEquals(bench.drain().take(), ["n2 <- snapshot_response t2 index=9 installed"]);
  const { node } = bench;
  assertEquals([node.lastIndex, node.commitIndex, node.durableIndex, node.snapshotIndex], [
    9,
    9,
    9,
    9,
  ]);
});

// [S-5]
Deno.test("entries after an installed snapshot stay if the log holds its last entry (§7, step 6)", () => {
  const bench = followerWithStaged([3, 1]);
  bench.node.onInstalled({ meta: snapshot([3, 1]), ok: true });
  bench.drain();
  assertEquals([bench.node.lastIndex, bench.node.commitIndex, bench.node.durableIndex], [5, 3, 5]);
  assertEquals(bench.terms(3), [1, 1, 1]);
});

// [S-5]
Deno.test("entries after an installed snapshot go if the log diverges from it", () => {
  const bench = followerWithStaged([3, 2]);
  bench.node.onInstalled({ meta: snapshot([3, 2]), ok: true });
  bench.drain();
  assertEquals([bench.node.lastIndex, bench.node.commitIndex, bench.node.durableIndex], [3, 3, 3]);
  assertEquals(bench.terms(3), [2]);
});

// [S-4]
Deno.test("a snapshot with damaged bytes changes nothing and is asked for anew", () => {
  const bench = followerWithStaged([9, 1]);
  bench.node.onInstalled({ meta: snapshot([9, 1]), ok: false });
  assertEquals(bench.drain().take(), ["n2 <- snapshot_response t2 index=9 next=0"]);
  assertEquals([bench.node.lastIndex, bench.node.commitIndex], [5, 0]);
  bench.receive("n2", append(2, { previous: [5, 1], entries: [2], commit: 5 })).sync();
  assertEquals(bench.take(), ["n2 <- append_accepted t2 match=6"]);
});

// [S-9]
Deno.test("storage never installs while a batch is on its way, and writes none while it installs", () => {
  const bench = new RaftBench({ term: 2 });
  const meta = snapshot([9, 1]);
  bench.receive("n2", append(2, { previous: [0, 0], entries: [1] }));
  bench.receive("n2", chunk(2, { meta }));
  bench.tasks = [];
  bench.node.onChunkStaged(n2, { meta, nextOffsetBytes: 4 });
  assertEquals(bench.drain().tasks, []);
  assertEquals(bench.syncOnce().tasks.map(({ kind }) => kind), ["install"]);
  bench.receive("n3", voteRequest(5, [9, 9], true));
  assertEquals(bench.batch, null);
  bench.node.onInstalled({ meta, ok: true });
  assertEquals(bench.drain().batch?.hardState?.term === 5, true);
});

// [S-9]
Deno.test("while a snapshot is installed appends are ignored and the commit index rests", () => {
  const bench = followerWithStaged([9, 1]);
  bench.receive("n2", append(2, { previous: [5, 1], entries: [2], commit: 6 }));
  bench.receive("n2", heartbeat(2, { commit: 5 }));
  assertEquals(bench.take(), ["n2 <- heartbeat_response t2 round=0"]);
  assertEquals([bench.node.lastIndex, bench.node.commitIndex], [5, 0]);
});

// [E-13]
Deno.test("a node whose log is being replaced does not campaign", () => {
  const bench = followerWithStaged([9, 1]);
  assertEquals(bench.wait(10_000).node.role, "follower");
});

// [S-9]
Deno.test("a term that changes during an installation does not disturb it", () => {
  const bench = followerWithStaged([9, 1]);
  bench.receive("n3", heartbeat(4)).quiet();
  bench.node.onInstalled({ meta: snapshot([9, 1]), ok: true });
  bench.drain().sync();
  assertEquals(bench.node.commitIndex, 9);
  assertEquals(bench.take().includes("n2 <- snapshot_response t4 index=9 installed"), true);
});

// [S-9]
Deno.test("a snapshot staged for a follower is not installed under a node that leads by then", () => {
  const bench = new RaftBench({ term: 1, log: [1, 1, 1, 1, 1] });
  const meta = snapshot([3, 1]);
  bench.receive("n2", chunk(1, { meta })).becomeLeader();
  bench.node.onChunkStaged(n2, { meta, nextOffsetBytes: 4 });
  bench.drain();
  assertEquals([bench.node.role, bench.node.isInstalling], ["leader", false]);
  assertEquals(bench.tasks.filter(({ kind }) => kind === "install"), []);
});

// [D-3]
Deno.test("a follower says installed only of what its disk holds", () => {
  const bench = new RaftBench({ term: 2 });
  bench.receive("n2", append(2, { previous: [0, 0], entries: [1, 1, 1], commit: 3 }));
  bench.quiet().receive("n2", chunk(2, { meta: snapshot([3, 1]) }));
  assertEquals(bench.take(), []);
  assertEquals(bench.sync().take(), [
    "n2 <- append_accepted t2 match=3",
    "n2 <- snapshot_response t2 index=3 installed",
  ]);
});

// [S-9]
Deno.test("committed entries that wait for an installation ask for no further turns", () => {
  const bench = new RaftBench({ term: 2 });
  const terms = Array.from({ length: 600 }, () => 2);
  bench.receive("n2", append(2, { previous: [0, 0], entries: terms })).sync();
  const meta = snapshot([700, 2]);
  bench.receive("n2", chunk(2, { meta }));
  bench.node.step(n2, heartbeat(2, { commit: 600 }));
  bench.node.onChunkStaged(n2, { meta, nextOffsetBytes: 4 });
  assertEquals(bench.node.drain().hasMore, false);
});

// [S-8]
Deno.test("an append right at the boundary of a snapshot is accepted (R5)", () => {
  const bench = new RaftBench({ term: 2, snapshot: snapshot([9, 1]) });
  bench.receive("n2", append(2, { previous: [9, 1], entries: [2] })).sync();
  assertEquals(bench.take(), ["n2 <- append_accepted t2 match=10"]);
});

// [S-8]
Deno.test("a leader replicates right from the boundary of its snapshot (R5)", () => {
  const bench = new RaftBench({ term: 1, snapshot: snapshot([9, 1]), log: [1] }).becomeLeader();
  bench.receive("n2", rejected(2, { index: 10, hint: [9, 1] }));
  assertEquals(bench.take(), ["n2 <- append_request t2 prev=9/1 [1,2] commit=9"]);
});

//
Deno.test("a request from before the snapshot is no conflict (R3)", () => {
  const bench = new RaftBench({ term: 2, snapshot: snapshot([9, 1]), log: [1, 1] });
  bench.receive("n2", append(2, { previous: [4, 1], entries: [1, 1, 1] })).sync();
  assertEquals(bench.take(), ["n2 <- append_accepted t2 match=9"]);
  bench.receive("n2", append(2, { previous: [4, 1], entries: [1, 1, 1, 1, 1, 1, 2] })).sync();
  assertEquals(bench.take(), ["n2 <- append_accepted t2 match=11"]);
  assertEquals(bench.terms(9), [1, 1, 2]);
});

/** Whether the leader still holds what comes after each of these places. */
function held(bench: RaftBench, indexes: readonly number[]): boolean[] {
  return indexes.map((index) => bench.node.termAt(index as LogIndex) !== null);
}

// [S-10]
Deno.test("of what the newest snapshot covers, memory keeps the last bytes alone", () => {
  const bench = new RaftBench({ term: 1, log: [1, 1, 1, 1, 1, 1] });
  bench.node.compact(0 as LogIndex, 70);
  assertEquals(held(bench, [0]), [true]);
  bench.node.onSnapshotSaved(snapshot([5, 1]));
  bench.node.compact(0 as LogIndex, 70);
  assertEquals(held(bench, [2, 3, 5, 6]), [false, true, true, true]);
});

// [S-10]
Deno.test("what a follower needs that is behind, or is being sent a snapshot, stays in memory", () => {
  const bench = new RaftBench({ term: 1, log: [1, 1, 1, 1, 1, 1] }).becomeLeader().sync();
  bench.receive("n2", accepted(2, 7)).receive("n3", accepted(2, 2));
  bench.node.onSnapshotSaved(snapshot([5, 1]));
  bench.node.compact(0 as LogIndex, 0);
  assertEquals(held(bench, [1, 2]), [false, true]);
  bench.receive("n3", accepted(2, 7));
  bench.node.compact(0 as LogIndex, 0);
  assertEquals(held(bench, [4, 5]), [false, true]);

  const laggard = leaderWithLaggard();
  laggard.receive("n3", accepted(2, 13));
  laggard.node.onSnapshotSaved(snapshot([12, 1]));
  laggard.node.compact(0 as LogIndex, 0);
  assertEquals(held(laggard, [10, 12]), [true, true]);
});
