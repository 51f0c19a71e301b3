import { assert } from "@std/assert";
import { type CommandResult, encodeCommand, keyFromBytes, KvStateMachine } from "@raftkv/core/kv";
import type { RequestId } from "@raftkv/core/replica";
import { CALM_NETWORK, Cluster } from "@raftkv/sim";
import type { FreshReads } from "../../server/fresh_reads.ts";
import { SimulatedReads } from "../support/simulated_reads.ts";

const SEEDS = 12;
const ROUNDS = 80;
const MAX_STALENESS_MS = 300;

const KEY = keyFromBytes(new TextEncoder().encode("k"));
const PUT = encodeCommand({
  kind: "commit",
  operations: [{ kind: "put", key: KEY, value: new Uint8Array(), encoding: "bytes" }],
});

interface Books {
  /** When a write was acknowledged, and which revision it took. */
  readonly acknowledged: { readonly atMs: number; readonly revision: number }[];
  served: number;
  servedAtOnce: number;
}

function disturb(cluster: Cluster<CommandResult>): void {
  const { random, nodes } = cluster;
  const pick = nodes[Math.floor(random() * nodes.length)]!;
  const dice = random();
  if (dice < 0.1) cluster.isolate(cluster.leaders()[0]?.id ?? pick.id);
  else if (dice < 0.2) cluster.isolate(pick.id);
  else if (dice < 0.25 && pick.isUp) cluster.crash(pick.id);
  else if (dice < 0.5) cluster.network.heal();
  else if (dice < 0.7) { for (const node of nodes) if (!node.isUp) cluster.start(node.id); }
}

function run(seed: number, books: Books): void {
  const cluster = new Cluster<CommandResult>({
    seed,
    size: 3,
    createMachine: () => new KvStateMachine(),
    network: { ...CALM_NETWORK, delayMsMin: 1, delayMsMax: 150 },
  });
  const readers = new SimulatedReads(cluster);
  const writes = new Set<RequestId>();
  const { acknowledged } = books;
  acknowledged.length = 0;
  for (let round = 0; round < ROUNDS; round++) {
    disturb(cluster);
    const up = cluster.nodes.filter((node) => node.isUp);
    for (let step = 0; step < 10; step++) {
      for (const { id } of up) {
        if (cluster.random() < 0.3) writes.add(cluster.propose(id, PUT));
        readStale(cluster, readers.of(id), books);
      }
      cluster.runFor(20);
      for (const requestId of writes) {
        const reply = cluster.replies.get(requestId);
        if (reply?.kind !== "applied" || reply.result.kind !== "committed") continue;
        writes.delete(requestId);
        acknowledged.push({ atMs: cluster.queue.nowMs, revision: reply.result.revision });
      }
      readers.hear();
    }
  }
}

/** What was acknowledged more than the bound ago is in whatever is served, however long it waited. */
function readStale(cluster: Cluster<CommandResult>, reads: FreshReads, books: Books): void {
  const askedAtMs = cluster.queue.nowMs;
  const owed = (atMs: number) =>
    books.acknowledged.filter((write) => write.atMs < atMs - MAX_STALENESS_MS)
      .reduce((max, { revision }) => Math.max(max, revision), 0);
  const freshness = { consistency: "stale", maxStalenessMs: MAX_STALENESS_MS } as const;
  reads.readThen(freshness, { timeoutMs: 1_000 }, {
    resolve: ({ revision }) => {
      books.served++;
      if (cluster.queue.nowMs === askedAtMs) books.servedAtOnce++;
      const least = owed(askedAtMs);
      assert(revision >= least, `revision ${revision} is older than promised: ${least}`);
    },
    reject: () => {},
  });
}

Deno.test(`no stale read is staler than it promises, whoever is cut off, in ${SEEDS} seeds`, () => {
  const books: Books = { acknowledged: [], served: 0, servedAtOnce: 0 };
  for (let seed = 1; seed <= SEEDS; seed++) run(seed, books);
  const { served, servedAtOnce } = books;
  assert(servedAtOnce > 20 * SEEDS, `only ${servedAtOnce} reads were served at once`);
  assert(served - servedAtOnce > 10 * SEEDS, `only ${served - servedAtOnce} reads asked a leader`);
});
