import { assert, assertEquals } from "@std/assert";
import type { NodeId, PersistBatch, Term, Ticket } from "@raftkv/core/raft";
import type { RequestId } from "@raftkv/core/replica";
import { Cluster, type ClusterOptions } from "@raftkv/sim";
import { JournalMachine, line } from "../support/journal_machine.ts";
import { entries } from "../support/raft_messages.ts";

function cluster(options: Partial<ClusterOptions<number>> = {}): Cluster<number> {
  return new Cluster<number>({
    seed: 5,
    size: 3,
    createMachine: () => new JournalMachine(),
    ...options,
  });
}

function end(subject: Cluster<number>, requestId: RequestId): string | null {
  const reply = subject.replies.get(requestId);
  return reply === undefined ? null : reply.kind === "failed" ? reply.reason : reply.kind;
}

function write(subject: Cluster<number>, id: string, text = "x"): void {
  const requestId = subject.propose(id, line(text));
  subject.runUntil("the write is applied", () => end(subject, requestId) === "applied", 5_000);
}

function journal(subject: Cluster<number>, id: string): readonly string[] {
  return (subject.node(id).machine as JournalMachine).lines;
}

function othersThan(subject: Cluster<number>, id: string): NodeId[] {
  return subject.nodes.map((node) => node.id).filter((other) => other !== id);
}

/** A cluster whose disks hold these logs, every node in this term. */
function clusterOf(logs: readonly (readonly number[])[], terms: readonly number[]) {
  const subject = cluster({ size: logs.length });
  for (const { id } of subject.nodes) subject.crash(id);
  logs.forEach((log, at) => {
    const hardState = { term: (terms[at] ?? 0) as Term, votedFor: null };
    const batch: PersistBatch = {
      ticket: 1 as Ticket,
      hardState,
      entries: entries(0, log),
      repairs: [],
    };
    const node = subject.nodes[at]!;
    node.disk.append(batch);
    subject.observer.onPersisted(node, batch);
  });
  return subject;
}

// [E-10]
Deno.test("a leader is there within two election timeouts", () => {
  for (let seed = 1; seed <= 20; seed++) cluster({ seed, size: 5 }).runUntilLed(4_000);
});

// [E-11]
Deno.test("a killed leader is replaced within half a heartbeat, however many are left", () => {
  for (const size of [3, 5, 7]) {
    for (let seed = 1; seed <= 20; seed++) {
      const subject = cluster({ seed, size });
      const leader = subject.runUntilLed();
      subject.runFor(2_000);
      subject.crash(leader);
      subject.runUntilLed(50);
    }
  }
});

// [E-12]
Deno.test("a leader that is cut off silently is replaced, and stops believing in itself", () => {
  const subject = cluster({ size: 5 });
  const leader = subject.runUntilLed();
  subject.isolate(leader);
  subject.runFor(4_000);
  const [only, ...rivals] = subject.leaders();
  assertEquals([only!.id !== leader, rivals], [true, []]);
});

//
Deno.test("a read at a leader that was cut off never ends with what is stale (L1)", () => {
  const subject = cluster();
  const leader = subject.runUntilLed();
  write(subject, leader);
  subject.isolate(leader);
  const reads = Array.from({ length: 40 }, () => {
    subject.runFor(100);
    return subject.read(leader, { timeoutMs: 2_000 });
  });
  const [other] = othersThan(subject, leader);
  write(subject, other!);
  subject.runFor(3_000);
  assertEquals(new Set(reads.map((read) => end(subject, read))).has("readable"), false);
});

// [E-3]
Deno.test("a node that was cut off does not depose the leader when it returns (E13, I40)", () => {
  const subject = cluster();
  const leader = subject.runUntilLed();
  const [away] = othersThan(subject, leader);
  subject.isolate(away!);
  subject.runFor(60_000);
  const before = subject.observer.sightings.leaderships;
  subject.network.heal();
  subject.runFor(10_000);
  assertEquals(subject.observer.sightings.leaderships, before);
  assertEquals(subject.leaders().map(({ id }) => id), [leader]);
});

// [E-11]
Deno.test("links that flap do not cost the leader its place (I40)", () => {
  const subject = cluster();
  const leader = subject.runUntilLed();
  const [follower] = othersThan(subject, leader);
  subject.runFor(1_000);
  for (let turn = 0; turn < 50; turn++) {
    subject.breakLink(leader, follower!);
    subject.runFor(130);
  }
  assertEquals(subject.leaders().map(({ id }) => id), [leader]);
});

// [E-8]
Deno.test("a slow follower far behind does not start elections while it catches up (E17)", () => {
  const subject = cluster();
  const leader = subject.runUntilLed();
  const [away] = othersThan(subject, leader);
  subject.crash(away!);
  for (let count = 0; count < 50; count++) write(subject, leader);
  const before = subject.observer.sightings.leaderships;
  subject.start(away!);
  subject.runUntil("it has caught up", () => journal(subject, away!).length === 50);
  assertEquals(subject.observer.sightings.leaderships, before);
});

// [E-6]
Deno.test("a majority that can talk elects a leader, whatever else is cut (E16, E22)", () => {
  const topologies: Record<string, (subject: Cluster<number>, leader: NodeId) => void> = {
    "the old leader behind a bridge": (subject, leader) => {
      const [bridge] = othersThan(subject, leader);
      subject.partition([leader], othersThan(subject, leader).filter((id) => id !== bridge));
    },
    "the old leader hears nobody": (subject, leader) => {
      for (const id of othersThan(subject, leader)) subject.network.cut(id, leader);
    },
    "nobody hears the old leader": (subject, leader) => {
      for (const id of othersThan(subject, leader)) subject.network.cut(leader, id);
    },
    "two nodes are dead": (subject, leader) => {
      subject.crash(leader);
      subject.crash(othersThan(subject, leader)[1]!);
    },
  };
  for (const [what, apply] of Object.entries(topologies)) {
    for (let seed = 1; seed <= 5; seed++) {
      const subject = cluster({ size: 5, seed });
      const leader = subject.runUntilLed();
      write(subject, leader);
      apply(subject, leader);
      subject.runFor(5_000);
      const at = subject.leaders()[0]?.id;
      assert(at !== undefined, `no leader though ${what}`);
      write(subject, at);
    }
  }
});

// [E-4]
Deno.test("any two of three nodes elect a leader, whatever their terms and logs (E14, E15)", () => {
  const states: readonly (readonly [readonly number[], number])[] = [
    [[], 0],
    [[1], 1],
    [[1, 1], 9],
    [[1, 3], 3],
    [[1, 1, 1, 1], 4],
  ];
  for (const [logA, termA] of states) {
    for (const [logB, termB] of states) {
      const subject = clusterOf([logA, logB, []], [termA, termB, 0]);
      subject.start("n1");
      subject.start("n2");
      subject.runUntilLed(8_000);
    }
  }
});

//
Deno.test("a log that diverges for a thousand entries is mended by one refusal a term (R4)", () => {
  const many = (term: number) => Array.from({ length: 200 }, () => term);
  const logs = [
    [...many(1), ...many(6)],
    [...many(1), ...many(2), ...many(3), ...many(4), ...many(5)],
    [1],
  ];
  const subject = clusterOf(logs, [6, 6, 6]);
  subject.start("n1");
  subject.start("n3");
  subject.runUntilLed();
  const refusals = () => subject.observer.sightings.messages.get("append_rejected") ?? 0;
  const before = refusals();
  subject.start("n2");
  subject.runUntil("it agrees", () => journal(subject, "n2").length === 400);
  assertEquals(journal(subject, "n2"), journal(subject, "n1"));
  assert(refusals() - before <= 5, `${refusals() - before} refusals`);
});

Deno.test("a follower away for longer than the kept log comes back by snapshot, chunk by chunk (R15)", () => {
  const subject = cluster({ snapshotLogBytesMin: 600, snapshotChunkBytes: 64 });
  const leader = subject.runUntilLed();
  const [away] = othersThan(subject, leader);
  subject.crash(away!);
  for (let count = 0; count < 100; count++) write(subject, leader, `line ${count}`);
  subject.runFor(1_000);
  subject.start(away!);
  subject.runUntil("it has caught up", () => journal(subject, away!).length === 100, 10_000);
  assert(subject.observer.sightings.installs > 0);
});

// [S-3]
Deno.test("a follower for which a snapshot takes longer than until the next is due still gets one", () => {
  const subject = cluster({ snapshotLogBytesMin: 600, snapshotChunkBytes: 64 });
  const leader = subject.runUntilLed();
  const [away] = othersThan(subject, leader);
  subject.crash(away!);
  for (let count = 0; count < 100; count++) write(subject, leader, `line ${count}`);
  subject.network.slow({ from: leader, to: away! }, 40);
  subject.start(away!);
  const { installs } = subject.observer.sightings;
  for (let count = 0; subject.observer.sightings.installs === installs; count++) {
    assert(count < 600, "a snapshot was installed");
    write(subject, leader, `more ${count}`);
    subject.runFor(20);
  }
});

// [S-2]
Deno.test("a snapshot gets through a network that loses, repeats and reorders", () => {
  for (let seed = 1; seed <= 5; seed++) {
    const subject = cluster({ seed, snapshotLogBytesMin: 600, snapshotChunkBytes: 200 });
    const leader = subject.runUntilLed();
    const [away] = othersThan(subject, leader);
    subject.crash(away!);
    for (let count = 0; count < 60; count++) write(subject, leader, `line ${count}`);
    subject.network.options = {
      ...subject.network.options,
      delayMsMax: 30,
      dropRate: 0.2,
      duplicateRate: 0.3,
    };
    subject.start(away!);
    subject.runUntil("it has caught up", () => journal(subject, away!).length >= 60, 60_000);
  }
});

// [E-13]
Deno.test("a leader whose disk hangs loses its place within three election timeouts (E19, I41)", () => {
  const subject = cluster();
  const leader = subject.runUntilLed();
  subject.node(leader).storage.hang();
  const lost = subject.propose(leader, line("x"));
  subject.runUntil(
    "someone else leads",
    () => subject.leaders().some(({ id }) => id !== leader),
    6_000,
  );
  write(subject, othersThan(subject, leader)[0]!);
  subject.runFor(6_000);
  assert(["applied", "lost", "unknown", "timeout"].includes(end(subject, lost) ?? ""));
});

Deno.test("a follower whose disk hangs costs nothing, and catches up when it is mended", () => {
  const subject = cluster();
  const leader = subject.runUntilLed();
  const [slow] = othersThan(subject, leader);
  subject.node(slow!).storage.hang();
  for (let count = 0; count < 20; count++) {
    write(subject, leader);
    subject.runFor(500);
  }
  subject.node(slow!).storage.mend();
  subject.runUntil("it has caught up", () => journal(subject, slow!).length === 20);
  assertEquals(subject.leaders().map(({ id }) => id), [leader]);
});

//
Deno.test("a leader that slept through its own replacement serves no stale read (L3)", () => {
  for (let seed = 1; seed <= 10; seed++) {
    const subject = cluster({ seed });
    const leader = subject.runUntilLed();
    write(subject, leader);
    const read = subject.read(leader);
    subject.node(leader).pause();
    subject.runFor(3_000);
    const other = othersThan(subject, leader)[0]!;
    write(subject, other);
    const late = subject.read(leader);
    subject.node(leader).resume();
    subject.runFor(6_000);
    const seen = (requestId: RequestId) => end(subject, requestId);
    assert(["readable", "timeout", "no_leader"].includes(seen(read) ?? ""));
    assert(["readable", "timeout", "no_leader"].includes(seen(late) ?? ""));
    assertEquals(journal(subject, leader).length, 2);
  }
});

// [T-1]
Deno.test("a hand-over loses no write and refuses none", () => {
  const subject = cluster();
  const leader = subject.runUntilLed();
  const writes: RequestId[] = [];
  for (let turn = 0; turn < 60; turn++) {
    if (turn === 20) subject.node(leader).step({ kind: "transfer_leadership", target: null });
    for (const { id } of subject.nodes) writes.push(subject.propose(id, line(`${turn}.${id}`)));
    subject.runFor(3);
  }
  subject.runFor(5_500);
  assertEquals(new Set(writes.map((requestId) => end(subject, requestId))), new Set(["applied"]));
  assert(subject.leaders()[0]!.id !== leader);
});

// [T-2]
Deno.test("a hand-over to a node that is not there gives writes back in an election timeout", () => {
  const subject = cluster();
  const leader = subject.runUntilLed();
  const [target] = othersThan(subject, leader);
  subject.runFor(500);
  subject.isolate(target!);
  subject.node(leader).step({ kind: "transfer_leadership", target: target! });
  const requestId = subject.propose(leader, line("x"));
  subject.runFor(1_200);
  assertEquals([end(subject, requestId), subject.leaders()[0]?.id], ["applied", leader]);
});

Deno.test("a whole cluster that loses power keeps every acknowledged write", () => {
  for (let seed = 1; seed <= 10; seed++) {
    const subject = cluster({ seed, syncMsMax: 20, snapshotLogBytesMin: seed % 2 ? 600 : 1 << 20 });
    const leader = subject.runUntilLed();
    const writes = Array.from({ length: 60 }, (_, at) => {
      const text = `${at}`;
      subject.runFor(2);
      return { text, requestId: subject.propose(leader, line(text)) };
    });
    const acknowledged = writes.filter(({ requestId }) => end(subject, requestId) === "applied");
    for (const { id } of subject.nodes) subject.crash(id);
    for (const { id } of subject.nodes) subject.start(id);
    write(subject, subject.runUntilLed(), "after");
    const lines = journal(subject, subject.leaders()[0]!.id);
    assert(acknowledged.length > 0);
    assertEquals(acknowledged.filter(({ text }) => !lines.includes(text)), []);
  }
});

// [P-5]
Deno.test("with one node of three no write is accepted, and every request ends by its deadline", () => {
  const subject = cluster();
  const leader = subject.runUntilLed();
  for (const id of othersThan(subject, leader)) subject.crash(id);
  subject.runFor(3_000);
  const requests = [
    subject.propose(leader, line("x"), { timeoutMs: 2_000 }),
    subject.read(leader, { timeoutMs: 2_000 }),
  ];
  subject.runFor(2_100);
  assertEquals(requests.map((requestId) => end(subject, requestId)), ["no_leader", "no_leader"]);
  subject.start(othersThan(subject, leader)[0]!);
  write(subject, leader);
});

// [P-3]
Deno.test("a duplicated network applies every write once", () => {
  const subject = cluster();
  subject.network.options = { ...subject.network.options, delayMsMax: 40, duplicateRate: 1 };
  const leader = subject.runUntilLed();
  for (const { id } of subject.nodes) write(subject, id, `from ${id}`);
  subject.runFor(1_000);
  assertEquals([...journal(subject, leader)].sort(), ["from n1", "from n2", "from n3"]);
});
