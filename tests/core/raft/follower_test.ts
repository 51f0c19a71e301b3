import { assertEquals, assertThrows } from "@std/assert";
import { InvariantViolation } from "@raftkv/core";
import { RaftBench } from "../../support/raft_bench.ts";
import { append, heartbeat, type Pair } from "../../support/raft_messages.ts";

/** A follower in term 3 with this log. */
function follower(log: readonly number[]): RaftBench {
  return new RaftBench({ term: 3, log });
}

//
Deno.test("entries are taken after a previous entry that matches (§5.3)", () => {
  const bench = follower([1, 2]).receive("n2", append(3, { previous: [2, 2], entries: [3, 3] }));
  assertEquals(bench.sync().take(), ["n2 <- append_accepted t3 match=4"]);
  assertEquals(bench.terms(), [1, 2, 3, 3]);
});

//
Deno.test("a conflicting entry is cut with all after it", () => {
  const bench = follower([1, 2, 2, 2]);
  bench.receive("n2", append(3, { previous: [1, 1], entries: [3, 3] })).sync();
  assertEquals(bench.terms(), [1, 3, 3]);
  assertEquals(bench.take(), ["n2 <- append_accepted t3 match=3"]);
});

//
Deno.test("a shorter old request cuts nothing that agrees (R1)", () => {
  const bench = follower([1, 3, 3, 3]);
  bench.receive("n2", append(3, { previous: [1, 1], entries: [3] }));
  assertEquals([bench.terms(), bench.batch], [[1, 3, 3, 3], null]);
  assertEquals(bench.take(), ["n2 <- append_accepted t3 match=2"]);
});

//
Deno.test("a request that was delivered before is not written again (R1)", () => {
  const bench = follower([1]);
  const request = append(3, { previous: [1, 1], entries: [3, 3] });
  bench.receive("n2", request).sync().receive("n2", request);
  assertEquals(bench.batch, null);
});

// [C-3]
Deno.test("the commit index never passes what this request verified (R2)", () => {
  const bench = follower([1, 2, 2, 2]);
  bench.receive("n2", append(3, { previous: [1, 1], entries: [], commit: 4 }));
  assertEquals([bench.node.commitIndex === 1, bench.committed.length], [true, 1]);
  bench.receive("n2", append(3, { previous: [1, 1], entries: [3], commit: 4 }));
  assertEquals([bench.node.commitIndex === 2, bench.committed.map(({ term }) => term === 3)], [
    true,
    [false, true],
  ]);
});

// [C-4]
Deno.test("the commit index never goes back with an old request", () => {
  const bench = follower([1, 3, 3]);
  bench.receive("n2", append(3, { previous: [3, 3], commit: 3 }));
  bench.receive("n2", append(3, { previous: [1, 1], entries: [3], commit: 1 }));
  assertEquals([bench.node.commitIndex === 3, bench.committed.length], [true, 3]);
});

//
Deno.test("what lies below the commit index is skipped, not compared (R3)", () => {
  const bench = follower([1, 3, 3]);
  bench.receive("n2", append(3, { previous: [3, 3], commit: 3 })).quiet();
  bench.receive("n2", append(3, { previous: [0, 0], entries: [1] }));
  assertEquals([bench.terms(), bench.take()], [[1, 3, 3], ["n2 <- append_accepted t3 match=3"]]);
});

//
Deno.test("a committed entry is never replaced", () => {
  const bench = follower([1, 3]);
  bench.receive("n2", append(3, { previous: [2, 3], commit: 2 }));
  assertThrows(() => bench.receive("n2", heartbeat(3, { commit: 9 })), InvariantViolation);
});

const HINTS: readonly { log: number[]; previous: Pair; hint: string; why: string }[] = [
  { log: [1, 1], previous: [5, 3], hint: "2/1", why: "its end, if it is too short" },
  { log: [1, 2, 2, 2], previous: [4, 3], hint: "4/2", why: "its entry there, if that is older" },
  { log: [1, 1, 3, 3], previous: [4, 2], hint: "2/1", why: "the last of a term not later" },
  { log: [3, 3], previous: [2, 1], hint: "0/0", why: "the beginning, if nothing is" },
];
for (const { log, previous, hint, why } of HINTS) {
  //
  Deno.test(`a follower refuses with the last place that may agree: ${why}`, () => {
    const bench = follower(log).receive("n2", append(3, { previous, entries: [3] }));
    assertEquals(bench.take(), [`n2 <- append_rejected t3 at=${previous[0]} hint=${hint}`]);
    assertEquals([bench.terms(), bench.node.commitIndex === 0], [log, true]);
  });
}

// [E-8]
Deno.test("the leader of a term is known from its first message", () => {
  const bench = follower([1]).receive("n2", heartbeat(4));
  assertEquals([bench.node.leaderId === "n2", bench.node.term === 4], [true, true]);
});

// [C-4]
Deno.test("committed entries are handed over once, in order, in slices", () => {
  const terms = Array.from({ length: 1_100 }, () => 3);
  const bench = follower([]).receive("n2", append(3, { previous: [0, 0], entries: terms }));
  bench.sync().receive("n2", heartbeat(3, { commit: 1_100 }));
  assertEquals(bench.committed.length, 512);
  bench.drain().drain().drain();
  assertEquals(
    bench.committed.map(({ index }) => index === 0 ? 0 : Number(index)),
    [
      ...terms.keys(),
    ].map((at) => at + 1),
  );
});

// [C-4]
Deno.test("after a restart nothing is committed but what a snapshot covers", () => {
  const bench = follower([1, 2, 3]);
  assertEquals([bench.node.commitIndex === 0, bench.drain().committed], [true, []]);
});
