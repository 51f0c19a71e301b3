/**
 * Operators' orders on their way through one replica.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  configurationOf,
  type LogIndex,
  type MembershipChange,
  type NodeId,
  type OrderRequest,
  type Term,
} from "@raftkv/core/raft";
import {
  accepted,
  append,
  chunk,
  configurationEntry,
  heartbeat,
  members,
  snapshot,
} from "../../support/raft_messages.ts";
import { ReplicaBench } from "../../support/replica_bench.ts";

const n2 = "n2" as NodeId;
const n3 = "n3" as NodeId;
const WITHOUT_N3: Partial<MembershipChange> = { remove: [n3] };

// [M-11]
Deno.test("an operator hears of a change when its final configuration is committed", () => {
  const bench = new ReplicaBench().lead();
  const requestId = bench.changeMembership(WITHOUT_N3);
  const joint = bench.lastIndex;
  bench.receive("n2", accepted(1, joint)).receive("n3", accepted(1, joint));
  assertEquals([bench.end(requestId), bench.lastIndex], [null, joint + 1]);
  bench.receive("n2", accepted(1, joint + 1));
  const reply = bench.replies.find((each) => each.requestId === requestId);
  assertEquals(reply, {
    kind: "membership_changed",
    requestId,
    index: bench.lastIndex,
    configuration: configurationOf(members(2).members),
  });
});

Deno.test("a change that is refused says why", () => {
  const bench = new ReplicaBench().lead();
  const refused = bench.changeMembership({ remove: ["n9" as NodeId] });
  const reply = bench.replies.find((each) => each.requestId === refused);
  assertEquals(reply, {
    kind: "membership_refused",
    requestId: refused,
    reason: "unknown_member",
  });
});

/** What a follower sent to its leader. */
function forwarded(bench: ReplicaBench): OrderRequest {
  const [request] = bench.take("order_request");
  assert(request !== undefined, "an order was sent to the leader");
  return request;
}

const changed = (index: number) => ({
  kind: "membership_changed" as const,
  index: index as LogIndex,
  configuration: members(2),
});

// [M-11]
Deno.test("a follower hands an order to its leader, and the leader's answer to the operator", () => {
  const bench = new ReplicaBench().linked().follow(1);
  const requestId = bench.changeMembership(WITHOUT_N3);
  const request = forwarded(bench);
  const { order } = request;
  assert(order.kind === "change_membership");
  assertEquals([order.change.remove, request.term as number], [[n3], 1]);
  bench.receive("n2", { ...request, type: "order_response", end: changed(7) });
  const reply = bench.replies.find((each) => each.requestId === requestId);
  assertEquals(reply, { ...changed(7), requestId });
  const again = bench.changeMembership(WITHOUT_N3);
  const end = { kind: "membership_refused", reason: "unknown_member" } as const;
  bench.receive("n2", { ...forwarded(bench), type: "order_response", end });
  assertEquals(bench.end(again), "membership_refused");
});

// [M-11]
Deno.test("an order waits for a leader, and ends by its deadline as never given", () => {
  const bench = new ReplicaBench().linked();
  const requestId = bench.changeMembership(WITHOUT_N3, 300);
  assertEquals([bench.take("order_request").length, bench.end(requestId)], [0, null]);
  bench.wait(400);
  assertEquals(bench.end(requestId), "no_leader");
  const other = bench.changeMembership(WITHOUT_N3);
  bench.follow(5);
  assertEquals(forwarded(bench).term as number, 5);
  assertEquals(bench.end(other), null);
});

Deno.test("an order that met no leader is given to the next one", () => {
  const bench = new ReplicaBench().linked().follow(1);
  const requestId = bench.changeMembership(WITHOUT_N3);
  const end = { kind: "failed", reason: "not_leader" } as const;
  bench.receive("n2", { ...forwarded(bench), type: "order_response", end });
  assertEquals([bench.take("order_request").length, bench.end(requestId)], [0, null]);
  bench.receive("n3", heartbeat(2));
  const request = forwarded(bench);
  assertEquals(request.term as number, 2);
  bench.receive("n3", { ...request, type: "order_response", end: changed(9) });
  assertEquals(bench.end(requestId), "membership_changed");
});

// [M-11]
Deno.test("an order whose leader was lost may or may not have been carried out", () => {
  const bench = new ReplicaBench().linked().follow(1);
  const lost = bench.changeMembership(WITHOUT_N3);
  const late = bench.changeMembership(WITHOUT_N3, 50);
  bench.receive("n2", heartbeat(1)).wait(100);
  assertEquals(bench.end(late), "timeout");
  bench.step({ kind: "peer_down", peer: "n2" as NodeId });
  assertEquals(bench.end(lost), "unknown");
});

/** A peer's order, as it arrives. */
function orderOf(n: number, content: Partial<OrderRequest> = {}): OrderRequest {
  const change = { add: [], remove: [n3], promote: [], move: [] };
  const order = { kind: "change_membership", change, expectedIndex: null } as const;
  return {
    type: "order_request",
    sender: 77,
    requestId: n,
    term: 1 as Term,
    order,
    ...content,
  };
}

// [M-11]
Deno.test("a leader carries out a peer's order once, however often it comes, and answers once", () => {
  const bench = new ReplicaBench().lead();
  bench.receive("n2", orderOf(1)).receive("n2", orderOf(1));
  const joint = bench.lastIndex;
  bench.receive("n2", accepted(1, joint)).receive("n3", accepted(1, joint));
  bench.receive("n2", accepted(1, joint + 1)).receive("n2", orderOf(1));
  assertEquals(bench.take("order_response"), [
    { type: "order_response", sender: 77, requestId: 1, end: changed(joint + 1) },
  ]);
  bench.receive("n2", orderOf(2));
  const end = { kind: "membership_refused", reason: "unknown_member" } as const;
  assertEquals(bench.take("order_response").map((each) => each.end), [end]);
});

// [M-11]
Deno.test("who does not lead in the term that was meant sends an order back", () => {
  const refusal = { kind: "failed", reason: "not_leader" } as const;
  const bench = new ReplicaBench().lead();
  bench.receive("n2", orderOf(1, { term: 9 as Term }));
  assertEquals(bench.take("order_response").map((each) => each.end), [refusal]);
  const follower = new ReplicaBench().linked().follow(1).receive("n3", orderOf(1));
  assertEquals(follower.take("order_response").map((each) => each.end), [refusal]);
  const restarted = new ReplicaBench({ term: 1 }).linked().receive("n3", orderOf(1));
  const unknown = { kind: "failed", reason: "unknown" } as const;
  assertEquals(restarted.take("order_response").map((each) => each.end), [unknown]);
});

// [M-11]
Deno.test("a hand-over ends when another leads, and orders wait meanwhile", () => {
  const bench = new ReplicaBench().lead();
  const requestId = bench.transfer(n2);
  const order = bench.changeMembership(WITHOUT_N3);
  assertEquals([bench.take("timeout_now").length, bench.end(requestId)], [1, null]);
  assertEquals(bench.end(order), null);
  bench.receive("n2", heartbeat(2));
  const reply = bench.replies.find((each) => each.requestId === requestId);
  assertEquals(reply, { kind: "leadership_transferred", requestId, leaderId: n2, term: 2 as Term });
  assertEquals(forwarded(bench).term as number, 2);
});

// [T-3]
Deno.test("a hand-over that cannot be, or is not taken, is refused with its reason", () => {
  const bench = new ReplicaBench().lead();
  const reasonOf = (requestId: number) => {
    const reply = bench.replies.find((each) => each.requestId === requestId);
    return reply?.kind === "transfer_refused" ? reply.reason : reply?.kind;
  };
  assertEquals(reasonOf(bench.transfer("n9" as NodeId)), "unknown_member");
  assertEquals(reasonOf(bench.transfer(bench.replica.id)), "leadership_transferred");
  const ignored = bench.transfer(n3, 60_000);
  for (let beat = 0; beat < 30; beat++) bench.wait(50).acknowledge();
  assertEquals(reasonOf(ignored), "not_taken_over");
  const learner = { id: "n4" as NodeId, url: "sim://n4", votes: false, replaces: null };
  bench.changeMembership({ add: [learner] });
  bench.acknowledge();
  assertEquals(reasonOf(bench.transfer(learner.id)), "not_a_voter");
  const alone = new ReplicaBench({ size: 1 }).wait(10);
  assertEquals(alone.replica.role, "leader");
  assertEquals(alone.end(alone.transfer(null)), "transfer_refused");
});

Deno.test("a node knows that it was removed once that is committed, and not while it joins", () => {
  const bench = new ReplicaBench().linked();
  const without = configurationOf(members(3).members.filter(({ id }) => id !== "n1"));
  const request = append(1, { previous: [0, 0], commit: 0 });
  bench.receive("n2", { ...request, entries: [configurationEntry([1, 1], without)] });
  assertEquals(bench.replica.isRemoved, false);
  bench.receive("n2", heartbeat(1, { commit: 1 }));
  assertEquals(bench.replica.isRemoved, true);

  const joining = new ReplicaBench({ configuration: configurationOf([]) });
  joining.receive("n2", { ...request, entries: [configurationEntry([1, 1], without)] });
  joining.receive("n2", heartbeat(1, { commit: 1 }));
  assertEquals([joining.replica.isRemoved, joining.replica.role], [false, "follower"]);
});

Deno.test("a node that knows of no members never campaigns", () => {
  const bench = new ReplicaBench({ configuration: configurationOf([]) }).wait(30_000);
  assertEquals([bench.replica.role, bench.replica.term as number], ["follower", 0]);
});

// [M-11]
Deno.test("a change whose entry was replaced by another leader's is lost", () => {
  const bench = new ReplicaBench().lead();
  const requestId = bench.changeMembership(WITHOUT_N3);
  bench.receive("n2", append(2, { previous: [1, 1], entries: [2], commit: 2 }));
  assertEquals(bench.end(requestId), "lost");
});

// [M-11]
Deno.test("a change that a successor sees through ends well at the one who began it", () => {
  const bench = new ReplicaBench().lead();
  const requestId = bench.changeMembership(WITHOUT_N3);
  bench.receive("n2", append(2, { previous: [2, 1], entries: [2], commit: 3 }));
  assertEquals(bench.end(requestId), null);
  const final = configurationEntry([4, 2], members(2));
  const request = append(2, { previous: [3, 2], commit: 4 });
  bench.receive("n2", { ...request, entries: [final] });
  assertEquals(bench.end(requestId), "membership_changed");
});

Deno.test("a change that a snapshot has covered ends unknown: nobody here can tell", () => {
  const bench = new ReplicaBench().lead();
  const requestId = bench.changeMembership(WITHOUT_N3);
  const meta = snapshot([9, 2]);
  bench.receive("n2", chunk(2, { meta }));
  const from = "n2" as NodeId;
  bench.step({ kind: "chunk_staged", from, meta, nextOffsetBytes: meta.sizeBytes });
  bench.step({ kind: "installed", meta, ok: true });
  assertEquals(bench.end(requestId), "unknown");
});

// [M-11]
Deno.test("a change that is not finished by its deadline ends by timeout, and may still come", () => {
  const bench = new ReplicaBench().lead();
  const requestId = bench.changeMembership(WITHOUT_N3, 300);
  bench.wait(400);
  assertEquals(bench.end(requestId), "timeout");
  assertEquals(bench.replica.configuration.votersOutgoing.length, 3);
});

// [T-4]
Deno.test("a node that stops takes no change", () => {
  const bench = new ReplicaBench().lead().step({ kind: "stop" });
  assertEquals(bench.end(bench.changeMembership(WITHOUT_N3)), "stopping");
});

// [S-7]
Deno.test("a snapshot carries the configuration at its index, not a later one (M11)", () => {
  const bench = new ReplicaBench({ snapshotLogBytesMin: 1 }).linked();
  const request = append(1, { previous: [0, 0], entries: [1, 1], commit: 2 });
  const later = configurationEntry([3, 1], members(5));
  bench.receive("n2", { ...request, entries: [...request.entries, later] });
  const [task] = bench.tasks.filter((each) => each.kind === "save_snapshot");
  assertEquals(task?.point.last.index as number, 2);
  assertEquals(task?.point.configuration, members(3));
  assertEquals(bench.replica.configuration, members(5));
});
