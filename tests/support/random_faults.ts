/**
 * One seed of bad weather: a cluster of journals under crashes, cuts, losses and hand-overs, while
 * clients write unique lines and read. Then everything is mended, and the books are checked.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import type { Reply, RequestId } from "@raftkv/core/replica";
import { Cluster } from "@raftkv/sim";
import { JournalMachine, line } from "./journal_machine.ts";

interface Write {
  readonly requestId: RequestId;
  readonly text: string;
}

/** What one seed came to. */
export interface Weather {
  readonly applied: number;
  readonly leaderships: number;
  readonly virtualMs: number;
}

/** Runs one seed; throws if any promise was broken. */
export function runWeather(seed: number): Weather {
  const cluster = createCluster(seed);
  const writes: Write[] = [];
  watchReads(cluster);
  for (let round = 0; round < 120; round++) {
    disturb(cluster);
    const node = pick(cluster);
    if (node.isUp) {
      const text = `${seed}.${round}`;
      writes.push({ text, requestId: cluster.propose(node.id, line(text)) });
      if (cluster.random() < 0.5) cluster.read(pickUp(cluster).id);
    }
    cluster.runFor(cluster.random() * 300);
  }
  mend(cluster);
  const journal = settle(cluster);
  checkWrites(cluster, { writes, journal });
  assertEquals([...cluster.halted.keys()], [], "no replica takes a sound state for another");
  const ended = [...cluster.replies.values()];
  return {
    applied: ended.filter((reply) => reply.kind === "applied").length,
    leaderships: cluster.observer.leaderships,
    virtualMs: cluster.queue.nowMs,
  };
}

function createCluster(seed: number): Cluster<number> {
  return new Cluster<number>({
    seed,
    size: 1 + seed % 5,
    createMachine: () => new JournalMachine(),
    snapshotLogBytesMin: seed % 3 === 0 ? 600 : 1 << 20,
    syncMsMax: seed % 4 === 0 ? 40 : 1,
    network: {
      delayMsMin: 0.1,
      delayMsMax: seed % 2 === 0 ? 200 : 5,
      dropRate: seed % 5 === 0 ? 0.1 : 0,
      duplicateRate: seed % 7 < 3 ? 0.3 : 0,
    },
  });
}

function disturb(cluster: Cluster<number>): void {
  const dice = cluster.random();
  const node = pick(cluster);
  if (dice < 0.06 && node.isUp) cluster.crash(node.id);
  else if (dice < 0.2) {
    const down = cluster.nodes.find((each) => !each.isUp);
    if (down !== undefined) cluster.start(down.id);
  } else if (dice < 0.25) cluster.isolate(node.id);
  else if (dice < 0.28) cluster.network.cut(node.id, pick(cluster).id);
  else if (dice < 0.4) cluster.network.heal();
  else if (dice < 0.43) node.step({ kind: "transfer_leadership", target: null });
  else if (dice < 0.45) cluster.breakLink(node.id, pick(cluster).id);
}

function pick(cluster: Cluster<number>) {
  return cluster.nodes[Math.floor(cluster.random() * cluster.nodes.length)]!;
}

function pickUp(cluster: Cluster<number>) {
  return cluster.nodes.find((node) => node.isUp)!;
}

/** A read must see every write that was acknowledged before it began (linearizability). */
function watchReads(cluster: Cluster<number>): void {
  let acknowledged = 0;
  const floors = new Map<RequestId, { floor: number; at: string }>();
  const { replies } = cluster;
  const read = cluster.read.bind(cluster);
  cluster.read = (id, timeoutMs) => {
    const floor = acknowledged;
    // A node alone may answer inside the call, before the request has a name.
    const requestId = read(id, timeoutMs);
    floors.set(requestId, { floor, at: id });
    return requestId;
  };
  const set = replies.set.bind(replies);
  replies.set = (requestId: RequestId, reply: Reply<number>) => {
    if (reply.kind === "applied") acknowledged = Math.max(acknowledged, reply.result);
    const known = floors.get(requestId);
    if (reply.kind === "readable" && known !== undefined) {
      const { lines } = cluster.node(known.at).machine as JournalMachine;
      assert(lines.length >= known.floor, `stale read ${requestId} at ${known.at}`);
    }
    return set(requestId, reply);
  };
}

function mend(cluster: Cluster<number>): void {
  cluster.network.heal();
  cluster.network.options = { delayMsMin: 0.1, delayMsMax: 1, dropRate: 0, duplicateRate: 0 };
  for (const node of cluster.nodes) if (!node.isUp) cluster.start(node.id);
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
