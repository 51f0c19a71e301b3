// A node whose snapshots have all rotted while its log begins behind them, before anyone gave it another.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { KvFailure } from "@raftkv/core/api";
import type { NodeId } from "@raftkv/core/raft";
import { defineStateMachine, RaftKV } from "@raftkv/embed";
import type { RunningNode } from "@raftkv/server";
import { openStore } from "@raftkv/storage";
import { Ports } from "../process/ports.ts";
import { append, compact, save } from "../storage/workload.ts";
import { entriesOf } from "../../storage/testing/fixtures.ts";

/** What such a node is opened with: the first of three members, the others of which are down. */
async function withoutState(
  work: (options: Parameters<typeof RaftKV.open>[0]) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  using ports = new Ports();
  const [first, ...others] = ports.numbers.slice(0, 3).map((port) => `127.0.0.1:${port}`);
  const members = { n1: `http://${first}`, n2: `http://${others[0]}`, n3: `http://${others[1]}` };
  try {
    const identity = { clusterId: "cluster-1", nodeId: "n1" as NodeId };
    const store = await openStore(directory, { ...identity, segmentBytesMax: 300 });
    const batches = [1, 2, 3, 4, 5, 6].map((n) =>
      append(entriesOf(1, { first: n * 5 - 4, last: n * 5 }))
    );
    for (const step of [...batches, save(22, 1), save(28, 1), compact(28)]) await step.run(store);
    await store.close();
    for (const { name } of Deno.readDirSync(directory)) {
      if (!name.startsWith("snapshot")) continue;
      const bytes = await Deno.readFile(`${directory}/${name}`);
      bytes[bytes.length - 1]! ^= 1;
      await Deno.writeFile(`${directory}/${name}`, bytes);
    }
    await work({ id: "n1", directory, listen: first!, members });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function healthOf(node: RunningNode): Promise<unknown> {
  const answer = await node.fetch(new Request(`${node.url}/health`));
  return [answer.status, await answer.json()];
}

const STATE_LOST = [503, {
  status: "unavailable",
  nodeId: "n1",
  role: "follower",
  leaderId: null,
  reason: "state_lost",
}];

Deno.test("a node that lost its state is not healthy, and denies no key from an empty store", () =>
  withoutState(async (options) => {
    await using kv = await RaftKV.open(options);
    assertEquals(await healthOf(kv.node), STATE_LOST);
    const shown = await kv.node.fetch(new Request(`${kv.node.url}/cluster/status?timeout=1ms`));
    const [own] = (await shown.json()).nodes;
    assertEquals([own.id, own.commitIndex, own.appliedIndex], ["n1", 0, 0]);
    for (const path of ["/v1/kv/a", "/kv/a", "/v1/kv", "/v1/leases", "/cluster/members"]) {
      const url = `${kv.node.url}${path}?consistency=stale`;
      const answer = await kv.node.fetch(new Request(url));
      const { error } = await answer.json();
      assertEquals([answer.status, error.code], [503, "no_leader"], path);
      assert(error.message.includes("lost its state"));
    }
  }));

Deno.test("nor does a node with a machine of one's own answer from an initial state", () =>
  withoutState(async (options) => {
    const counter = defineStateMachine({
      initial: () => 0,
      apply: (count, by: number) => ({ state: count + by, result: count + by }),
      query: (count) => count,
    });
    await using group = await RaftKV.openMachine(counter, options);
    assertEquals(await healthOf(group.node), STATE_LOST);
    const query = () => group.query(undefined, { consistency: "stale" });
    assertEquals((await assertRejects(query, KvFailure)).code, "no_leader");
  }));
