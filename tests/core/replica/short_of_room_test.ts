// What a node does whose disk has no room but for what frees some.

import { assertEquals } from "@std/assert";
import { ReplicaBench } from "../../support/replica_bench.ts";
import { line } from "../../support/journal_machine.ts";
import type { ForwardResponse, NodeId, Term } from "@raftkv/core/raft";

/** A leader alone, or of three, of whose commands those that say "free" free room. */
function shortLeader(size: number): ReplicaBench {
  const bench = new ReplicaBench({ size });
  Object.assign(bench.machine, {
    frees: (payload: Uint8Array) => new TextDecoder().decode(payload) === "free",
  });
  bench.lead();
  return bench.step({ kind: "disk_room", isShort: true });
}

// [P-7]
Deno.test("a leader short of room refuses what needs some before it enters the log, and takes what frees some", () => {
  const bench = shortLeader(1);
  const before = bench.lastIndex;
  assertEquals([bench.end(bench.propose("grow")), bench.lastIndex], ["storage_full", before]);
  assertEquals(bench.end(bench.propose("free")), "applied");
  assertEquals(bench.end(bench.read()), "readable");
  bench.step({ kind: "disk_room", isShort: false });
  assertEquals(bench.end(bench.propose("grow")), "applied");
});

// [P-7]
Deno.test("a leader that runs short of room hands over, once, and what waits meanwhile goes to its successor", () => {
  const bench = shortLeader(3).acknowledge();
  assertEquals(bench.take("timeout_now").length, 1);
  const waiting = bench.propose("grow");
  assertEquals(bench.end(waiting), null);
  bench.follow(bench.replica.term + 1);
  assertEquals(bench.take("forward_request").length, 1);
});

// [P-7]
Deno.test("a hand-over that comes to nothing leaves a leader that refuses, and hands over no more", () => {
  const bench = shortLeader(3).acknowledge();
  bench.take("timeout_now");
  for (let ms = 0; ms < 3_000; ms += 100) bench.wait(100).acknowledge();
  assertEquals(bench.replica.role, "leader");
  assertEquals(bench.end(bench.propose("grow")), "storage_full");
  assertEquals(bench.take("timeout_now").length, 0);
});

Deno.test("a follower's client is told that the leader is short of room; the follower's own disk is no matter", () => {
  const bench = new ReplicaBench().linked().follow(4);
  bench.step({ kind: "disk_room", isShort: true });
  const requestId = bench.propose("grow");
  const [request] = bench.take("forward_request");
  const { sender, requestId: forwarded } = request!;
  const response: ForwardResponse = {
    type: "forward_response",
    sender,
    requestId: forwarded,
    end: { kind: "failed", reason: "storage_full" },
  };
  bench.receive("n2", response);
  assertEquals(bench.end(requestId), "storage_full");
});

Deno.test("what a peer forwards to a leader short of room is sent back as refused", () => {
  const bench = shortLeader(3).acknowledge();
  for (let ms = 0; ms < 2_000; ms += 100) bench.wait(100).acknowledge();
  const { term } = bench.replica;
  const forward = (requestId: number, text: string) => ({
    type: "forward_request" as const,
    sender: 7,
    requestId,
    term: term as Term,
    payload: line(text),
    isTraced: false,
  });
  bench.receive("n2" as NodeId, forward(1, "grow")).receive("n2", forward(2, "free")).acknowledge();
  const ends = bench.take("forward_response").map(({ end }) =>
    end.kind === "failed" ? end.reason : end.kind
  );
  assertEquals(ends, ["storage_full", "applied"]);
});
