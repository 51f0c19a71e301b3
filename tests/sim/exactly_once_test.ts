import { assert, assertEquals } from "@std/assert";
import { type CommandResult, encodeCommand, keyFromBytes, KvStateMachine } from "@raftkv/core/kv";
import type { RequestId } from "@raftkv/core/replica";
import { CALM_NETWORK, Cluster } from "@raftkv/sim";

const SEEDS = 40;
const CLIENTS = 3;
const ROUNDS = 60;

/** One increment, sent under one key until it is answered. */
interface Errand {
  readonly idempotencyKey: string;
  sendings: { readonly requestId: RequestId; readonly node: string; readonly life: number }[];
  /** What it was told the counter came to; every telling must be the same. */
  readonly told: bigint[];
  replays: number;
}

const COUNTER = keyFromBytes(new TextEncoder().encode("n"));

function send(cluster: Cluster<CommandResult>, errand: Errand): void {
  const up = cluster.nodes.filter((node) => node.isUp);
  const node = up[Math.floor(cluster.random() * up.length)];
  if (node === undefined) return;
  const { idempotencyKey } = errand;
  const payload = encodeCommand({
    kind: "commit",
    once: { idempotencyKey },
    operations: [{ kind: "increment", key: COUNTER, delta: 1n }],
  });
  const { id, life } = node;
  errand.sendings.push({
    requestId: cluster.propose(id, payload, { timeoutMs: 1_500 }),
    node: id,
    life,
  });
}

/** Takes in what was answered; forgets the sendings that have ended. */
function hear(cluster: Cluster<CommandResult>, errand: Errand): void {
  errand.sendings = errand.sendings.filter(({ requestId, node, life }) => {
    const reply = cluster.replies.get(requestId);
    if (reply?.kind === "applied") {
      const { result } = reply;
      assert(result.kind === "committed");
      const [first] = result.results;
      assert(first?.kind === "increment");
      errand.told.push(first.value);
      if (result.replayed === true) errand.replays++;
    }
    return reply === undefined && cluster.node(node).life === life;
  });
}

const FAULTS: readonly ((cluster: Cluster<CommandResult>) => void)[] = [
  (cluster) => {
    const leader = cluster.leaders()[0];
    if (leader !== undefined) cluster.crash(leader.id);
  },
  (cluster) => {
    const leader = cluster.leaders()[0];
    if (leader !== undefined) cluster.isolate(leader.id);
  },
  (cluster) => {
    const leader = cluster.leaders()[0];
    if (leader !== undefined) {
      cluster.node(leader.id).step({ kind: "transfer_leadership", target: null });
    }
  },
  (cluster) => cluster.network.heal(),
  (cluster) => cluster.network.heal(),
  startAll,
  startAll,
];

function startAll(cluster: Cluster<CommandResult>): void {
  for (const node of cluster.nodes) if (!node.isUp) cluster.start(node.id);
}

interface Outcome {
  readonly errands: readonly Errand[];
  readonly leaderships: number;
}

function run(seed: number): Outcome {
  const cluster = new Cluster<CommandResult>({
    seed,
    size: 3,
    createMachine: () => new KvStateMachine(),
    // So small that the memory of keys passes through snapshots all the time.
    snapshotLogBytesMin: 400,
    network: {
      ...CALM_NETWORK,
      delayMsMin: 1,
      delayMsMax: 60,
      dropRate: 0.1,
      duplicateRate: 0.2,
    },
  });
  const errands: Errand[] = [];
  const open = new Set<Errand>();
  for (let round = 0; round < ROUNDS; round++) {
    if (cluster.random() < 0.25) FAULTS[Math.floor(cluster.random() * FAULTS.length)]!(cluster);
    while (open.size < CLIENTS) {
      const errand: Errand = {
        idempotencyKey: `errand-${errands.length}`,
        sendings: [],
        told: [],
        replays: 0,
      };
      errands.push(errand);
      open.add(errand);
    }
    for (const errand of open) {
      hear(cluster, errand);
      // An impatient client: it repeats itself while earlier sendings are still under way, and once
      // more after it was answered.
      if (errand.told.length > 1) open.delete(errand);
      else send(cluster, errand);
    }
    cluster.runFor(100 + cluster.random() * 400);
  }
  finish(cluster, errands);
  return { errands, leaderships: cluster.observer.sightings.leaderships };
}

/** Mends everything, repeats what was never answered, and looks at the books. */
function finish(cluster: Cluster<CommandResult>, errands: readonly Errand[]): void {
  cluster.network.heal();
  cluster.network.options = CALM_NETWORK;
  startAll(cluster);
  cluster.runUntilLed();
  for (let tries = 0; errands.some(({ told }) => told.length === 0); tries++) {
    assert(tries < 20, "every increment is answered in the end");
    for (const errand of errands) if (errand.told.length === 0) send(cluster, errand);
    cluster.runFor(2_000);
    for (const errand of errands) hear(cluster, errand);
  }
  for (const { told } of errands) assertEquals(new Set(told).size, 1, "all tell the same");
  const values = errands.map(({ told }) => told[0]);
  assertEquals(new Set(values).size, errands.length, "no two increments came to the same");
  const counters = () =>
    cluster.nodes.map(({ machine }) => {
      assert(machine instanceof KvStateMachine);
      return new TextDecoder().decode(machine.get(COUNTER)?.value);
    });
  const applied = () => new Set(cluster.nodes.map((node) => node.status()?.appliedIndex)).size;
  cluster.runUntil("all nodes have applied the same", () => applied() === 1);
  assertEquals(counters(), cluster.nodes.map(() => `${errands.length}`), "each counts once");
}

Deno.test(`increments repeated under their key count once, whoever leads, in ${SEEDS} seeds`, () => {
  let replays = 0;
  let leaderships = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const outcome = run(seed);
    replays += outcome.errands.reduce((sum, errand) => sum + errand.replays, 0);
    leaderships += outcome.leaderships;
  }
  assert(replays > 10 * SEEDS, `only ${replays} repetitions found their answer`);
  assert(leaderships > 2 * SEEDS, `only ${leaderships} leaders`);
});
