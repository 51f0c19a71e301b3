/**
 * A leader that is asked to stop while clients write.
 *
 * @module
 */

import { assertEquals, assertLess } from "@std/assert";
import { Cluster } from "./cluster.ts";
import { contentsOf } from "./contents.ts";
import { Load } from "./load.ts";

/** The shortest wait for a leader that has died without a word. */
const ELECTION_TIMEOUT_MS_MIN = 1_000;

Deno.test("a leader that is stopped hands over: no write fails, and no timeout is waited for", async () => {
  await using cluster = await Cluster.start();
  const leader = await cluster.leader();
  await using load = new Load({ urls: cluster.urls, prefix: "k", clients: 16, writes: 4_000 });
  await load.acknowledged(1_000);
  const end = await leader.stop();
  await load.finished;
  console.log(`Longest gap between acknowledged writes: ${load.gapMsMax.toFixed(0)} ms`);
  assertEquals(end, { code: 0, signal: null });
  assertLess(load.gapMsMax, ELECTION_TIMEOUT_MS_MIN);

  leader.start();
  await cluster.settled();
  for (const node of cluster.nodes) {
    assertEquals(await contentsOf(node, { consistency: "stale" }), load.book);
  }
});

Deno.test("nodes that are stopped together wait for nobody to take over", async () => {
  const timeoutMs = 4_000;
  const flags = ["--election-timeout-ms-min", `${timeoutMs}`, "--election-timeout-ms-max", "4500"];
  await using cluster = await Cluster.start(flags);
  const startedMs = performance.now();
  const ends = await Promise.all(cluster.nodes.map((node) => node.stop()));
  assertLess(performance.now() - startedMs, timeoutMs);
  for (const end of ends) assertEquals(end, { code: 0, signal: null });
});
