// Entries that rot while their nodes are down: the cluster heals as long as anyone has them, and
// stands still, without a lie, if nobody does.

import { assert, assertEquals } from "@std/assert";
import type { LogIndex, NodeId } from "@raftkv/core/raft";
import { isLost } from "@raftkv/core/raft";
import { CALM_NETWORK, Cluster, type ClusterOptions } from "@raftkv/sim";
import { JournalMachine, line } from "../support/journal_machine.ts";

const WRITES = 12;

/** Three nodes that hold the same writes on their disks, all of them down. */
function fallen(options: Partial<ClusterOptions<number>> = {}): Cluster<number> {
  const subject = new Cluster<number>({
    seed: 5,
    size: 3,
    createMachine: () => new JournalMachine(),
    ...options,
  });
  const leader = subject.runUntilLed();
  for (let n = 1; n <= WRITES; n++) write(subject, leader, `w${n}`);
  subject.runUntil(
    "all to have applied all",
    () => subject.nodes.every((node) => has(node, WRITES)),
  );
  for (const { id } of subject.nodes) subject.crash(id);
  return subject;
}

function has({ machine }: { machine: unknown }, count: number): boolean {
  return (machine as JournalMachine | null)?.lines.length === count;
}

function write(subject: Cluster<number>, id: string, text: string): void {
  const requestId = subject.propose(id, line(text));
  subject.runUntil(
    "the write is applied",
    () => subject.replies.get(requestId)?.kind === "applied",
  );
}

/** The index of the nth write: the leader's no-op stands before them. */
function indexOf(n: number): LogIndex {
  return (1 + n) as LogIndex;
}

function lostOn(subject: Cluster<number>, id: string): number {
  return subject.node(id).disk.recover().entries.filter(isLost).length;
}

function assertWhole(subject: Cluster<number>): void {
  const lines = Array.from({ length: WRITES }, (_, n) => `w${n + 1}`);
  for (const { id, machine } of subject.nodes) {
    assertEquals((machine as JournalMachine).lines.slice(0, WRITES), lines, id);
    assertEquals(lostOn(subject, id), 0, `${id} has written back what it lost`);
  }
}

const allApplied = (subject: Cluster<number>) => () =>
  subject.nodes.every((node) => has(node, WRITES) && lostOn(subject, node.id) === 0);

// [D-7]
//
Deno.test("a node that lost an entry while it was down is whole again by its peers", () => {
  for (let seed = 1; seed <= 10; seed++) {
    const subject = fallen({ seed });
    subject.node("n1").disk.lose(indexOf(4));
    subject.node("n1").disk.lose(indexOf(9));
    for (const { id } of subject.nodes) subject.start(id);
    subject.runUntil("all to be whole", allApplied(subject), 10_000);
    assertWhole(subject);
  }
});

// [D-7]
//
Deno.test("a majority damaged at different entries heals, each from the other, though none of it may lead", () => {
  for (let seed = 1; seed <= 10; seed++) {
    const subject = fallen({ seed });
    subject.node("n1").disk.lose(indexOf(3));
    subject.node("n2").disk.lose(indexOf(7));
    subject.node("n2").disk.lose(indexOf(8));
    // The third stays down: nobody is whole.
    subject.start("n1");
    subject.start("n2");
    const leader = subject.runUntilLed(10_000);
    assert(leader !== "n3");
    subject.start("n3");
    subject.runUntil("all to be whole", allApplied(subject), 10_000);
    assertWhole(subject);
  }
});

//
Deno.test("while an entry is lost on all that run nobody leads and nothing is applied behind it", () => {
  const subject = fallen();
  for (const id of ["n1", "n2"]) {
    subject.node(id).disk.lose(indexOf(6));
    subject.start(id);
  }
  subject.runFor(60_000);
  assertEquals(subject.leaders(), []);
  for (const id of ["n1", "n2"]) {
    assert((subject.node(id).machine as JournalMachine).lines.length < 6, id);
    assertEquals(lostOn(subject, id), 1);
  }
  // The one that has it comes back.
  subject.start("n3");
  subject.runUntil("all to be whole", allApplied(subject), 10_000);
  assertWhole(subject);
});

//
Deno.test("a node behind in the log, with no chance to lead, still gives what the others lost", () => {
  const subject = new Cluster<number>({
    seed: 3,
    size: 3,
    createMachine: () => new JournalMachine(),
  });
  const leader = subject.runUntilLed();
  const [early, late] = subject.nodes.map(({ id }) => id).filter((id) => id !== leader) as [
    NodeId,
    NodeId,
  ];
  for (let n = 1; n <= 6; n++) write(subject, leader, `w${n}`);
  subject.runUntil("all to have six", () => subject.nodes.every((node) => has(node, 6)));
  subject.crash(early);
  for (let n = 7; n <= WRITES; n++) write(subject, leader, `w${n}`);
  subject.runUntil("two to have all", () => has(subject.node(late), WRITES));
  for (const { id } of subject.nodes) if (subject.node(id).isUp) subject.crash(id);
  for (const id of [leader, late]) subject.node(id).disk.lose(indexOf(5));
  for (const { id } of subject.nodes) subject.start(id);
  subject.runUntil("all to be whole", allApplied(subject), 10_000);
  assertWhole(subject);
});

// [D-7]
Deno.test("repairs that a crash interrupts begin again, and end", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const subject = fallen({ seed, syncMsMax: 40 });
    for (const n of [2, 5, 11]) subject.node("n1").disk.lose(indexOf(n));
    for (const { id } of subject.nodes) subject.start(id);
    for (let crash = 0; crash < 4; crash++) {
      subject.runFor(10 + 25 * crash);
      subject.crash("n1");
      subject.start("n1");
    }
    subject.runUntil("all to be whole", allApplied(subject), 20_000);
    assertWhole(subject);
  }
});

// [D-7]
Deno.test("an entry that the others have only in a snapshot comes as a snapshot", () => {
  const subject = new Cluster<number>({
    seed: 8,
    size: 3,
    createMachine: () => new JournalMachine(),
    snapshotLogBytesMin: 400,
  });
  const leader = subject.runUntilLed();
  const [victim] = subject.nodes.map(({ id }) => id).filter((id) => id !== leader) as [NodeId];
  write(subject, leader, "w1");
  write(subject, leader, "w2");
  subject.runUntil("the victim to have two", () => has(subject.node(victim), 2));
  subject.crash(victim);
  subject.node(victim).disk.lose(indexOf(2));
  for (let n = 3; n <= 60; n++) write(subject, leader, `w${n}`);
  subject.start(victim);
  subject.runUntil("the victim to have all", () => has(subject.node(victim), 60), 10_000);
  assertEquals(lostOn(subject, victim), 0);
});

/**
 * A cluster of which all are down. `victim` has the longest log of those that will come back, and lost
 * an entry that the others, `peers`, have let go of in memory: their newest snapshots cover it, the
 * victim's does not.
 */
function short(
  options: Partial<ClusterOptions<number>>,
): { subject: Cluster<number>; victim: NodeId; peers: readonly NodeId[] } {
  const subject = new Cluster<number>({
    seed: 1,
    size: 3,
    createMachine: () => new JournalMachine(),
    snapshotLogBytesMin: 600,
    ...options,
  });
  const leader = subject.runUntilLed();
  const [victim, ...others] = subject.nodes.map(({ id }) => id).filter((id) => id !== leader) as [
    NodeId,
    NodeId,
  ];
  const peers = others.slice(0, Math.ceil(others.length / 2));
  const writesOf = (count: number) => {
    for (let n = 1; n <= count; n++) write(subject, leader, `w${n}`);
    subject.runFor(200);
  };
  // Each draws when its next snapshot is due, so that they drift apart.
  const snapshotOf = (id: NodeId) => Number(subject.node(id).disk.snapshotIndex);
  const isApart = () =>
    snapshotOf(victim) > 0 && peers.every((peer) => snapshotOf(peer) - snapshotOf(victim) >= 6);
  for (let tries = 0; !isApart(); tries++) {
    assert(tries < 2_000, "the snapshots are apart");
    writesOf(1);
  }
  subject.partition(peers, subject.nodes.map(({ id }) => id).filter((id) => !peers.includes(id)));
  subject.propose(leader, line("the last"));
  const has = () => subject.node(victim).disk.lastIndex > subject.node(peers[0]!).disk.lastIndex;
  subject.runUntil("the victim to have the last", has);
  for (const { id } of subject.nodes) subject.crash(id);
  subject.network.heal();
  subject.node(victim).disk.lose((snapshotOf(victim) + 1) as LogIndex);
  return { subject, victim, peers };
}

//
Deno.test("two of three that are up serve, though the entry that one lost is in the other's snapshot alone", () => {
  for (let seed = 1; seed <= 10; seed++) {
    const { subject, victim, peers: [peer] } = short({ seed });
    subject.start(victim);
    subject.start(peer!);
    const leader = subject.runUntilLed(10_000);
    write(subject, leader, "after");
    assertEquals(lostOn(subject, victim), 0);
  }
});

//
Deno.test("a snapshot comes without a leader from whoever is there, over a bad network, part by part", () => {
  const network = { ...CALM_NETWORK, dropRate: 0.1, duplicateRate: 0.2, delayMsMax: 30 };
  for (let seed = 1; seed <= 10; seed++) {
    const { subject, victim, peers } = short({ seed, size: 5, snapshotChunkBytes: 16 });
    subject.network.options = network;
    for (const id of [victim, ...peers]) subject.start(id);
    // One that has begun to give is gone in between.
    subject.runFor(400);
    subject.crash(peers[0]!);
    subject.runFor(1_000);
    subject.start(peers[0]!);
    const leader = subject.runUntilLed(60_000);
    write(subject, leader, "after");
    assertEquals(lostOn(subject, victim), 0);
  }
});

/** A cluster whose leader's newest snapshot ends before the log of `victim` begins. */
function ahead(seed: number): { subject: Cluster<number>; victim: NodeId; writes: number } {
  const subject = new Cluster<number>({
    seed,
    size: 3,
    createMachine: () => new JournalMachine(),
    snapshotLogBytesMin: 600,
  });
  const leader = subject.runUntilLed();
  const victim = subject.nodes.map(({ id }) => id).find((id) => id !== leader)!;
  const isAhead = () =>
    subject.node(victim).disk.baseIndex > subject.node(leader).disk.snapshotIndex;
  let writes = 0;
  while (!isAhead()) {
    assert(writes < 2_000, "the snapshots drift apart");
    write(subject, leader, `w${++writes}`);
    subject.runFor(200);
  }
  return { subject, victim, writes };
}

//
Deno.test("a node whose log begins behind the leader's newest snapshot has another one, though nothing is written", () => {
  for (let seed = 1; seed <= 5; seed++) {
    const { subject, victim, writes } = ahead(seed);
    subject.crash(victim);
    subject.node(victim).disk.loseSnapshots();
    subject.start(victim);
    subject.runUntil("it to have all", () => has(subject.node(victim), writes), 10_000);
  }
});
