import { assertEquals } from "@std/assert";
import { configurationOf, type MembershipChange, type NodeId } from "@raftkv/core/raft";
import {
  accepted,
  append,
  chunk,
  configurationEntry,
  members,
  snapshot,
} from "../../support/raft_messages.ts";
import { ReplicaBench } from "../../support/replica_bench.ts";

const n3 = "n3" as NodeId;
const WITHOUT_N3: Partial<MembershipChange> = { remove: [n3] };

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

Deno.test("a change that is refused says why; who does not lead knows of no leader here", () => {
  const bench = new ReplicaBench().lead();
  const refused = bench.changeMembership({ remove: ["n9" as NodeId] });
  const reply = bench.replies.find((each) => each.requestId === refused);
  assertEquals(reply, {
    kind: "membership_refused",
    requestId: refused,
    reason: "unknown_member",
  });
  const follower = new ReplicaBench().linked().follow(1);
  assertEquals(follower.end(follower.changeMembership(WITHOUT_N3)), "no_leader");
});

Deno.test("a change whose entry was replaced by another leader's is lost", () => {
  const bench = new ReplicaBench().lead();
  const requestId = bench.changeMembership(WITHOUT_N3);
  bench.receive("n2", append(2, { previous: [1, 1], entries: [2], commit: 2 }));
  assertEquals(bench.end(requestId), "lost");
});

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

Deno.test("a change that is not finished by its deadline ends by timeout, and may still come", () => {
  const bench = new ReplicaBench().lead();
  const requestId = bench.changeMembership(WITHOUT_N3, 300);
  bench.wait(400);
  assertEquals(bench.end(requestId), "timeout");
  assertEquals(bench.replica.configuration.votersOutgoing.length, 3);
});

Deno.test("a node that stops takes no change", () => {
  const bench = new ReplicaBench().lead().step({ kind: "stop" });
  assertEquals(bench.end(bench.changeMembership(WITHOUT_N3)), "stopping");
});

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
