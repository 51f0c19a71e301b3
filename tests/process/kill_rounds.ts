/**
 * `kill -9` in the middle of writes: of the leader, then of all nodes at once, round after round; if
 * asked for, with a byte that flips on one node's disk while all are down.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { KeyValueJson } from "@raftkv/client";
import { changeMembers, CHURN_KINDS, type ChurnKind } from "./churn.ts";
import { Cluster } from "./cluster.ts";
import { contentsOf } from "./contents.ts";
import { flipByteIn, type FlippedByte } from "./flipped_byte.ts";
import { Load } from "./load.ts";
import type { ServedNode } from "./served_node.ts";
import { until } from "./until.ts";

/** How much to do. */
export interface KillOptions {
  readonly rounds: number;
  /** Writes during each kill. */
  readonly writes: number;
  readonly clients: number;
  /** Whether members are added, removed and replaced during the writes. */
  readonly churn?: boolean;
  /** Whether a byte of the log flips on one node each time that all are down. */
  readonly flips?: boolean;
  /** Hears of each kill when all that was written around it has been found again. */
  readonly onKill?: (kill: KillReport) => void;
}

/** One kill and what it came to. */
export interface KillReport {
  readonly round: number;
  readonly victim: "leader" | "all";
  /** What was done to the membership meanwhile. */
  readonly churn: ChurnKind | null;
  /** All of them acknowledged, and found on every node. */
  readonly writes: number;
  readonly writeMs: number;
  /** From the kill until the first node reports a new leader; of `all`, from the restart. */
  readonly electionMs: number;
  /** The longest time without one acknowledged write. */
  readonly gapMs: number;
  /** Which byte of which node flipped, if one did. */
  readonly flipped: FlippedByte & { readonly node: string } | null;
}

/**
 * Runs the rounds on a cluster of their own.
 *
 * @throws if a write fails or takes effect twice, or a node lacks one that was acknowledged
 */
export async function killRounds(options: KillOptions): Promise<void> {
  // Snapshots are due every few thousand writes, so that kills hit those too.
  await using cluster = await Cluster.start(["--snapshot-log-bytes-min", "500000"]);
  const book = new Map<string, KeyValueJson>();
  let stages = 0;
  for (let round = 1; round <= options.rounds; round++) {
    for (const victim of ["leader", "all"] as const) {
      const kinds = options.churn === true ? CHURN_KINDS : [null];
      const churn = kinds[stages++ % kinds.length] ?? null;
      const stage = { cluster, book, prefix: `${victim}-${round}`, victim, churn, options };
      options.onKill?.({ round, victim, churn, ...await killOnce(stage) });
    }
  }
  await verify(cluster, { book, writes: 2 * options.rounds * options.writes, prefix: "" });
}

interface Stage {
  readonly cluster: Cluster;
  /** Every write so far. */
  readonly book: Map<string, KeyValueJson>;
  readonly prefix: string;
  readonly victim: "leader" | "all";
  readonly churn: ChurnKind | null;
  readonly options: KillOptions;
}

async function killOnce(
  { cluster, book, prefix, victim, churn, options: { writes, clients, flips = false } }: Stage,
): Promise<Omit<KillReport, "round" | "victim" | "churn">> {
  const { revision: before = 0 } = await (await cluster.leader()).status();
  const startedMs = performance.now();
  await using load = new Load({ urls: cluster.urls, prefix, clients, writes });
  // The kill hits whatever the change has come to by then.
  const churning = churn === null
    ? Promise.resolve()
    : load.acknowledged(writes / 4).then(() => changeMembers(cluster, churn));
  churning.catch(() => {});
  await load.acknowledged(writes / 2);
  const { electionMs, flipped } = victim === "leader"
    ? { electionMs: await killLeader(cluster), flipped: null }
    : await killAll(cluster, flips ? prefix : null);
  await load.finished;
  const writeMs = performance.now() - startedMs;
  for (const node of cluster.nodes) if (!node.isRunning) node.start();
  await churning;
  for (const [key, record] of load.book) book.set(key, record);
  await verify(cluster, { book: load.book, writes: before - 1 + writes, prefix });
  if (flipped !== null) await repaired(cluster, flipped.node);
  return { writes, writeMs, electionMs, gapMs: load.gapMsMax, flipped };
}

async function killLeader(cluster: Cluster): Promise<number> {
  const leader = await cluster.newestLeader();
  const killedMs = performance.now();
  await leader.kill();
  return await electedAtMs(cluster.running, killedMs) - killedMs;
}

async function killAll(
  cluster: Cluster,
  flipIn: string | null,
): Promise<Pick<KillReport, "electionMs" | "flipped">> {
  await Promise.all(cluster.nodes.map((node) => node.kill()));
  const flipped = flipIn === null ? null : await flipOnOne(cluster, flipIn);
  const restartedMs = performance.now();
  for (const node of cluster.nodes) node.start();
  const electionMs = await electedAtMs(cluster.nodes, restartedMs) - restartedMs;
  return { electionMs, flipped };
}

async function flipOnOne(cluster: Cluster, text: string): Promise<KillReport["flipped"]> {
  const node = cluster.nodes[Math.floor(Math.random() * cluster.nodes.length)]!;
  return { node: node.id, ...await flipByteIn(node.dataDir, text) };
}

/** A node that found damage says when it has again what it lost; one that had a snapshot of it, not. */
async function repaired(cluster: Cluster, id: string): Promise<void> {
  const node = cluster.nodes.find((each) => each.id === id)!;
  const isDamaged = node.heard.some(({ report }) => report.event === "damaged");
  if (isDamaged) await node.report("its repair", ({ event }) => event === "repaired");
}

async function electedAtMs(nodes: readonly ServedNode[], sinceMs: number): Promise<number> {
  const { atMs } = await until("a new leader", () =>
    nodes.flatMap(({ heard }) => heard)
      .find(({ report, atMs }) => report.event === "leader_elected" && atMs > sinceMs));
  return atMs;
}

/** Every node holds what the book says under the prefix, and nothing has been written twice. */
async function verify(
  cluster: Cluster,
  { book, writes, prefix }: {
    readonly book: ReadonlyMap<string, KeyValueJson>;
    /** Ever made, each of which takes one revision; an empty store is at 1. */
    readonly writes: number;
    readonly prefix: string;
  },
): Promise<void> {
  await cluster.settled();
  for (const node of cluster.nodes) {
    assertEquals((await node.status()).revision, 1 + writes, `${node.id} has no write too many`);
    for (const consistency of ["stale", "linearizable"] as const) {
      const found = await contentsOf(node, { consistency, prefix });
      assertEqualBooks(found, book, `${node.id}, ${consistency}`);
    }
  }
}

/** Compares by hand: a failure names one key instead of showing many thousands. */
function assertEqualBooks(
  found: ReadonlyMap<string, KeyValueJson>,
  expected: ReadonlyMap<string, KeyValueJson>,
  where: string,
): void {
  for (const [key, record] of expected) assertEquals(found.get(key), record, `${where}: ${key}`);
  assertEquals(found.size, expected.size, where);
}
