import { assertEquals } from "@std/assert";
import { DEFAULT_TIMING, type LogIndex, type NodeId, type NodeStatus } from "@raftkv/core/raft";
import {
  append,
  configurationEntry,
  members,
  position,
  snapshot,
} from "../../support/raft_messages.ts";
import { ReplicaBench } from "../../support/replica_bench.ts";

const n2 = "n2" as NodeId;
const n3 = "n3" as NodeId;

function statusOf(bench: ReplicaBench, requestId: number): (NodeStatus | null)[] | null {
  const reply = bench.replies.find((each) => each.requestId === requestId);
  return reply?.kind === "cluster_status" ? reply.nodes.map(({ status }) => status) : null;
}

Deno.test("the cluster's status is complete when every linked member has answered", () => {
  const bench = new ReplicaBench({ term: 3 }).linked();
  const requestId = bench.askStatus();
  const [toN2, toN3] = bench.take("status_request");
  const status = bench.replica.status();
  bench.receive("n2", { type: "status_response", requestId: toN2!.requestId, status });
  assertEquals(statusOf(bench, requestId), null);
  bench.receive("n3", { type: "status_response", requestId: toN3!.requestId, status });
  assertEquals(statusOf(bench, requestId), [status, status, status]);
});

// [P-4]
Deno.test("however many ask for the cluster's status, each member is asked once at a time", () => {
  const bench = new ReplicaBench({ term: 3 }).linked();
  const requestIds = Array.from({ length: 50 }, () => bench.askStatus());
  const [toN2, toN3, ...others] = bench.take("status_request");
  const status = bench.replica.status();
  bench.receive("n2", { type: "status_response", requestId: toN2!.requestId, status });
  bench.receive("n3", { type: "status_response", requestId: toN3!.requestId, status });
  assertEquals([others, requestIds.filter((requestId) => statusOf(bench, requestId) === null)], [
    [],
    [],
  ]);
  bench.askStatus();
  assertEquals(bench.take("status_request").length, 2);
});

Deno.test("a member that stays silent is asked again, and either answer will do, once", () => {
  const bench = new ReplicaBench({ term: 3 }).linked();
  bench.askStatus();
  const [first] = bench.take("status_request");
  for (let waited = 0; waited < 500; waited += 50) bench.wait(50).follow(3);
  const requestId = bench.askStatus();
  const [second] = bench.take("status_request");
  const status = bench.replica.status();
  bench.step({ kind: "peer_down", peer: n3 });
  bench.receive("n2", { type: "status_response", requestId: first!.requestId, status });
  assertEquals([second!.requestId, statusOf(bench, requestId)?.[1]], [first!.requestId, status]);
  const next = bench.askStatus();
  bench.receive("n2", { type: "status_response", requestId: second!.requestId, status });
  assertEquals(statusOf(bench, next), null);
});

// [P-4]
Deno.test("too many that wait for the cluster's status are refused", () => {
  const bench = new ReplicaBench({ term: 3 }).linked();
  for (let count = 0; count < 10_000; count++) bench.askStatus();
  assertEquals(bench.end(bench.askStatus()), "overloaded");
});

Deno.test("a member that no link leads to is not waited for", () => {
  const bench = new ReplicaBench({ term: 3 });
  assertEquals(statusOf(bench, bench.askStatus())?.slice(1), [null, null]);
});

Deno.test("a member whose link breaks is not waited for", () => {
  const bench = new ReplicaBench({ term: 3 }).linked();
  const requestId = bench.askStatus();
  bench.step({ kind: "peer_down", peer: n2 }).step({ kind: "peer_down", peer: n3 });
  assertEquals(statusOf(bench, requestId)?.slice(1), [null, null]);
});

// [P-5]
Deno.test("a question about the cluster ends by its deadline with the answers there are", () => {
  const bench = new ReplicaBench({ term: 3 }).linked();
  const requestId = bench.askStatus(300);
  // The leader's heartbeats must not put the deadline off.
  for (let waited = 0; waited < 400; waited += 50) bench.wait(50).follow(3);
  assertEquals(statusOf(bench, requestId)?.slice(1), [null, null]);
});

Deno.test("a node answers a question about itself", () => {
  const bench = new ReplicaBench({ term: 3 }).receive("n2", {
    type: "status_request",
    requestId: 8,
  });
  assertEquals(bench.take("status_response"), [
    { type: "status_response", requestId: 8, status: bench.replica.status() },
  ]);
});

// [S-10]
Deno.test("a snapshot is taken when enough log was applied, and never of what is not durable", () => {
  const bench = new ReplicaBench({ term: 3, snapshotLogBytesMin: 60 });
  bench.diskHangs = true;
  bench.receive("n2", append(3, { previous: [0, 0], entries: [3, 3], commit: 2 }));
  assertEquals([bench.machine.lines.length, bench.tasks], [2, []]);
  bench.diskHangs = false;
  bench.sync();
  assertEquals(bench.tasks.map((task) => task.kind === "save_snapshot" && task.point.last.index), [
    2 as LogIndex,
  ]);
});

// [S-10]
Deno.test("while one snapshot is written no other begins", () => {
  const bench = new ReplicaBench({ term: 3, snapshotLogBytesMin: 60 });
  bench.receive("n2", append(3, { previous: [0, 0], entries: [3, 3], commit: 2 }));
  bench.receive("n2", append(3, { previous: [2, 3], entries: [3, 3, 3], commit: 5 }));
  assertEquals(bench.tasks.length, 1);
  bench.step({ kind: "snapshot_saved", meta: snapshot([2, 3]) });
  assertEquals(bench.tasks.map(({ kind }) => kind), ["save_snapshot", "compact", "save_snapshot"]);
});

// [S-10]
Deno.test("the log is kept back to the snapshot before the newest", () => {
  const bench = new ReplicaBench({ term: 3 });
  bench.receive("n2", append(3, { previous: [0, 0], entries: [3, 3, 3], commit: 3 }));
  const throughs = [1, 2, 3].map((index) => {
    bench.tasks = [];
    bench.step({ kind: "snapshot_saved", meta: snapshot([index, 3]) });
    return bench.tasks.map((task) => task.kind === "compact" && Number(task.through));
  });
  assertEquals(throughs, [[0], [1], [2]]);
});

// [S-10]
Deno.test("memory holds less of the log than the disk once a snapshot covers it", () => {
  const bench = new ReplicaBench({ term: 3, snapshotLogBytesMin: 280 }).linked();
  bench.receive("n2", append(3, { previous: [0, 0], entries: [3, 3, 3, 3, 3, 3], commit: 6 }));
  bench.step({ kind: "snapshot_saved", meta: snapshot([5, 3]) });
  bench.sent = [];
  const positions = ([[3, 3], [4, 3], [6, 3]] as const).map(position);
  bench.receive("n2", { type: "entries_request", positions, snapshot: null });
  const supplied = bench.sent.flatMap(({ message }) =>
    message.type === "entries_response" ? message.entries.map(({ index }) => Number(index)) : []
  );
  assertEquals(supplied, [4, 6]);
  assertEquals(bench.tasks.map((task) => task.kind === "compact" && Number(task.through)), [0]);
});

// [S-6]
Deno.test("a snapshot saved late does not go behind one installed meanwhile", () => {
  const bench = new ReplicaBench({ term: 3, snapshotLogBytesMin: 30 }).linked();
  bench.receive("n2", append(3, { previous: [0, 0], entries: [3], commit: 1 }));
  const meta = snapshot([9, 3]);
  const chunk = { meta, offsetBytes: 0, data: new Uint8Array(4) };
  bench.receive("n2", { type: "snapshot_request", term: bench.replica.term, chunk });
  bench.step({ kind: "chunk_staged", from: n2, meta, nextOffsetBytes: 4 });
  bench.step({ kind: "installed", meta, ok: true });
  bench.step({ kind: "snapshot_saved", meta: snapshot([1, 3]) });
  assertEquals(bench.replica.status().snapshotIndex, 9 as LogIndex);
  assertEquals(bench.replica.status().appliedIndex, 9 as LogIndex);
});

// [S-4]
Deno.test("a snapshot with bad bytes leaves the state as it was", () => {
  const bench = new ReplicaBench({ term: 3 }).linked();
  bench.receive("n2", append(3, { previous: [0, 0], entries: [3], commit: 1 }));
  const meta = snapshot([9, 3]);
  const chunk = { meta, offsetBytes: 0, data: new Uint8Array(4) };
  bench.receive("n2", { type: "snapshot_request", term: bench.replica.term, chunk });
  bench.step({ kind: "chunk_staged", from: n2, meta, nextOffsetBytes: 4 });
  bench.step({ kind: "installed", meta, ok: false });
  assertEquals(bench.replica.status().appliedIndex, 1 as LogIndex);
});

// [C-4]
Deno.test("a clean restart applies the log again from the last snapshot on", () => {
  const bench = new ReplicaBench({ size: 1, term: 3, log: [1, 2, 3] }).lead();
  assertEquals(bench.machine.lines, ["1.1", "2.2", "3.3"]);
});

Deno.test("the members are the voters of the configuration, in order", () => {
  assertEquals(new ReplicaBench().replica.members, members(3).members);
});

// [P-5]
Deno.test("clients that wait make the replica wake often enough to keep their deadlines", () => {
  const bench = new ReplicaBench({ term: 3 }).linked();
  const idle = bench.replica.wakeAtMs;
  bench.askStatus();
  assertEquals(bench.replica.wakeAtMs <= 50, true);
  assertEquals(idle > 900, true);
});

Deno.test("who leads says so, though the newest configuration, not committed yet, is to take its vote", () => {
  const bench = new ReplicaBench({ term: 3 }).linked();
  const voters = [n2, n3];
  const configuration = { ...members(3), voters, learners: ["n1" as NodeId] };
  const entry = configurationEntry([1, 3], configuration);
  bench.receive("n2", { ...append(3, { previous: [0, 0] }), entries: [entry] });
  assertEquals(bench.replica.status().role, "learner");
  bench.wait(DEFAULT_TIMING.electionTimeoutMsMax);
  assertEquals(bench.replica.status().role, "pre_candidate");
});
