/**
 * A leader that is asked to stop while clients write.
 *
 * @module
 */

import { assertEquals, assertLess } from "@std/assert";
import { Cluster } from "./cluster.ts";
import { contentsOf } from "./contents.ts";
import { Load } from "./load.ts";

/** So long that whoever waits for a timeout is found out, however busy the machine is. */
const TIMEOUT_MS = 4_000;
const FLAGS = [
  ...["--election-timeout-ms-min", `${TIMEOUT_MS}`],
  ...["--election-timeout-ms-max", `${TIMEOUT_MS + 500}`],
];

Deno.test("a leader that is stopped hands over: no write fails, and no timeout is waited for", async () => {
  await using cluster = await Cluster.start(FLAGS);
  const leader = await cluster.leader();
  await using load = new Load({ urls: cluster.urls, prefix: "k", clients: 16, writes: 4_000 });
  await load.acknowledged(1_000);
  const startedMs = performance.now();
  const end = await leader.stop();
  const stopMs = performance.now() - startedMs;
  await load.finished;
  console.log(
    `Stopped in ${stopMs.toFixed(0)} ms, ` +
      `longest gap between acknowledged writes ${load.gapMsMax.toFixed(0)} ms`,
  );
  assertEquals(end, { code: 0, signal: null });
  assertLess(stopMs, TIMEOUT_MS);
  assertLess(load.gapMsMax, TIMEOUT_MS / 2);

  leader.start();
  await cluster.settled();
  for (const node of cluster.nodes) {
    assertEquals(await contentsOf(node, { consistency: "stale" }), load.book);
  }
});

// [T-4]
Deno.test("the other nodes answer every write while a leader leaves, one leader after the other", async () => {
  await using cluster = await Cluster.start(FLAGS);
  const failures: string[] = [];
  for (let round = 1; round <= 4; round++) {
    const leader = await cluster.leader();
    const stop = new AbortController();
    const others = cluster.nodes.filter((node) => node !== leader);
    const writers = others.flatMap(({ url }) =>
      Array.from({ length: WRITERS_PER_NODE }, () => write(url, stop.signal))
    );
    await leader.stop();
    await cluster.leader();
    stop.abort();
    failures.push(...(await Promise.all(writers)).flat());
    leader.start();
    await cluster.settled();
  }
  assertEquals(failures, []);
});

const WRITERS_PER_NODE = 16;

/** Writes without a pause and without a second try; resolves to what failed. */
async function write(url: string, signal: AbortSignal): Promise<string[]> {
  const failures: string[] = [];
  while (!signal.aborted) {
    const response = await fetch(`${url}/kv/hand-over`, {
      method: "PUT",
      body: '{"value":1}',
      headers: { "content-type": "application/json" },
    });
    const text = await response.text();
    if (!response.ok) failures.push(text);
  }
  return failures;
}

Deno.test("nodes that are stopped together wait for nobody to take over", async () => {
  await using cluster = await Cluster.start(FLAGS);
  const startedMs = performance.now();
  const ends = await Promise.all(cluster.nodes.map((node) => node.stop()));
  assertLess(performance.now() - startedMs, TIMEOUT_MS);
  for (const end of ends) assertEquals(end, { code: 0, signal: null });
});
