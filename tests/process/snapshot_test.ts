/**
 * A log that does not grow for ever, on nodes that stay and for one that was away.
 *
 * @module
 */

import { assertEquals, assertGreater } from "@std/assert";
import { Cluster } from "./cluster.ts";
import { contentsOf } from "./contents.ts";
import { Load } from "./load.ts";
import { until } from "./until.ts";

/** No snapshot for so long that a node takes none of its own. */
const NEVER = ["--snapshot-log-bytes-min", "1000000000000"];

Deno.test("a follower away for more than the kept log comes back by snapshot", async () => {
  await using cluster = await Cluster.start(["--snapshot-log-bytes-min", "30000"]);
  const leader = await cluster.leader();
  const [away] = cluster.nodes.filter((node) => node !== leader);
  if (away === undefined) throw new Error("Cannot go on: There is no follower");
  await away.kill();
  await using load = new Load({ urls: cluster.urls, prefix: "k", clients: 4, writes: 4_000 });
  await load.finished;

  away.start(NEVER);
  await until("the follower to have a snapshot it did not make", async () => {
    const { snapshotIndex = 0 } = await away.status();
    return snapshotIndex > 0;
  });
  await cluster.settled();
  for (const node of cluster.nodes) {
    assertEquals(await contentsOf(node, { consistency: "stale" }), load.book);
  }
  // What it was sent must also carry it through a crash of its own.
  await away.kill();
  away.start(NEVER);
  await cluster.settled();
  assertEquals(await contentsOf(away, { consistency: "stale" }), load.book);
});

Deno.test("a node's disk holds a few snapshots and segments, however much was written", async () => {
  await using cluster = await Cluster.start(["--snapshot-log-bytes-min", "4000000"]);
  const { client } = await cluster.leader();
  const megabyte = "x".repeat(1_000_000);
  const keys = ["a", "b", "c", "d"];
  for (let written = 0; written < 150; written += keys.length) {
    await Promise.all(keys.map((key) => client.put(key, megabyte)));
    const { revision } = await client.put("last", written);
    // The past is kept readable, so it is part of the state until it is let go.
    const body = JSON.stringify({ revision });
    const compacted = await fetch(`${cluster.nodes[0]!.url}/v1/compact`, { method: "POST", body });
    assertEquals(compacted.ok, true, await compacted.text());
  }
  await cluster.settled();
  // Two segments of 64 MiB were filled; one at most may be left, beside the one under way.
  for (const { id, dataDir } of cluster.nodes) {
    await until(`${id} to have let go of old segments`, () => sizeOf(dataDir) < 110_000_000);
    assertGreater(sizeOf(dataDir), 4_000_000);
  }
});

function sizeOf(directory: string): number {
  let bytes = 0;
  for (const { name } of Deno.readDirSync(directory)) {
    bytes += Deno.statSync(`${directory}/${name}`).size;
  }
  return bytes;
}
