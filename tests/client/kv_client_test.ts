import { assertEquals, assertRejects } from "@std/assert";
import { connect, type KeyValueJson, KvError } from "@raftkv/client";
import { FakeCluster } from "./fake_cluster.ts";
import { VirtualTime } from "./virtual_time.ts";

/** Runs a test against real sockets. */
async function served(work: (cluster: FakeCluster) => Promise<void>): Promise<void> {
  const cluster = new FakeCluster();
  const stop = cluster.listen();
  try {
    await work(cluster);
  } finally {
    await stop();
  }
}

Deno.test("a failure of a newer server counts for what it says of itself", async () => {
  const cluster = new FakeCluster();
  const error = {
    code: "of_tomorrow",
    message: "Not yet",
    retryable: true,
    outcome: "not_applied",
  };
  let failures = 0;
  cluster.fault = ({ method }) =>
    method === "GET" && failures++ === 0 ? Response.json({ error }, { status: 503 }) : null;
  await using kv = connect({ endpoints: cluster.urls, fetch: cluster.fetch, discover: false });
  assertEquals(await kv.get("key"), null);
  assertEquals(failures, 2);
});

Deno.test("put, get and delete go to the server and back", () =>
  served(async (cluster) => {
    await using kv = connect({ endpoints: cluster.urls });
    const written = await kv.put("db.host", "postgres.internal");
    assertEquals(written.version, 1);
    const read = await kv.get("db.host");
    assertEquals(read?.value, "postgres.internal");
    assertEquals(read?.modRevision, written.modRevision);
    assertEquals((await kv.delete("db.host")).deleted, 1);
    assertEquals((await kv.delete("db.host")).deleted, 0);
    assertEquals(await kv.get("db.host"), null);
  }));

Deno.test("any text can be a key and any JSON a value", () =>
  served(async (cluster) => {
    await using kv = connect({ endpoints: cluster.urls });
    const keys = ["a/b", "a%2Fb", "ü ñ ☃", "?x=1&y#z", "...", " "];
    const values = [null, 0, false, "", { deep: [1, { text: "☃" }] }, ["x"]];
    for (const [index, key] of keys.entries()) await kv.put(key, values[index] ?? null);
    assertEquals([...cluster.store.keys()], keys);
    for (const [index, key] of keys.entries()) {
      assertEquals((await kv.get(key))?.value, values[index]);
    }
  }));

Deno.test("keys that no URL can carry are refused before anything is sent", async () => {
  const cluster = new FakeCluster();
  await using kv = connect({ endpoints: cluster.urls, fetch: cluster.fetch });
  for (const key of ["", ".", "..", "\ud800"]) {
    const error = await assertRejects(() => kv.put(key, 1), KvError);
    assertEquals([error.code, error.outcome, error.retryable], [
      "invalid_key",
      "not_applied",
      false,
    ]);
    await assertRejects(() => kv.get(key), KvError);
    await assertRejects(() => kv.delete(key), KvError);
  }
  assertEquals(cluster.arrivals, []);
});

Deno.test("a value that JSON cannot express is a TypeError, and nothing is sent", async () => {
  const cluster = new FakeCluster();
  await using kv = connect({ endpoints: cluster.urls, fetch: cluster.fetch });
  const circle: { self?: unknown } = {};
  circle.self = circle;
  // @ts-expect-error: what the type forbids, JavaScript callers do.
  await assertRejects(() => kv.put("circle", circle), TypeError);
  assertEquals(cluster.arrivals, []);
});

Deno.test("a list goes through all pages, and a page can be asked for by itself", () =>
  served(async (cluster) => {
    await using kv = connect({ endpoints: cluster.urls });
    const keys = ["a/1", "a/2", "a/3", "a/4", "a/5", "b/1"];
    for (const key of keys) await kv.put(key, key);
    const found: KeyValueJson[] = await Array.fromAsync(kv.list({ prefix: "a/" }));
    assertEquals(found.map((each) => each.key), keys.slice(0, 5));
    const page = await kv.listPage({ limit: 4 });
    assertEquals(page.items.length, 4);
    const rest = await kv.listPage({ limit: 4, cursor: page.cursor ?? "" });
    assertEquals([rest.items.map((each) => each.key), rest.cursor], [["a/5", "b/1"], null]);
  }));

Deno.test("a list that is left early asks for no further page", async () => {
  const cluster = new FakeCluster();
  await using kv = connect({ endpoints: cluster.urls, fetch: cluster.fetch, discover: false });
  for (const key of ["a", "b", "c", "d"]) await kv.put(key, key);
  cluster.arrivals.length = 0;
  for await (const _ of kv.list()) break;
  assertEquals(cluster.arrivals.length, 1);
});

Deno.test("status, leader and health say what the node says", () =>
  served(async (cluster) => {
    await using kv = connect({ endpoints: cluster.urls, random: () => 0 });
    const status = await kv.status();
    assertEquals([status.nodeId, status.leaderId, status.nodes.length], ["n1", "n1", 3]);
    assertEquals(await kv.leader(), { id: "n1", url: cluster.urls[0] ?? "", term: 3 });
    assertEquals((await kv.health()).status, "ok");
    cluster.unreachable.add("n1");
    const health = await kv.health();
    assertEquals([health.status, health.reason], ["unavailable", "No leader for 5 s"]);
  }));

Deno.test("reads say which consistency they want, and how long the server has", async () => {
  const cluster = new FakeCluster();
  const time = new VirtualTime();
  const { fetch, urls: endpoints } = cluster;
  await using kv = connect({ endpoints, fetch, timers: time, discover: false });
  await kv.get("x", { consistency: "stale", timeoutMs: 6_000 });
  const query = cluster.arrivals.at(-1)?.query;
  assertEquals([query?.get("consistency"), query?.get("timeout")], ["stale", "1800ms"]);
  await kv.get("x", { timeoutMs: 3_600_000 });
  assertEquals(cluster.arrivals.at(-1)?.query.get("timeout"), "60000ms", "the server's own limit");
});

Deno.test("an answer of another shape is refused, with the write's outcome unknown", async () => {
  const cluster = new FakeCluster();
  const { fetch, urls: endpoints } = cluster;
  await using kv = connect({ endpoints, fetch, discover: false });
  cluster.fault = ({ method }) => method === "PUT" ? Response.json({ hello: "world" }) : null;
  const error = await assertRejects(() => kv.put("x", 1), KvError);
  assertEquals([error.code, error.outcome], ["unrecognized", "unknown"]);
  cluster.fault = () => new Response("<h1>Forbidden</h1>", { status: 403 });
  const forbidden = await assertRejects(() => kv.put("x", 1), KvError);
  assertEquals([forbidden.code, forbidden.outcome], ["unrecognized", "not_applied"]);
});
