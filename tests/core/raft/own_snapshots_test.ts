// Followers that lost the state before their log, and need a snapshot that the leader has not made yet.

import { assertEquals } from "@std/assert";
import { DEFAULT_TIMING, type LogIndex } from "@raftkv/core/raft";
import { RaftBench } from "../../support/raft_bench.ts";
import {
  accepted,
  append,
  chunk,
  chunkAnswer,
  heartbeatAnswer,
  rejected,
  snapshot,
} from "../../support/raft_messages.ts";

/** Whether a snapshot at `index` would help anyone. */
function isNeeded({ node }: RaftBench, index: number): boolean {
  return node.snapshotDemandAt(index as LogIndex).isNeeded;
}

function offered({ tasks }: RaftBench): number[] {
  return tasks.splice(0).map((task) =>
    task.kind === "read_chunk" ? Number(task.meta.last.index) : NaN
  );
}

/** A leader in term 2 with a snapshot at 9 and a log up to 13, of which n2 lost everything before 11. */
function leaderWithHelpless(): RaftBench {
  const bench = new RaftBench({ term: 1, snapshot: snapshot([9, 1]), log: [1, 1, 1] });
  bench.becomeLeader().sync();
  bench.receive("n2", rejected(2, { index: 12, hint: [0, 0], isDamaged: true }));
  bench.receive("n2", rejected(2, { index: 9, hint: [0, 0], isDamaged: true }));
  assertEquals(offered(bench), [9]);
  return bench.receive("n2", chunkAnswer(2, { index: 11, next: 0 })).quiet();
}

//
Deno.test("a follower whose log begins behind the offered snapshot says which one would help", () => {
  const bench = new RaftBench({ term: 3, base: [5, 2], log: [3, 3] });
  bench.receive("n2", chunk(3, { meta: snapshot([4, 2]) }));
  assertEquals(bench.take(), ["n2 <- snapshot_response t3 index=5 next=0"]);
});

//
Deno.test("a snapshot that reaches the follower's log is needed, and given as soon as there is one", () => {
  const bench = leaderWithHelpless();
  assertEquals([10, 11, 12].map((index) => isNeeded(bench, index)), [false, true, true]);
  bench.node.onSnapshotSaved(snapshot([10, 1]));
  bench.drain();
  assertEquals(
    [offered(bench), isNeeded(bench, 12)],
    [[], true],
    "that one does not reach it either",
  );
  bench.node.onSnapshotSaved(snapshot([12, 1]));
  bench.drain();
  assertEquals([offered(bench), isNeeded(bench, 13)], [[12], false]);
});

//
Deno.test("a follower that refuses a snapshot is sent the newest if that reaches its log", () => {
  const bench = leaderWithHelpless();
  bench.receive("n3", accepted(2, 13));
  bench.node.onSnapshotSaved(snapshot([13, 2]));
  bench.drain();
  offered(bench);
  bench.receive("n2", chunkAnswer(2, { index: 11, next: 0 }));
  assertEquals([offered(bench), isNeeded(bench, 13)], [[], false], "an answer to the one before");
});

//
Deno.test("a leader without any snapshot makes one for a follower that lost its state", () => {
  const bench = new RaftBench({ term: 1, log: [1] }).becomeLeader().sync();
  bench.receive("n2", rejected(2, { index: 1, hint: [0, 0], isDamaged: true }));
  assertEquals(isNeeded(bench, 1), false);
  bench.receive("n2", rejected(2, { index: 0, hint: [0, 0], isDamaged: true }));
  assertEquals([0, 1].map((index) => isNeeded(bench, index)), [false, true]);
  bench.node.onSnapshotSaved(snapshot([1, 1]));
  bench.drain();
  assertEquals(offered(bench), [1]);
});

//
Deno.test("one for which there was no room is tried again after a while, not with every answer", () => {
  const bench = leaderWithHelpless();
  bench.node.onSnapshotFailed();
  bench.receive("n2", chunkAnswer(2, { index: 11, next: 0 }));
  assertEquals(isNeeded(bench, 12), false);
  const startMs = bench.nowMs;
  while (!isNeeded(bench, 12)) bench.receive("n3", heartbeatAnswer(2)).wait(50);
  assertEquals((bench.nowMs - startMs) / DEFAULT_TIMING.electionTimeoutMsMin, 16);
});

//
Deno.test("nobody waits for a snapshot any more who acknowledges entries", () => {
  const bench = leaderWithHelpless();
  bench.receive("n2", accepted(2, 12));
  assertEquals(isNeeded(bench, 12), false);
});

//
Deno.test("a node that does not lead makes no snapshots for others", () => {
  const bench = leaderWithHelpless();
  bench.receive("n3", append(3, { previous: [12, 1], entries: [3] }));
  assertEquals(isNeeded(bench, 12), false);
});
