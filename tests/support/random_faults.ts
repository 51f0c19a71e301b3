/**
 * One seed of bad weather: a cluster of journals under crashes, cuts, losses, pauses, hanging disks
 * and hand-overs, while clients write unique lines and read. Then everything is mended, and the
 * books are checked.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { pcg32 } from "@raftkv/core";
import {
  DEFAULT_TIMING,
  DEFAULT_WINDOWS,
  type RaftTiming,
  type RaftWindows,
} from "@raftkv/core/raft";
import type { Reply, RequestId } from "@raftkv/core/replica";
import { CALM_NETWORK, Cluster, type Sightings } from "@raftkv/sim";
import { JournalMachine, line } from "./journal_machine.ts";

interface Request {
  readonly requestId: RequestId;
  readonly node: string;
  /** The run of the node that took it: a later one owes no answer. */
  readonly life: number;
}

interface Write extends Request {
  readonly text: string;
}

/** What one seed came to. */
export interface Weather {
  readonly applied: number;
  readonly reads: number;
  readonly sightings: Sightings;
  readonly virtualMs: number;
  readonly digest: string;
}

type Fault = (cluster: Cluster<number>) => void;

/** What can happen, and how likely it is in each round in which its class is on. */
const FAULTS: readonly { readonly rate: number; readonly happen: Fault }[] = [
  { rate: 0.06, happen: crash },
  { rate: 0.03, happen: (cluster) => cluster.isolate(pick(cluster).id) },
  { rate: 0.03, happen: isolateLeader },
  { rate: 0.03, happen: (cluster) => cluster.network.cut(pick(cluster).id, pick(cluster).id) },
  { rate: 0.03, happen: split },
  { rate: 0.03, happen: bridge },
  { rate: 0.04, happen: (cluster) => handOver(cluster) },
  { rate: 0.03, happen: (cluster) => cluster.breakLink(pick(cluster).id, pick(cluster).id) },
  { rate: 0.03, happen: (cluster) => pick(cluster).hangDisk() },
  { rate: 0.03, happen: (cluster) => pick(cluster).pause() },
];

/** What ends them again. */
const MENDS: typeof FAULTS = [
  { rate: 0.06, happen: (cluster) => cluster.network.heal() },
  { rate: 0.14, happen: startOne },
  { rate: 0.1, happen: (cluster) => pick(cluster).mendDisk() },
  { rate: 0.2, happen: (cluster) => pick(cluster).resume() },
];

/** Runs one seed; throws if any promise was broken. */
export function runWeather(seed: number): Weather {
  const cluster = createCluster(seed);
  const faults = FAULTS.filter(() => cluster.random() < 0.6);
  const writes: Write[] = [];
  const reads: Request[] = [];
  watchReads(cluster);
  for (let round = 0; round < 120; round++) {
    for (const { rate, happen } of [...faults, ...MENDS]) {
      if (cluster.random() < rate) happen(cluster);
    }
    for (let count = Math.floor(cluster.random() * 3); count > 0; count--) {
      const text = `${seed}.${round}.${count}`;
      const node = pick(cluster);
      if (!node.isUp) continue;
      const { id, life } = node;
      writes.push({ text, node: id, life, requestId: cluster.propose(id, line(text)) });
    }
    const everywhere = cluster.random() < 0.4;
    for (const node of everywhere ? cluster.nodes : [pick(cluster)]) {
      if (!node.isUp) continue;
      const { id, life } = node;
      const mode = cluster.random() < 0.5 ? "lease" : "linearizable";
      reads.push({ node: id, life, requestId: cluster.read(id, 5_000, { mode }) });
    }
    cluster.runFor(cluster.random() * 300);
  }
  mend(cluster);
  const journal = settle(cluster);
  checkEnds(cluster, [...writes, ...reads]);
  checkWrites(cluster, { writes, journal });
  assertEquals([...cluster.halted.keys()], [], "no replica takes a sound state for another");
  const ended = [...cluster.replies.values()];
  return {
    applied: ended.filter(({ kind }) => kind === "applied").length,
    reads: ended.filter(({ kind }) => kind === "readable").length,
    sightings: cluster.observer.sightings,
    virtualMs: cluster.queue.nowMs,
    digest: cluster.trace.digest,
  };
}

function createCluster(seed: number): Cluster<number> {
  const random = pcg32(seed * 2 + 1);
  const either = <T>(...choices: T[]) => choices[Math.floor(random() * choices.length)] as T;
  return new Cluster<number>({
    seed,
    size: either(1, 2, 3, 3, 3, 4, 5, 5, 7),
    createMachine: () => new JournalMachine(),
    snapshotLogBytesMin: either(600, 1 << 20),
    snapshotChunkBytes: either(100, 1 << 20),
    syncMsMax: either(1, 1, 40, 400),
    timing: either(DEFAULT_TIMING, LEASE_TIMING, HASTY_TIMING, HASTY_LEASE_TIMING),
    windows: either(DEFAULT_WINDOWS, NARROW_WINDOWS),
    network: {
      delayMsMin: 0.1,
      delayMsMax: either(2, 20, 200),
      dropRate: either(0, 0, 0.1, 0.3),
      duplicateRate: either(0, 0.3),
      replayRate: either(0, 0, 0.05),
      replayMsMax: 10_000,
    },
  });
}

/** One entry a message, two messages at once: logs are compared and mended bit by bit. */
const NARROW_WINDOWS: RaftWindows = {
  ...DEFAULT_WINDOWS,
  inFlightMessagesMax: 2,
  appendBytesMax: 1,
};

/** Timeouts near the delays of the network: elections all the time. */
const HASTY_TIMING: RaftTiming = {
  heartbeatMs: 20,
  electionTimeoutMsMin: 100,
  electionTimeoutMsMax: 250,
};

/** The same with lease reads. Virtual clocks do not run apart, so that a lease lasts to the last. */
const LEASE_TIMING: RaftTiming = { ...DEFAULT_TIMING, leaseDriftMs: 1 };
const HASTY_LEASE_TIMING: RaftTiming = { ...HASTY_TIMING, leaseDriftMs: 1 };

function pick(cluster: Cluster<number>) {
  return cluster.nodes[Math.floor(cluster.random() * cluster.nodes.length)]!;
}

function crash(cluster: Cluster<number>): void {
  const node = pick(cluster);
  if (node.isUp) cluster.crash(node.id);
}

function startOne(cluster: Cluster<number>): void {
  const down = cluster.nodes.find((node) => !node.isUp);
  if (down !== undefined) cluster.start(down.id);
}

function split(cluster: Cluster<number>): void {
  const ids = cluster.nodes.map(({ id }) => id);
  const left = ids.filter(() => cluster.random() < 0.5);
  cluster.partition(left, ids.filter((id) => !left.includes(id)));
}

function isolateLeader(cluster: Cluster<number>): void {
  const leader = cluster.leaders()[0];
  if (leader !== undefined) cluster.isolate(leader.id);
}

/** Two halves that only one node can reach. */
function bridge(cluster: Cluster<number>): void {
  const between = pick(cluster).id;
  const ids = cluster.nodes.map(({ id }) => id).filter((id) => id !== between);
  const left = ids.filter(() => cluster.random() < 0.5);
  cluster.partition(left, ids.filter((id) => !left.includes(id)));
}

function handOver(cluster: Cluster<number>): void {
  pick(cluster).step({ kind: "transfer_leadership", target: null });
}

/**
 * A read must see every write that was acknowledged, and all that any read saw, before it began
 * (linearizability of a journal that only grows).
 */
function watchReads(cluster: Cluster<number>): void {
  let known = 0;
  const open = new Map<RequestId, { readonly floor: number; readonly at: string }>();
  const { replies } = cluster;
  const read = cluster.read.bind(cluster);
  const set = replies.set.bind(replies);
  const judge = (requestId: RequestId) => {
    const began = open.get(requestId);
    if (began === undefined || replies.get(requestId)?.kind !== "readable") return;
    const { lines } = cluster.node(began.at).machine as JournalMachine;
    assert(lines.length >= began.floor, `stale read ${requestId} at ${began.at}`);
    known = Math.max(known, lines.length);
  };
  cluster.read = (id, timeoutMs, options) => {
    const floor = known;
    const requestId = read(id, timeoutMs, options);
    open.set(requestId, { floor, at: id });
    // It may have ended inside the call, before it had a name.
    judge(requestId);
    return requestId;
  };
  replies.set = (requestId: RequestId, reply: Reply<number>) => {
    set(requestId, reply);
    if (reply.kind === "applied") known = Math.max(known, reply.result);
    judge(requestId);
    return replies;
  };
}

function mend(cluster: Cluster<number>): void {
  cluster.network.heal();
  cluster.network.options = CALM_NETWORK;
  cluster.syncMsMax = 1;
  for (const node of cluster.nodes) {
    node.resume();
    node.mendDisk();
    if (!node.isUp) cluster.start(node.id);
  }
}

/** After mending, the cluster must serve again and agree. */
function settle(cluster: Cluster<number>): readonly string[] {
  cluster.runUntilLed(10_000);
  let last = cluster.propose("n1", line("last"));
  cluster.runUntil("a fresh write is applied", () => {
    const reply = cluster.replies.get(last);
    if (reply?.kind === "failed") last = cluster.propose("n1", line("last"));
    return reply?.kind === "applied";
  }, 20_000);
  const journals = () => cluster.nodes.map((node) => (node.machine as JournalMachine).lines.join());
  cluster.runUntil("all nodes agree", () => new Set(journals()).size === 1, 10_000);
  cluster.runFor(6_000);
  return (cluster.node("n1").machine as JournalMachine).lines;
}

/** Every request ended, unless the run of the node that took it did. */
function checkEnds(cluster: Cluster<number>, requests: readonly Request[]): void {
  for (const { requestId, node, life } of requests) {
    if (cluster.node(node).life !== life) continue;
    assert(cluster.replies.has(requestId), `request ${requestId} at ${node} never ended`);
  }
}

/** Acknowledged means there, once, at the place it was told; refused means not there. */
function checkWrites(
  cluster: Cluster<number>,
  books: { readonly writes: readonly Write[]; readonly journal: readonly string[] },
): void {
  const counts = new Map<string, number>();
  for (const text of books.journal) counts.set(text, (counts.get(text) ?? 0) + 1);
  for (const { requestId, text } of books.writes) {
    const count = counts.get(text) ?? 0;
    assert(count <= 1, `write ${text} stands ${count} times in the journal`);
    const reply = cluster.replies.get(requestId);
    if (reply?.kind === "applied") assertEquals(books.journal[reply.result - 1], text);
    else if (reply?.kind === "failed" && reply.reason !== "unknown" && reply.reason !== "timeout") {
      assertEquals(count, 0, `write ${text} was refused (${reply.reason}) and yet applied`);
    }
  }
}
