import { assert, assertEquals } from "@std/assert";
import type { LogIndex, NodeId, Term } from "@raftkv/core/raft";
import { line } from "../../support/journal_machine.ts";
import { accepted } from "../../support/raft_messages.ts";
import { ReplicaBench } from "../../support/replica_bench.ts";

const n2 = "n2" as NodeId;
const n3 = "n3" as NodeId;

function traceOf(bench: ReplicaBench, requestId: number) {
  const reply = bench.replies.find((each) => each.requestId === requestId);
  assert(reply?.kind === "applied");
  return reply.trace;
}

/** A leader with a traced write in its log, whose disk has not finished. */
function leading() {
  const bench = new ReplicaBench().lead();
  bench.diskHangs = true;
  const startMs = bench.nowMs;
  const requestId = bench.proposeTraced("a");
  const acknowledge = (id: NodeId, atMs: number) => {
    bench.nowMs = startMs + atMs;
    bench.receive(id, accepted(bench.replica.term, bench.lastIndex));
  };
  const sync = (atMs: number) => {
    bench.nowMs = startMs + atMs;
    bench.sync();
  };
  return { bench, requestId, startMs, acknowledge, sync };
}

Deno.test("a traced write tells when the own disk, the peers and a majority had it", () => {
  const { bench, requestId, startMs, acknowledge, sync } = leading();
  sync(3);
  acknowledge(n2, 5);
  assertEquals(traceOf(bench, requestId), {
    arrivedAtMs: startMs,
    forwarded: null,
    times: { queueMs: 0, fsyncMs: 3, quorumMs: 5, peers: [{ id: n2, ackMs: 5 }] },
  });
});

Deno.test("a disk that is slower than a majority of the others has no part in it", () => {
  const { bench, requestId, acknowledge } = leading();
  acknowledge(n2, 2);
  acknowledge(n3, 4);
  const peers = [{ id: n2, ackMs: 2 }, { id: n3, ackMs: 4 }];
  assertEquals(traceOf(bench, requestId)?.times, {
    queueMs: 0,
    fsyncMs: null,
    quorumMs: 4,
    peers,
  });
});

Deno.test("nothing is told of a write that is not traced", () => {
  const bench = new ReplicaBench().lead();
  const requestId = bench.propose("a");
  bench.acknowledge();
  assertEquals(traceOf(bench, requestId), undefined);
});

Deno.test("the time waited for a leader counts as the queue's", () => {
  const bench = new ReplicaBench();
  const requestId = bench.proposeTraced("a");
  const startMs = bench.nowMs;
  bench.lead();
  const ledMs = bench.nowMs;
  bench.acknowledge();
  const trace = traceOf(bench, requestId);
  assertEquals([trace?.arrivedAtMs, trace?.times.queueMs], [startMs, ledMs - startMs]);
});

Deno.test("a follower asks the leader for the times, and tells when it asked", () => {
  const bench = new ReplicaBench({ term: 3 }).linked().follow(3);
  const requestId = bench.proposeTraced("a");
  const atMs = bench.nowMs;
  const [request] = bench.take("forward_request");
  assertEquals(request?.isTraced, true);
  const times = { queueMs: 1, fsyncMs: 2, quorumMs: 3, peers: [{ id: n3, ackMs: 3 }] };
  bench.nowMs += 9;
  bench.receive("n2", {
    type: "forward_response",
    sender: request!.sender,
    requestId: request!.requestId,
    end: { kind: "applied", index: 9 as LogIndex, result: line("4"), times },
  });
  assertEquals(traceOf(bench, requestId), {
    arrivedAtMs: atMs,
    forwarded: { to: n2, atMs },
    times,
  });
});

Deno.test("a leader times what a peer forwards, if that is asked", () => {
  for (const isTraced of [true, false]) {
    const bench = new ReplicaBench().lead();
    const term = bench.replica.term as Term;
    const payload = line("a");
    const request = { type: "forward_request", sender: 7, requestId: 1, term, payload } as const;
    bench.receive("n3", { ...request, isTraced }).acknowledge();
    const [response] = bench.take("forward_response");
    assert(response?.end.kind === "applied");
    assertEquals(response.end.times?.quorumMs, isTraced ? 0 : undefined);
  }
});

Deno.test("of more than 64 traced writes at once, the others are carried out untold", () => {
  const bench = new ReplicaBench().lead();
  const ids = Array.from({ length: 66 }, (_, i) => bench.proposeTraced(`${i}`));
  bench.acknowledge();
  const told = ids.map((id) => traceOf(bench, id) !== undefined);
  assertEquals([told.lastIndexOf(true), told.indexOf(false)], [63, 64]);
});
