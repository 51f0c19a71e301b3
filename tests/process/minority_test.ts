/**
 * One node of three: it refuses in time and says what became of the write, and serves again when a
 * second one is back.
 *
 * @module
 */

import { assertEquals, assertLess } from "@std/assert";
import type { FailureBody } from "@raftkv/core/api";
import { Cluster } from "./cluster.ts";
import type { ServedNode } from "./served_node.ts";

const TIMEOUT_MS = 400;
/** What a busy machine may take on top; without an end a request would take for ever. */
const GRACE_MS = 10_000;

interface Refusal {
  readonly status: number;
  readonly body: FailureBody;
}

async function refusal(url: string, init: RequestInit = {}): Promise<Refusal> {
  const startedMs = performance.now();
  const response = await fetch(`${url}?timeout=${TIMEOUT_MS}ms`, init);
  const body = await response.json();
  assertLess(performance.now() - startedMs, TIMEOUT_MS + GRACE_MS);
  return { status: response.status, body };
}

/** Writes and reads until the node has given up its leader, if it had one; all are refused. */
async function refuseAll(node: ServedNode): Promise<readonly string[]> {
  const notApplied: string[] = [];
  let code = "";
  for (let number = 0; code !== "no_leader"; number++) {
    const key = `lost-${number}`;
    const write = await refusal(`${node.url}/kv/${key}`, { method: "PUT", body: '{"value":1}' });
    ({ error: { code } } = write.body);
    assertEquals([write.status, write.body.error.retryable], [503, true], code);
    const { outcome } = write.body.error;
    assertEquals(["not_applied", "unknown"].includes(outcome), true, outcome);
    if (outcome === "not_applied") notApplied.push(key);
    const read = await refusal(`${node.url}/kv/kept`);
    assertEquals([read.status, read.body.error.retryable], [503, true]);
  }
  assertEquals((await refusal(`${node.url}/kv`)).status, 503);
  return notApplied;
}

async function testMinority(cluster: Cluster, survivor: ServedNode): Promise<void> {
  const { client } = survivor;
  await client.put("kept", "still here");
  // Acknowledged is not applied everywhere, and a stale read shows what this node has applied.
  await cluster.settled();
  const others = cluster.nodes.filter((node) => node !== survivor);
  await Promise.all(others.map((node) => node.kill()));
  const notApplied = await refuseAll(survivor);
  assertEquals((await client.health()).status, "unavailable");
  assertEquals((await client.get("kept", { consistency: "stale" }))?.value, "still here");

  others[0]?.start();
  await cluster.leader();
  assertEquals((await client.get("kept"))?.value, "still here");
  await client.put("kept", "and after");
  for (const key of notApplied) assertEquals(await client.get(key), null, key);
  assertEquals((await client.health()).status, "ok");
}

Deno.test("a leader left alone answers 503 within the timeout until another node is back", async () => {
  await using cluster = await Cluster.start();
  await testMinority(cluster, await cluster.leader());
});

Deno.test("a follower left alone answers 503 within the timeout until another node is back", async () => {
  await using cluster = await Cluster.start();
  const leader = await cluster.leader();
  for (const node of cluster.nodes) if (node !== leader) return await testMinority(cluster, node);
});
