import { assert, assertEquals } from "@std/assert";
import type { LogIndex, NodeId, ReadProof } from "@raftkv/core/raft";
import { pcg32 } from "@raftkv/core";
import { Reads } from "../../../core/replica/reads.ts";
import { append, heartbeat, heartbeatAnswer } from "../../support/raft_messages.ts";
import { ReplicaBench } from "../../support/replica_bench.ts";

const n2 = "n2" as NodeId;

/** A follower of n2 in term 3 that has applied one entry. */
function follower(): ReplicaBench {
  const bench = new ReplicaBench({ term: 3 }).linked();
  return bench.receive("n2", append(3, { previous: [0, 0], entries: [3], commit: 1 }));
}

function answer(
  bench: ReplicaBench,
  requestId: number,
  index: number | null,
  proof: ReadProof = "quorum",
): ReplicaBench {
  const granted = index === null ? null : { index: index as LogIndex, proof };
  return bench.receive("n2", { type: "read_index_response", requestId, granted });
}

/** What a read that was served rests on. */
function proofOf(bench: ReplicaBench, requestId: number): ReadProof | undefined {
  const reply = bench.replies.find((each) => each.requestId === requestId);
  return reply?.kind === "readable" ? reply.round.proof : undefined;
}

//
Deno.test("a leader serves a read once a majority has confirmed it", () => {
  const bench = new ReplicaBench().lead();
  const requestId = bench.read();
  assertEquals(bench.end(requestId), null);
  bench.acknowledge();
  assertEquals(bench.end(requestId), "readable");
});

Deno.test("alone, a node serves reads by itself", () => {
  const bench = new ReplicaBench({ size: 1 }).lead();
  assertEquals(bench.end(bench.read()), "readable");
});

//
Deno.test("a follower asks its leader and waits until it has applied the index (§6.4)", () => {
  const bench = follower();
  const requestId = bench.read();
  const [question] = bench.take("read_index_request");
  answer(bench, question!.requestId, 2);
  assertEquals(bench.end(requestId), null);
  bench.receive("n2", append(3, { previous: [1, 3], entries: [3], commit: 2 }));
  assertEquals(bench.end(requestId), "readable");
});

//
Deno.test("reads that arrive together share one question", () => {
  const bench = follower();
  bench.replica.step({ monotonicMs: 0, wallMs: 0 }, {
    kind: "read",
    requestId: 91,
    deadlineMs: 900,
  });
  bench.read();
  const questions = bench.take("read_index_request");
  assertEquals(questions.length, 1);
  answer(bench, questions[0]!.requestId, 1);
  assertEquals(bench.replies.length, 2);
});

//
Deno.test("a read never joins a question that is already on its way", () => {
  const bench = follower();
  bench.read();
  const [first] = bench.take("read_index_request");
  const late = bench.read();
  answer(bench, first!.requestId, 1);
  assertEquals(bench.end(late), null);
  const [second] = bench.take("read_index_request");
  answer(bench, second!.requestId, 1);
  assertEquals(bench.end(late), "readable");
});

//
Deno.test("a late answer to a question given up does not serve the next one (L3)", () => {
  const bench = follower();
  const requestId = bench.read(5_000);
  const [first] = bench.take("read_index_request");
  for (let waited = 0; waited < 600; waited += 100) bench.wait(100).receive("n2", heartbeat(3));
  const [second] = bench.take("read_index_request");
  assertEquals(first!.requestId === second!.requestId, false);
  answer(bench, first!.requestId, 0);
  assertEquals(bench.end(requestId), null);
  answer(bench, second!.requestId, 1);
  assertEquals(bench.end(requestId), "readable");
});

//
Deno.test("questions of two runs of a process do not share a number", () => {
  const numbers = [1, 2].map((seed) => {
    const bench = new ReplicaBench({ term: 3, seed }).linked().follow(3);
    bench.read();
    return bench.take("read_index_request")[0]!.requestId;
  });
  assertEquals(numbers[0] === numbers[1], false);
});

//
Deno.test("a read asked of a node that does not lead is asked anew", () => {
  const bench = follower();
  const requestId = bench.read();
  const [first] = bench.take("read_index_request");
  answer(bench, first!.requestId, null).wait(100);
  assertEquals([bench.end(requestId), bench.take("read_index_request").length], [null, 1]);
});

//
Deno.test("a read asked of a node that does not lead is asked of the next leader at once", () => {
  const bench = follower();
  bench.read();
  const [first] = bench.take("read_index_request");
  answer(bench, first!.requestId, null);
  bench.receive("n2", heartbeat(3));
  assertEquals(bench.take("read_index_request"), []);
  bench.receive("n3", heartbeat(4));
  assertEquals([bench.take("read_index_request").length, bench.sent.at(-1)?.to], [
    1,
    "n3" as NodeId,
  ]);
});

//
Deno.test("a read on its way over a link that breaks is asked of the next leader", () => {
  const bench = follower();
  const requestId = bench.read();
  bench.take("read_index_request");
  bench.step({ kind: "peer_down", peer: n2 }).receive("n3", heartbeat(4));
  assertEquals([bench.end(requestId), bench.sent.at(-1)?.to], [null, "n3" as NodeId]);
});

//
Deno.test("a leader that is deposed asks its successor for the reads it had begun (L4)", () => {
  const bench = new ReplicaBench().lead();
  const requestId = bench.read(5_000);
  bench.sent = [];
  bench.follow(bench.replica.term + 1);
  assertEquals([bench.end(requestId), bench.take("read_index_request").length], [null, 1]);
});

//
Deno.test("a peer's question is answered with the index once it is confirmed", () => {
  const bench = new ReplicaBench().lead();
  bench.receive("n2", { type: "read_index_request", requestId: 5, lease: false });
  assertEquals(bench.take("read_index_response"), []);
  bench.acknowledge();
  assertEquals(bench.take("read_index_response"), [
    {
      type: "read_index_response",
      requestId: 5,
      granted: { index: 1 as LogIndex, proof: "quorum" },
    },
  ]);
});

//
Deno.test("a peer that asks a node that does not lead is told so at once", () => {
  const bench = follower().receive("n3", {
    type: "read_index_request",
    requestId: 5,
    lease: false,
  });
  assertEquals(bench.take("read_index_response"), [
    { type: "read_index_response", requestId: 5, granted: null },
  ]);
});

// [Q-5] [P-5]
Deno.test("a read ends by its deadline, wherever it waits (L8)", () => {
  const noLeader = new ReplicaBench({ term: 3 }).linked();
  const first = noLeader.read(500);
  assertEquals(noLeader.wait(560).end(first), "no_leader");
  const asked = follower();
  const second = asked.read(500);
  assertEquals(asked.wait(560).end(second), "timeout");
  const unapplied = follower();
  const third = unapplied.read(500);
  answer(unapplied, unapplied.take("read_index_request")[0]!.requestId, 9);
  assertEquals(unapplied.wait(560).end(third), "timeout");
});

//
Deno.test("a read that ended is not served again by a late answer", () => {
  const bench = follower();
  bench.read(100);
  const [question] = bench.take("read_index_request");
  bench.wait(200);
  answer(bench, question!.requestId, 1);
  assertEquals(bench.replies.length, 1);
});

const lease = { timing: { leaseDriftMs: 100 } };

/** Every voter answers the heartbeats it was sent, with a promise. */
function promiseAll(bench: ReplicaBench): ReplicaBench {
  const beats = bench.take("heartbeat_request");
  for (const { term, round, sentAtMs } of beats) {
    bench.receive("n2", heartbeatAnswer(term, round, { sentAtMs, withheldMs: 1_000 }));
  }
  bench.sent = [];
  return bench;
}

//
Deno.test("a leader with a lease serves a lease read in the turn in which it arrives", () => {
  const bench = promiseAll(new ReplicaBench(lease).lead().wait(200));
  const requestId = bench.read(1_000, "lease");
  assertEquals([bench.end(requestId), proofOf(bench, requestId)], ["readable", "lease"]);
  assertEquals([bench.end(bench.read()), bench.take("heartbeat_request").length], [null, 2]);
});

//
Deno.test("without a lease, a lease read is served like any other", () => {
  const bench = new ReplicaBench(lease).lead();
  const requestId = bench.read(1_000, "lease");
  assertEquals(bench.end(requestId), null);
  bench.acknowledge();
  assertEquals([bench.end(requestId), proofOf(bench, requestId)], ["readable", "quorum"]);
});

//
Deno.test("a follower passes on what its leader's word rests on, whatever was asked for", () => {
  for (const proof of ["lease", "quorum"] as const) {
    const bench = follower();
    const requestId = bench.read(1_000, "lease");
    answer(bench, bench.take("read_index_request")[0]!.requestId, 1, proof);
    assertEquals(proofOf(bench, requestId), proof);
  }
});

//
Deno.test("a follower asks its leader whether the lease will do; one strict read asks for a quorum", () => {
  const bench = follower();
  const requestId = bench.read(1_000, "lease");
  const [question] = bench.take("read_index_request");
  const strict = bench.read();
  const late = bench.read(1_000, "lease");
  answer(bench, question!.requestId, 1);
  assertEquals([question!.lease, bench.end(requestId)], [true, "readable"]);
  const [shared] = bench.take("read_index_request");
  answer(bench, shared!.requestId, 1);
  assertEquals([shared!.lease, bench.end(strict), bench.end(late)], [
    false,
    "readable",
    "readable",
  ]);
});

//
Deno.test("a peer's question is answered from the lease, if it says that the lease will do", () => {
  const bench = promiseAll(new ReplicaBench(lease).lead().wait(200));
  bench.receive("n2", { type: "read_index_request", requestId: 5, lease: false });
  bench.receive("n2", { type: "read_index_request", requestId: 6, lease: true });
  const byLease = { index: 1 as LogIndex, proof: "lease" } as const;
  assertEquals(bench.take("read_index_response"), [
    { type: "read_index_response", requestId: 6, granted: byLease },
  ]);
});

Deno.test("a read tells when the leader was asked: what was acknowledged before is seen", () => {
  const bench = new ReplicaBench().lead();
  const askedAtMs = bench.nowMs;
  const requestId = bench.read();
  bench.nowMs += 7;
  bench.acknowledge();
  const reply = bench.replies.find((each) => each.requestId === requestId);
  assertEquals(reply?.kind === "readable" && reply.round, {
    askedAtMs,
    grantedAtMs: askedAtMs + 7,
    proof: "quorum",
  });
});

Deno.test("a read that had to be asked about twice counts from the second question", () => {
  const bench = new ReplicaBench({ term: 3 }).linked().follow(3);
  const requestId = bench.read();
  const [first] = bench.take("read_index_request");
  bench.nowMs += 7;
  answer(bench, first!.requestId, null);
  bench.wait(60);
  const [second] = bench.take("read_index_request");
  const askedAtMs = bench.nowMs;
  bench.nowMs += 2;
  answer(bench, second!.requestId, 0);
  const reply = bench.replies.find((each) => each.requestId === requestId);
  assert(reply?.kind === "readable");
  assert(reply.round.askedAtMs > askedAtMs - 60 && reply.round.askedAtMs <= askedAtMs);
});

// [P-4]
Deno.test("too many that wait to read are refused", () => {
  const reads = new Reads(pcg32(1));
  for (let requestId = 1; requestId <= 100_000; requestId++) {
    reads.add(requestId, 1, "linearizable");
  }
  assertEquals(reads.takeReplies(), []);
  reads.add(100_001, 1, "linearizable");
  assertEquals(reads.takeReplies(), [{ kind: "failed", requestId: 100_001, reason: "overloaded" }]);
});
