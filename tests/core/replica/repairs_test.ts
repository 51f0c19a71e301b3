import { assertEquals } from "@std/assert";
import type {
  EntriesRequest,
  LogIndex,
  NodeId,
  SnapshotChunk,
  SnapshotMeta,
  StoredEntry,
  Term,
} from "@raftkv/core/raft";
import { ReplicaBench } from "../../support/replica_bench.ts";
import { append, entries, position, snapshot } from "../../support/raft_messages.ts";

const n2 = "n2" as NodeId;
const n3 = "n3" as NodeId;

/** A node in term 3 that has applied 6 entries; in memory it holds what follows the fourth. */
function trimmed(): ReplicaBench {
  const bench = new ReplicaBench({ term: 3, snapshotLogBytesMin: 280 }).linked();
  bench.receive("n2", append(3, { previous: [0, 0], entries: [3, 3, 3, 3, 3, 3], commit: 6 }));
  bench.step({ kind: "snapshot_saved", meta: snapshot([5, 3]) });
  bench.tasks = [];
  bench.sent = [];
  return bench;
}

/** A node in term 3 of whose five entries the second is lost. */
function damaged(): ReplicaBench {
  const stored = entries(0, [3, 3, 3, 3, 3]).map((entry): StoredEntry =>
    entry.index === 2 ? { kind: "lost", index: entry.index, term: entry.term } : entry
  );
  return new ReplicaBench({ term: 3, stored }).linked();
}

/** What it asks of whom since the last call. */
function questions(bench: ReplicaBench): string[] {
  const asked = bench.sent.flatMap(({ to, message }) => {
    if (message.type !== "entries_request") return [];
    const { snapshot } = message;
    return `${to} ${snapshot === null ? "-" : `${snapshot.index}+${snapshot.offsetBytes}`}`;
  });
  bench.sent = [];
  return asked;
}

function chunkOf(meta: SnapshotMeta, offsetBytes: number): SnapshotChunk {
  return { meta, offsetBytes, data: new Uint8Array(2) };
}

function lost(index: number, snapshot: EntriesRequest["snapshot"]): EntriesRequest {
  return { type: "entries_request", positions: [position([index, 3])], snapshot };
}

const FIRST = { index: 0 as LogIndex, offsetBytes: 0 };

// [X-3]
Deno.test("who let go of an entry gives the part of its snapshot that is asked for, whoever leads", () => {
  const bench = trimmed();
  const reads = () => {
    const read = bench.tasks.map((task) =>
      task.kind === "read_chunk" ? task.offsetBytes : task.kind
    );
    bench.tasks = [];
    return read;
  };
  bench.receive("n3", lost(2, null));
  bench.receive("n3", lost(6, FIRST));
  assertEquals(reads(), [], "nobody asked for it, or an entry was enough");
  bench.receive("n3", lost(2, FIRST)).receive("n3", lost(2, FIRST));
  assertEquals(reads(), [0], "once at a time");
  const index = 5 as LogIndex;
  bench.sent = [];
  bench.step({ kind: "chunk_read", to: n3, index, chunk: chunkOf(snapshot([5, 3]), 0) });
  assertEquals(bench.sent.map(({ to, message }) => [to, message.type]), [[n3, "snapshot_supply"]]);
  for (
    const [at, offsetBytes, expected] of [[5, 2, 2], [5, 99, 0], [4, 2, 0]] as const
  ) {
    bench.receive("n3", lost(2, { index: at as LogIndex, offsetBytes }));
    assertEquals(reads(), [expected]);
    bench.step({ kind: "chunk_read", to: n3, index, chunk: null });
  }
});

// [X-3]
Deno.test("a snapshot is asked of one member at a time, the next when that one gives none", () => {
  const bench = damaged();
  assertEquals(questions(bench), ["n2 0+0"], "the other link was not up yet");
  assertEquals(questions(bench.wait(300)), ["n2 -", "n3 0+0"]);
  const meta = snapshot([4, 3]);
  // Late, but nobody else has begun.
  bench.receive("n2", { type: "snapshot_supply", chunk: chunkOf(meta, 0) });
  bench.receive("n3", { type: "snapshot_supply", chunk: chunkOf(snapshot([3, 3]), 0) });
  assertEquals(bench.tasks.map((task) => task.kind === "stage_chunk" && task.from), [n2]);
  bench.step({ kind: "chunk_staged", from: n2, meta, nextOffsetBytes: 2 });
  assertEquals(questions(bench), ["n2 4+2"]);
  // What a network repeats is not kept twice.
  bench.receive("n2", { type: "snapshot_supply", chunk: chunkOf(meta, 0) });
  assertEquals(bench.tasks.length, 1);
  // It is patient with one that has begun, but not for ever.
  const asked = questions(bench.wait(20_000)).filter((each) => !each.endsWith("-"));
  assertEquals(asked.slice(0, 6), ["n2 4+2", "n2 4+2", "n2 4+2", "n2 4+2", "n3 0+0", "n2 0+0"]);
});

// [X-3]
Deno.test("with the snapshot the node is whole, keeps what follows it, and may lead", () => {
  const bench = damaged();
  const meta = snapshot([4, 3]);
  bench.receive("n2", { type: "snapshot_supply", chunk: chunkOf(meta, 0) });
  bench.step({ kind: "chunk_staged", from: n2, meta, nextOffsetBytes: 4 });
  assertEquals(bench.tasks.map(({ kind }) => kind), ["stage_chunk", "install"]);
  bench.step({ kind: "installed", meta, ok: true });
  const { appliedIndex, lastIndex } = bench.replica.status();
  assertEquals([bench.replica.damage.isWhole, appliedIndex, lastIndex].map(Number), [1, 4, 5]);
  bench.wait(3_000);
  assertEquals(bench.replica.role, "pre_candidate");
});

// [X-3]
Deno.test("with a snapshot of a later term the node enters that term first, and no earlier leader counts it", () => {
  const bench = damaged();
  bench.diskHangs = true;
  const meta = snapshot([7, 6]);
  bench.receive("n2", { type: "snapshot_supply", chunk: chunkOf(meta, 0) });
  bench.step({ kind: "chunk_staged", from: n2, meta, nextOffsetBytes: 4 });
  assertEquals(bench.tasks.map(({ kind }) => kind), ["stage_chunk"], "the term is not durable");
  bench.sync();
  assertEquals(bench.tasks.map(({ kind }) => kind), ["stage_chunk", "install"]);
  bench.diskHangs = false;
  bench.step({ kind: "installed", meta, ok: true });
  bench.sent = [];
  bench.receive("n3", append(3, { previous: [6, 3], entries: [3], commit: 6 }));
  assertEquals(bench.replica.term, 6 as Term);
  const kinds = bench.sent.filter(({ to }) => to === n3).map(({ message }) => message.type);
  assertEquals(kinds.includes("append_accepted"), false, kinds.join());
});

// [X-3] [X-5]
Deno.test("no snapshot is taken that does not help, that would undo a promise, or while a leader is there", () => {
  const supply = (last: readonly [number, number]) => ({
    type: "snapshot_supply" as const,
    chunk: chunkOf(snapshot(last), 0),
  });
  const short = damaged().receive("n2", supply([1, 3]));
  assertEquals(short.tasks, [], "the lost entry lies behind it");
  const whole = new ReplicaBench({ term: 3, log: [3, 3] }).linked();
  assertEquals(whole.receive("n2", supply([2, 3])).tasks, [], "nothing is lost");
  const stateless = new ReplicaBench({ term: 3, base: position([5, 3]), log: [3] }).linked();
  assertEquals(questions(stateless), ["n2 0+0"]);
  assertEquals(stateless.receive("n2", supply([4, 3])).tasks, [], "its log begins later");
  assertEquals(stateless.receive("n2", supply([5, 3])).tasks.length, 1);
  const led = damaged().receive("n2", append(3, { previous: [5, 3], entries: [] }));
  assertEquals(led.receive("n2", supply([4, 3])).tasks, []);
  led.sent = [];
  assertEquals(questions(led.wait(300)), ["n2 -", "n3 -"]);
});
