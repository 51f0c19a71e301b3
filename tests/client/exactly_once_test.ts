/**
 * Every acknowledged write is applied once, every other at most once, whatever the network does.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { connect, KvError } from "@raftkv/client";
import { pcg32, type Random } from "../../core/random.ts";
import { type Arrival, failure, FakeCluster, type Fault } from "./fake_cluster.ts";
import { VirtualTime } from "./virtual_time.ts";

const SEEDS = 40;
const WRITES = 100;

function badWeather(cluster: FakeCluster, random: Random): (arrival: Arrival) => Fault {
  const faults: readonly (() => Fault)[] = [
    () => "refuse",
    () => "lose_request",
    () => "lose_reply",
    () => "hang",
    () => failure("no_leader"),
    () => failure("leadership_lost"),
    () => failure("overloaded"),
    () => new Response("Bad gateway", { status: 502 }),
    () => {
      cluster.leader = `n${1 + Math.floor(random() * 3)}`;
      return null;
    },
    () => {
      if (random() < 0.2) cluster.sessions.clear();
      return null;
    },
  ];
  const faultShare = 0.4 + 0.6 * random();
  return () => {
    if (random() > faultShare) return null;
    return faults[Math.floor(random() * faults.length)]?.() ?? null;
  };
}

/** What became of each write, as its caller was told. */
async function write(seed: number): Promise<{ cluster: FakeCluster; told: Map<string, string> }> {
  const random = pcg32(seed);
  const cluster = new FakeCluster();
  const time = new VirtualTime();
  cluster.fault = badWeather(cluster, random);
  const { fetch, urls: endpoints } = cluster;
  const kv = connect({ endpoints, fetch, random, timers: time, timeoutMs: 2_000 });
  const told = new Map<string, string>();
  const one = async (key: string) => {
    try {
      await kv.put(key, key);
      told.set(key, "applied");
    } catch (error) {
      assert(error instanceof KvError, `${error}`);
      told.set(key, error.outcome);
    }
  };
  const keys = Array.from({ length: WRITES }, (_, index) => `k${index}`);
  await time.run(Promise.all(keys.map(one)));
  await time.run(kv.close());
  assertEquals(time.pending, 0);
  return { cluster, told };
}

Deno.test("in any weather, callers are told the truth about their writes", async () => {
  const seen = new Map<string, number>();
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const { cluster, told } = await write(seed);
    for (const [key, outcome] of told) {
      const times = cluster.applied.filter((each) => each.key === key).length;
      const context = `seed ${seed}, ${key}: told ${outcome}, applied ${times} times`;
      if (outcome === "applied") assertEquals(times, 1, context);
      if (outcome === "not_applied") assertEquals(times, 0, context);
      assert(times <= 1, context);
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
    }
  }
  for (const outcome of ["applied", "not_applied", "unknown"]) {
    assert((seen.get(outcome) ?? 0) > 0, `No write ended ${outcome}: the test is vacuous`);
  }
});
