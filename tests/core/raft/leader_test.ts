import { assertEquals, assertThrows } from "@std/assert";
import { InvariantViolation } from "@raftkv/core";
import type { NodeId } from "@raftkv/core/raft";
import { type BenchOptions, RaftBench } from "../../support/raft_bench.ts";
import {
  accepted,
  append,
  entries,
  heartbeat,
  heartbeatAnswer,
  rejected,
  snapshot,
} from "../../support/raft_messages.ts";

const payload = new Uint8Array(8);

/** A leader whose own disk is done. */
function leader(options: BenchOptions): RaftBench {
  return new RaftBench(options).becomeLeader().sync().quiet();
}

/** A leader in term 2 whose no-op at 1 is committed and whose followers replicate. */
function settled(options: BenchOptions = {}): RaftBench {
  const bench = leader({ term: 1, ...options });
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

//
Deno.test("a new leader begins with a no-op of its own term (§8)", () => {
  const bench = new RaftBench({ term: 1, log: [1] }).becomeLeader();
  assertEquals(bench.batch?.entries.map(({ kind, term }) => `${kind} ${term}`), ["noop 2"]);
});

// [C-2]
Deno.test("an entry of an earlier term is not committed by counting (§5.4.2, E11)", () => {
  const bench = leader({ term: 3, log: [1, 2] });
  bench.receive("n2", accepted(4, 2)).receive("n3", accepted(4, 2));
  assertEquals(bench.node.commitIndex === 0, true);
  bench.receive("n2", accepted(4, 3));
  assertEquals([bench.node.commitIndex === 3, bench.committed.length], [true, 3]);
});

// [C-1]
Deno.test("an entry is committed by a majority of disks, the leader's among them", () => {
  const bench = leader({ size: 5, term: 3 });
  bench.receive("n2", accepted(4, 1));
  assertEquals(bench.node.commitIndex === 0, true);
  bench.receive("n3", accepted(4, 1));
  assertEquals(bench.node.commitIndex === 1, true);
});

// [C-1]
Deno.test("the leader's own disk counts only once it has the entry (R10)", () => {
  const bench = new RaftBench({ term: 3 }).becomeLeader().receive("n2", accepted(4, 1));
  assertEquals(bench.node.commitIndex === 0, true);
  bench.receive("n3", accepted(4, 1));
  assertEquals(bench.node.commitIndex === 1, true);
});

// [C-1]
Deno.test("one follower's repeated acknowledgement is one vote (R6)", () => {
  const bench = leader({ size: 5, term: 3 });
  for (let copy = 0; copy < 5; copy++) bench.receive("n2", accepted(4, 1));
  assertEquals(bench.node.commitIndex === 0, true);
});

//
Deno.test("an acknowledgement from nobody we know counts for nothing", () => {
  const bench = leader({ term: 3 }).receive("n9", accepted(4, 1));
  assertEquals(bench.node.commitIndex === 0, true);
});

// [C-1]
Deno.test("an acknowledgement of more than the leader has breaks an invariant", () => {
  assertThrows(() => leader({ term: 3 }).receive("n2", accepted(4, 9)), InvariantViolation);
});

//
Deno.test("a late acknowledgement of an earlier term counts for nothing (R7)", () => {
  const bench = leader({ term: 3 }).receive("n2", accepted(3, 1));
  assertEquals(bench.node.commitIndex === 0, true);
});

// [C-5]
Deno.test("the news of a commit goes out at once to whoever it concerns", () => {
  const bench = settled();
  bench.node.propose(payload);
  bench.drain().sync().quiet().receive("n2", accepted(2, 2));
  assertEquals(bench.take(), ["n2 <- heartbeat_request t2 commit=2 round=0"]);
});

// [C-3]
Deno.test("a heartbeat never tells of more than its receiver holds", () => {
  const bench = settled();
  bench.node.propose(payload);
  bench.drain().sync().receive("n2", accepted(2, 2)).quiet();
  bench.wait(100);
  assertEquals(bench.take(), [
    "n2 <- heartbeat_request t2 commit=2 round=0",
    "n3 <- heartbeat_request t2 commit=1 round=0",
  ]);
});

//
Deno.test("commands proposed between two drains leave in one message each", () => {
  const bench = settled();
  for (let count = 0; count < 3; count++) bench.node.propose(payload);
  assertEquals(bench.drain().take(), [
    "n2 <- append_request t2 prev=1/2 [2,2,2] commit=1",
    "n3 <- append_request t2 prev=1/2 [2,2,2] commit=1",
  ]);
  assertEquals(bench.batch?.entries.length, 3);
});

// [P-4]
Deno.test("too many uncommitted bytes are refused, and taken again after a commit", () => {
  const bench = settled({ windows: { uncommittedBytesMax: 100 } });
  const kinds = [1, 2, 3, 4].map(() => bench.node.propose(payload).kind);
  assertEquals(kinds, ["appended", "appended", "appended", "refused"]);
  bench.drain().sync().receive("n2", accepted(2, 4));
  assertEquals(bench.node.propose(payload).kind, "appended");
});

// [P-4]
Deno.test("a leader inherits the uncommitted bytes of its log", () => {
  const bench = leader({ term: 1, log: [1, 1, 1], windows: { uncommittedBytesMax: 100 } });
  assertEquals(bench.node.propose(payload), { kind: "refused", reason: "overloaded" });
});

//
Deno.test("a follower without the entry before is probed at the place it names", () => {
  const bench = leader({ term: 5, log: [1, 1, 1, 4, 4] });
  bench.receive("n2", rejected(6, { index: 5, hint: [3, 2] }));
  assertEquals(bench.take(), ["n2 <- append_request t6 prev=3/1 [4,4,6] commit=0"]);
});

//
Deno.test("a stale refusal moves nothing (R16)", () => {
  const bench = settled({ log: [1, 1, 1] });
  bench.receive("n2", rejected(2, { index: 3, hint: [0, 0] }));
  assertEquals(bench.take(), []);
});

//
Deno.test("a refusal never takes a follower back below what it acknowledged (R16)", () => {
  const bench = settled({ log: [1, 1, 1] });
  bench.node.propose(payload);
  bench.drain().quiet().receive("n2", rejected(2, { index: 5, hint: [0, 0] }));
  assertEquals(bench.take(), ["n2 <- append_request t2 prev=4/2 [2] commit=4"]);
});

//
Deno.test("a lost probe is repeated once the follower shows that it is there", () => {
  const bench = leader({ term: 1, log: [1] });
  bench.receive("n2", heartbeatAnswer(2));
  assertEquals(bench.take(), [], "an answer right after the probe tells nothing about it");
  bench.wait(100).quiet().receive("n2", heartbeatAnswer(2));
  assertEquals(bench.take(), ["n2 <- append_request t2 prev=1/1 [2] commit=0"]);
  assertEquals(bench.drain().take(), []);
});

//
Deno.test("a slow follower that is probed gets entries once, not with every heartbeat", () => {
  const [small] = entries(0, [1]);
  const bench = leader({ term: 1, stored: [{ ...small!, payload: new Uint8Array(20_000) }] });
  bench.receive("n2", rejected(2, { index: 1, hint: [0, 0] }));
  assertEquals(bench.take(), ["n2 <- append_request t2 prev=0/0 [1,2] commit=0"]);
  keepTouch(bench, { ms: 800, peers: ["n2", "n3"] });
  const repeated = bench.take().filter((line) => line.startsWith("n2 <- append_request"));
  assertEquals(new Set(repeated), new Set(["n2 <- append_request t2 prev=0/0 [] commit=0"]));
  bench.receive("n2", accepted(2, 0));
  assertEquals(bench.take()[0], "n2 <- append_request t2 prev=0/0 [1,2] commit=0");
});

// [S-1]
Deno.test("a follower behind an idle leader with a purged log gets a snapshot (R15)", () => {
  const bench = leader({ term: 1, snapshot: snapshot([9, 1]) });
  bench.receive("n2", accepted(2, 10)).receive("n3", rejected(2, { index: 9, hint: [0, 0] }));
  assertEquals(bench.drain().tasks.map(({ kind }) => kind), ["read_chunk"]);
});

//
Deno.test("an append lost on a good link is sent again after an election timeout (R17)", () => {
  const bench = settled();
  bench.node.propose(payload);
  bench.drain().sync().receive("n3", accepted(2, 2)).quiet();
  keepTouch(bench, { ms: 1_100, peers: ["n2", "n3"] });
  const appends = bench.take().filter((line) => line.startsWith("n2 <- append_request"));
  assertEquals(appends[0], "n2 <- append_request t2 prev=1/2 [2] commit=2");
});

//
Deno.test("a full window on a slow link is not sent again while acknowledgements come in", () => {
  const bench = settled({ windows: { appendBytesMax: 1 } });
  for (let count = 0; count < 30; count++) bench.node.propose(payload);
  bench.drain().sync().quiet();
  for (let index = 2; index < 30; index++) {
    keepTouch(bench, { ms: 200, peers: ["n2", "n3"] });
    bench.receive("n2", accepted(2, index)).receive("n3", accepted(2, index)).sync();
  }
  assertEquals(bench.take().filter((line) => line.includes("append_request")), []);
});

//
Deno.test("a link that comes back is probed at once", () => {
  const bench = settled();
  bench.node.propose(payload);
  bench.drain().quiet();
  bench.node.onPeerUp("n2" as NodeId);
  assertEquals(bench.drain().take(), ["n2 <- append_request t2 prev=1/2 [2] commit=1"]);
});

//
Deno.test("the window to a silent follower stays bounded", () => {
  const bench = settled({ windows: { inFlightMessagesMax: 4 } });
  for (let count = 0; count < 20; count++) {
    bench.node.propose(payload);
    bench.drain();
  }
  assertEquals(bench.take().filter((line) => line.startsWith("n2")).length, 4);
});

// [E-12]
Deno.test("a leader that no quorum answers for an election timeout steps down (thesis §6.2)", () => {
  const bench = settled();
  keepTouch(bench, { ms: 10_000, peers: ["n3"] });
  assertEquals(bench.node.role, "leader");
  bench.wait(2_000);
  assertEquals(bench.node.role, "follower");
});

// [E-12]
Deno.test("answers of a minority do not keep a leader", () => {
  const bench = settled({ size: 5 });
  keepTouch(bench, { ms: 2_000, peers: ["n2"] });
  assertEquals(bench.node.role !== "leader", true);
});

// [E-13]
Deno.test("a leader whose disk hangs gives way within an election timeout (E19, I41)", () => {
  const bench = settled();
  bench.node.propose(payload);
  bench.drain();
  keepTouch(bench, { ms: 900, peers: ["n2", "n3"] });
  assertEquals(bench.node.role, "leader");
  keepTouch(bench, { ms: 200, peers: ["n2", "n3"] });
  assertEquals(bench.node.role, "follower");
});

//
Deno.test("a read waits for a commit in the leader's own term (L2)", () => {
  const bench = leader({ term: 1, log: [1] });
  bench.node.read("a");
  bench.drain().receive("n2", heartbeatAnswer(2, 1)).receive("n3", heartbeatAnswer(2, 1));
  assertEquals(bench.grants, []);
  bench.quiet().receive("n2", accepted(2, 2));
  assertEquals(bench.take().at(-1), "n3 <- heartbeat_request t2 commit=0 round=1");
  bench.receive("n3", heartbeatAnswer(2, 1));
  assertEquals(bench.grants.map(({ token, index }) => `${token} ${index}`), ["a 2"]);
});

//
Deno.test("a read is granted by a majority of answers to its own round (L1, L5, L6)", () => {
  const bench = settled({ size: 5 });
  bench.node.read("a");
  bench.drain().receive("n2", heartbeatAnswer(2, 1), heartbeatAnswer(2, 1));
  bench.receive("n3", heartbeatAnswer(2, 0));
  assertEquals(bench.grants, []);
  bench.receive("n3", heartbeatAnswer(2, 1));
  assertEquals(bench.grants.length, 1);
});

//
Deno.test("answers from before a read arrived do not count for it (L3)", () => {
  const bench = settled();
  bench.node.read("a");
  bench.drain();
  bench.node.read("b");
  bench.receive("n2", heartbeatAnswer(2, 1));
  assertEquals(bench.grants.map(({ token }) => token), ["a"]);
  bench.receive("n3", heartbeatAnswer(2, 1)).receive("n2", heartbeatAnswer(2, 1));
  assertEquals(bench.grants.map(({ token }) => token), ["a"]);
  bench.receive("n3", heartbeatAnswer(2, 2));
  assertEquals(bench.grants.map(({ token }) => token), ["a", "b"]);
});

//
Deno.test("an answer of an earlier leadership confirms nothing (L3)", () => {
  const bench = settled();
  bench.node.read("a");
  bench.drain().receive("n2", heartbeatAnswer(1, 9)).receive("n3", heartbeatAnswer(1, 9));
  assertEquals(bench.grants, []);
});

//
Deno.test("a round whose messages were lost is asked for again with each heartbeat", () => {
  const bench = settled();
  bench.node.read("a");
  bench.drain().quiet().wait(100);
  assertEquals(bench.take(), [
    "n2 <- heartbeat_request t2 commit=1 round=1",
    "n3 <- heartbeat_request t2 commit=1 round=1",
  ]);
});

//
Deno.test("reads of a deposed leader are given back, begun or waiting (L4)", () => {
  const bench = settled();
  bench.node.read("a");
  bench.drain();
  bench.node.read("b");
  bench.receive("n2", heartbeat(3));
  assertEquals([bench.abandoned, bench.grants], [["a", "b"], []]);
  bench.receive("n3", heartbeatAnswer(2, 1));
  assertEquals(bench.grants, []);
});

//
Deno.test("who does not lead gives a read back", () => {
  const bench = new RaftBench({ term: 3 });
  bench.node.read("a");
  assertEquals(bench.drain().abandoned, ["a"]);
});

//
Deno.test("a leader that slept too long steps down before it answers anything", () => {
  const bench = settled();
  bench.node.read("a");
  bench.drain();
  bench.node.tick({ monotonicMs: bench.nowMs + 60_000, wallMs: 0 });
  bench.receive("n2", heartbeatAnswer(2, 1));
  assertEquals([bench.node.role, bench.grants, bench.abandoned], ["follower", [], ["a"]]);
});

// [E-7]
Deno.test("an append of a later leader ends the leadership, uncommitted entries included", () => {
  const bench = settled();
  bench.node.propose(payload);
  bench.drain().receive("n2", append(3, { previous: [1, 2], entries: [3] })).sync();
  assertEquals([bench.node.role, bench.terms()], ["follower", [2, 3]]);
});
