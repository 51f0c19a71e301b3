import { assertEquals } from "@std/assert";
import type { ForwardEnd, LogIndex, NodeId, Term } from "@raftkv/core/raft";
import { line } from "../../support/journal_machine.ts";
import { append, heartbeat, snapshot } from "../../support/raft_messages.ts";
import { ReplicaBench } from "../../support/replica_bench.ts";

const n2 = "n2" as NodeId;

function forwardRequest(term: number, requestId: number, sender = 77) {
  const payload = line(`forwarded ${requestId}`);
  const named = { type: "forward_request", sender, requestId, term: term as Term } as const;
  return { ...named, payload, isTraced: false };
}

/** A follower of n2 in term 3, and what it forwarded for one client. */
function forwarding() {
  const bench = new ReplicaBench({ term: 3 }).linked().follow(3);
  const requestId = bench.propose("a");
  const [request] = bench.take("forward_request");
  const answer = (end: ForwardEnd, sender = request!.sender) =>
    bench.receive("n2", {
      type: "forward_response",
      sender,
      requestId: request!.requestId,
      end,
    });
  return { bench, requestId, request: request!, answer };
}

// [P-1]
Deno.test("a leader answers when the command is applied, not before", () => {
  const bench = new ReplicaBench().lead();
  const requestId = bench.propose("a");
  assertEquals(bench.end(requestId), null);
  bench.acknowledge();
  assertEquals([bench.end(requestId), bench.machine.lines], ["applied", ["a"]]);
});

// [P-1]
Deno.test("a command whose entry was overwritten is lost, for certain", () => {
  const bench = new ReplicaBench().lead();
  const requestId = bench.propose("a");
  const term = bench.replica.term;
  bench.receive("n2", append(term + 1, { previous: [1, term], entries: [term + 1], commit: 2 }));
  assertEquals([bench.end(requestId), bench.machine.lines.includes("a")], ["lost", false]);
});

// [P-1]
Deno.test("a command that a later leader commits after all is applied, not lost", () => {
  const bench = new ReplicaBench().lead();
  const requestId = bench.propose("a");
  const term = bench.replica.term;
  bench.receive("n2", append(term + 1, { previous: [2, term], entries: [], commit: 2 }));
  assertEquals([bench.end(requestId), bench.machine.lines], ["applied", ["a"]]);
});

// [P-1]
Deno.test("a command whose place the own next leadership takes again is unknown", () => {
  const bench = new ReplicaBench().lead();
  const { term } = bench.replica;
  for (const text of ["x", "y"]) bench.propose(text, 90_000);
  const requestId = bench.propose("a", 90_000);
  bench.receive("n2", append(term + 1, { previous: [1, term], entries: [term + 1] }));
  bench.lead();
  assertEquals(bench.end(requestId), null);
  bench.propose("b", 90_000);
  assertEquals([bench.lastIndex === 4, bench.end(requestId)], [true, "unknown"]);
});

// [P-1]
Deno.test("a command that a snapshot skipped is unknown", () => {
  const bench = new ReplicaBench().lead();
  const requestId = bench.propose("a", 60_000);
  const term = bench.replica.term;
  const meta = snapshot([9, term]);
  const chunk = { meta, offsetBytes: 0, data: new Uint8Array(4) };
  bench.receive("n2", heartbeat(term + 1));
  bench.receive("n2", { type: "snapshot_request", term: (term + 1) as Term, chunk });
  bench.step({ kind: "chunk_staged", from: n2, meta, nextOffsetBytes: 4 });
  bench.step({ kind: "installed", meta, ok: true });
  assertEquals(bench.end(requestId), "unknown");
});

// [P-5]
Deno.test("without a leader a command waits, and certainly was not applied at its deadline", () => {
  const bench = new ReplicaBench({ term: 3 }).linked();
  const requestId = bench.propose("a", 500);
  bench.wait(450);
  assertEquals(bench.end(requestId), null);
  bench.wait(100);
  assertEquals([bench.end(requestId), bench.lastIndex === 0], ["no_leader", true]);
});

// [P-5]
Deno.test("a command in the log that is not committed by its deadline is a timeout", () => {
  const bench = new ReplicaBench().lead();
  const requestId = bench.propose("a", 500);
  bench.wait(600);
  assertEquals(bench.end(requestId), "timeout");
});

Deno.test("a command that waits is taken as soon as a leader is known", () => {
  const bench = new ReplicaBench({ term: 3 }).linked();
  bench.propose("a");
  assertEquals(bench.take("forward_request"), []);
  bench.follow(3);
  assertEquals(bench.take("forward_request").length, 1);
});

// [P-2]
Deno.test("a follower forwards to its leader, naming the term, and passes the answer on", () => {
  const { bench, requestId, request, answer } = forwarding();
  assertEquals([request.term === 3, request.payload], [true, line("a")]);
  answer({ kind: "applied", index: 9 as LogIndex, result: line("4"), times: null });
  assertEquals(bench.replies, [{
    kind: "applied",
    requestId,
    index: 9 as LogIndex,
    result: 4,
  }]);
});

// [P-2]
Deno.test("nothing is forwarded over a link that is down", () => {
  const bench = new ReplicaBench({ term: 3 }).follow(3);
  bench.propose("a");
  assertEquals(bench.take("forward_request"), []);
  bench.step({ kind: "peer_up", peer: n2 });
  assertEquals(bench.take("forward_request").length, 1);
});

// [P-2]
Deno.test("a command sent back by a node that does not lead is tried again, under a new number", () => {
  const { bench, requestId, request, answer } = forwarding();
  answer({ kind: "failed", reason: "not_leader" });
  bench.wait(100);
  const [again] = bench.take("forward_request");
  assertEquals([bench.end(requestId), again!.requestId > request.requestId], [null, true]);
});

// [P-2]
Deno.test("who has said that it does not lead is left alone for a moment, and the next leader is not", () => {
  const { bench, answer } = forwarding();
  answer({ kind: "failed", reason: "not_leader" });
  bench.receive("n2", heartbeat(3));
  assertEquals(bench.take("forward_request"), []);
  bench.receive("n3", heartbeat(4));
  assertEquals(bench.take("forward_request").map(({ term }) => term as number), [4]);
});

// [P-2]
Deno.test("the old leader's refusal holds nothing back from a new one that is known already", () => {
  const { bench, answer } = forwarding();
  bench.receive("n3", heartbeat(4));
  answer({ kind: "failed", reason: "not_leader" });
  assertEquals(bench.take("forward_request").map(({ term }) => term as number), [4]);
});

// [P-3]
Deno.test("a broken link leaves what was forwarded unknown, and a late answer is ignored", () => {
  const { bench, requestId, answer } = forwarding();
  bench.step({ kind: "peer_down", peer: n2 });
  assertEquals(bench.end(requestId), "unknown");
  answer({ kind: "applied", index: 9 as LogIndex, result: line("4"), times: null });
  assertEquals(bench.replies.length, 1);
});

// [P-5]
Deno.test("a forwarded command without an answer is a timeout at its deadline", () => {
  const { bench, requestId } = forwarding();
  bench.wait(1_100);
  assertEquals(bench.end(requestId), "timeout");
});

// [P-3]
Deno.test("an answer to an earlier run of the process is none", () => {
  const { bench, requestId, request, answer } = forwarding();
  answer({ kind: "failed", reason: "lost" }, request.sender + 1);
  assertEquals(bench.end(requestId), null);
});

// [P-1]
Deno.test("an answer that cannot be understood leaves the outcome unknown, and the node running", () => {
  const { bench, requestId, answer } = forwarding();
  answer({ kind: "applied", index: 9 as LogIndex, result: line("not a number"), times: null });
  assertEquals(bench.end(requestId), "unknown");
});

// [P-3]
Deno.test("a duplicated forward is appended and answered once", () => {
  const bench = new ReplicaBench().lead();
  const request = forwardRequest(bench.replica.term, 1);
  bench.receive("n2", request).receive("n2", request).acknowledge().receive("n2", request);
  assertEquals(bench.machine.lines, ["forwarded 1"]);
  assertEquals(bench.take("forward_response").map(({ end }) => end.kind), ["applied"]);
});

// [P-3]
Deno.test("forwards that overtake each other are all taken, each once", () => {
  const bench = new ReplicaBench().lead();
  const { term } = bench.replica;
  for (const number of [2, 3, 1, 2, 3, 1]) bench.receive("n2", forwardRequest(term, number));
  bench.acknowledge();
  assertEquals(bench.machine.lines, ["forwarded 2", "forwarded 3", "forwarded 1"]);
});

// [P-3]
Deno.test("two senders may use the same numbers", () => {
  const bench = new ReplicaBench().lead();
  const { term } = bench.replica;
  bench.receive("n2", forwardRequest(term, 1, 77)).receive("n2", forwardRequest(term, 1, 78));
  bench.receive("n3", forwardRequest(term, 1, 77)).acknowledge();
  assertEquals(bench.machine.lines.length, 3);
});

// [P-2]
Deno.test("a forward meant for another term is sent back", () => {
  const bench = new ReplicaBench().lead();
  bench.follow(bench.replica.term + 1).lead();
  bench.receive("n2", forwardRequest(bench.replica.term + 1, 1));
  bench.receive("n2", forwardRequest(bench.replica.term - 1, 2));
  assertEquals(bench.take("forward_response").map(({ end }) => end), [
    { kind: "failed", reason: "not_leader" },
    { kind: "failed", reason: "not_leader" },
  ]);
  assertEquals(bench.lastIndex === 2, true);
});

// [P-2]
Deno.test("a node that does not lead sends a forward back at once, and forwards it no further", () => {
  const bench = new ReplicaBench({ term: 3 }).linked().follow(4);
  bench.receive("n3", forwardRequest(4, 1));
  assertEquals(bench.take("forward_response").map(({ end }) => end), [
    { kind: "failed", reason: "not_leader" },
  ]);
  assertEquals(bench.take("forward_request"), []);
});

// [P-3]
Deno.test("of a term it may have led before a restart, a node cannot say that it refused", () => {
  const bench = new ReplicaBench({ term: 3 }).linked().follow(3);
  bench.receive("n3", forwardRequest(3, 1)).receive("n3", forwardRequest(2, 2));
  assertEquals(bench.take("forward_response").map(({ end }) => end), [
    { kind: "failed", reason: "unknown" },
    { kind: "failed", reason: "unknown" },
  ]);
});

// [T-2]
Deno.test("during a hand-over commands wait, and are forwarded to the next leader", () => {
  const bench = new ReplicaBench().lead();
  bench.step({ kind: "transfer_leadership", target: n2 });
  const requestId = bench.propose("a");
  assertEquals([bench.end(requestId), bench.lastIndex === 1], [null, true]);
  bench.follow(bench.replica.term + 1);
  assertEquals(bench.take("forward_request").length, 1);
});

// [T-2]
Deno.test("a failed hand-over gives the waiting commands back to this leader", () => {
  const bench = new ReplicaBench().lead();
  bench.step({ kind: "transfer_leadership", target: n2 });
  const requestId = bench.propose("a", 5_000);
  for (let waited = 0; waited < 1_100; waited += 100) bench.wait(100).acknowledge();
  assertEquals(bench.end(requestId), "applied");
});

// [T-4]
Deno.test("a stopping node refuses what is new and gives up what waits", () => {
  const bench = new ReplicaBench({ term: 3 }).linked();
  const waiting = bench.propose("a");
  bench.step({ kind: "stop" });
  const late = bench.propose("b");
  assertEquals([bench.end(waiting), bench.end(late), bench.end(bench.read())], [
    "stopping",
    "stopping",
    "stopping",
  ]);
});

// [T-4]
Deno.test("a stopping leader still finishes what is in its log, and hands over", () => {
  const bench = new ReplicaBench().lead();
  const requestId = bench.propose("a");
  bench.step({ kind: "stop" }).acknowledge();
  assertEquals([bench.end(requestId), bench.take("timeout_now").length], ["applied", 1]);
});

// [P-4]
Deno.test("the queue for a leader is bounded in bytes; beyond it a command is refused for certain", () => {
  const bench = new ReplicaBench({ term: 3 }).linked();
  const requestIds = Array.from({ length: 65 }, () => bench.propose("x".repeat(1024 * 1024), 900));
  assertEquals(requestIds.map((requestId) => bench.end(requestId)), [
    ...Array(64).fill(null),
    "overloaded",
  ]);
});

// [P-4]
Deno.test("the queue for a leader is bounded; beyond it a command is refused for certain", () => {
  const bench = new ReplicaBench({ term: 3 }).linked();
  const instant = { monotonicMs: 0, wallMs: 0 };
  for (let requestId = 1; requestId <= 10_001; requestId++) {
    bench.replica.step(instant, {
      kind: "propose",
      requestId,
      payload: line("a"),
      deadlineMs: 900,
    });
  }
  bench.drain();
  assertEquals(bench.replies.map((reply) => reply.kind === "failed" && reply.reason), [
    "overloaded",
  ]);
});
