/**
 * A leader that stops in mid-air and goes on, believing that it still leads.
 *
 * @module
 */

import { assertEquals, assertNotEquals } from "@std/assert";
import { Cluster } from "./cluster.ts";
import { contentsOf } from "./contents.ts";
import { Load } from "./load.ts";
import { until } from "./until.ts";

Deno.test("a paused leader is replaced, and answers no linearizable read from its past", async () => {
  await using cluster = await Cluster.start();
  const old = await cluster.leader();
  await old.client.put("who", "the old leader");
  // Clients of the paused node wait for a third of this before they try another.
  const patience = { timeoutMs: 15_000 };
  const { urls } = cluster;
  await using load = new Load({ urls, prefix: "k", clients: 6, writes: 3_000, ...patience });
  await load.acknowledged(300);

  old.pause();
  // These lie in its socket and are the first it sees when it goes on, before any peer's message.
  const early = Array.from({ length: 20 }, () => read(`${old.url}/kv/who`));
  const next = await cluster.leader();
  assertNotEquals(next.id, old.id);
  await next.client.put("who", "the new leader");
  await load.finished;
  old.resume();

  const late = await Promise.all(Array.from({ length: 20 }, () => read(`${old.url}/kv/who`)));
  for (const { status, value } of [...await Promise.all(early), ...late]) {
    if (status !== 503) assertEquals([status, value], [200, "the new leader"]);
  }
  await until("the old leader to follow", async () => (await old.status()).role === "follower");
  await cluster.settled();
  for (const node of cluster.nodes) {
    assertEquals(await contentsOf(node, { consistency: "stale", prefix: "k/" }), load.book);
  }
});

async function read(url: string): Promise<{ readonly status: number; readonly value: unknown }> {
  const response = await fetch(`${url}?timeout=20s`);
  const { value } = await response.json();
  return { status: response.status, value };
}
