import { assert, assertEquals, assertRejects } from "@std/assert";
import { connect, type ConnectOptions, type Kv, KvError } from "@raftkv/client";
import { pcg32 } from "../../core/random.ts";
import { failure, FakeCluster } from "./fake_cluster.ts";
import { VirtualTime } from "./virtual_time.ts";

interface Setting {
  readonly cluster: FakeCluster;
  readonly time: VirtualTime;
  readonly kv: Kv;
}

/** Runs a test in virtual time and demands that the client leaves nothing behind. */
async function during(
  options: Partial<ConnectOptions>,
  work: (setting: Setting) => Promise<void>,
): Promise<void> {
  const cluster = new FakeCluster();
  const time = new VirtualTime();
  const kv = connect({
    endpoints: cluster.urls,
    fetch: cluster.fetch,
    timers: time,
    random: firstZero(),
    timeoutMs: 5_000,
    discover: false,
    ...options,
  });
  await work({ cluster, time, kv });
  await kv.close();
  assertEquals(time.pending, 0, "timers are left behind");
}

/** Starts at the first endpoint, then waits half of what it might. */
function firstZero(): () => number {
  let asked = 0;
  return () => asked++ === 0 ? 0 : 0.5;
}

const N1 = "http://n1.test:8001";
const writesOf = (cluster: FakeCluster) =>
  cluster.arrivals.filter((arrival) => arrival.method === "PUT");

Deno.test("a dead endpoint is got around at once, by reads and by writes", () =>
  during({}, async ({ cluster, time, kv }) => {
    cluster.fault = ({ node }) => node.id === "n1" ? "refuse" : null;
    await time.run(kv.put("x", 1));
    assertEquals((await time.run(kv.get("x")))?.value, 1);
    assert(time.nowMs() < 50, `${time.nowMs()} ms`);
    assertEquals(cluster.arrivals.filter(({ node }) => node.id === "n1").length, 1);
  }));

Deno.test("a node that accepts and says nothing costs a share of the time, not all of it", () =>
  during({}, async ({ cluster, time, kv }) => {
    cluster.fault = ({ node }) => node.id === "n1" ? "hang" : null;
    await time.run(kv.get("x"));
    assert(time.nowMs() < 2_000, `${time.nowMs()} ms`);
  }));

Deno.test("one URL is enough while it lives: the others are learnt from it", () =>
  during({ endpoints: [N1], discover: true }, async ({ cluster, time, kv }) => {
    await time.run(kv.put("x", 1));
    await time.settle();
    assertEquals(kv.endpoints, cluster.urls);
    cluster.fault = ({ node }) => node.id === "n1" ? "refuse" : null;
    cluster.leader = "n2";
    assertEquals((await time.run(kv.get("x")))?.value, 1);
  }));

Deno.test("without discovery only the given URLs are used", () =>
  during({ endpoints: [N1] }, async ({ cluster, time, kv }) => {
    cluster.leader = "n2";
    await time.run(kv.put("x", 1));
    await time.settle();
    assertEquals(kv.endpoints, [N1]);
    assertEquals(cluster.arrivals.some(({ path }) => path === "/cluster/status"), false);
  }));

Deno.test("requests go to the leader once it is known, and follow it", () =>
  during({ discover: true }, async ({ cluster, time, kv }) => {
    cluster.leader = "n3";
    await time.run(kv.put("x", 1));
    await time.settle();
    await time.run(kv.put("x", 2));
    assertEquals(writesOf(cluster).at(-1)?.node.id, "n3");
    cluster.leader = "n2";
    await time.run(kv.put("x", 3));
    await time.run(kv.put("x", 4));
    assertEquals(writesOf(cluster).at(-1)?.node.id, "n2");
  }));

Deno.test("a retried write keeps its number on another endpoint, and is applied once", () =>
  during({}, async ({ cluster, time, kv }) => {
    let losses = 1;
    cluster.fault = ({ method }) => method === "PUT" && losses-- > 0 ? "lose_reply" : null;
    const answer = await time.run(kv.put("x", 1));
    assertEquals(answer.version, 1);
    const [first, second] = writesOf(cluster);
    assertEquals(first?.idempotencyKey, "s1/1");
    assertEquals(second?.idempotencyKey, "s1/1");
    assert(first?.node.id !== second?.node.id);
    assertEquals(cluster.applied.length, 1);
  }));

Deno.test("a session that expired before the first attempt is replaced", () =>
  during({}, async ({ cluster, time, kv }) => {
    await time.run(kv.put("x", 1));
    cluster.sessions.clear();
    await time.run(kv.put("x", 2));
    assertEquals(writesOf(cluster).map((each) => each.idempotencyKey), ["s1/1", "s1/2", "s2/1"]);
    assertEquals(cluster.applied.length, 2);
  }));

Deno.test("a session that expired after a lost answer leaves the outcome unknown", () =>
  during({}, async ({ cluster, time, kv }) => {
    await time.run(kv.put("x", 1));
    cluster.fault = ({ method }) => {
      cluster.fault = () => null;
      cluster.sessions.clear();
      return method === "PUT" ? "lose_request" : null;
    };
    const error = await assertRejects(() => time.run(kv.put("x", 2)), KvError);
    assertEquals([error.code, error.outcome], ["session_expired", "unknown"]);
    assertEquals(cluster.applied.length, 1);
  }));

Deno.test("when no node was ever reached, a write certainly did not happen", () =>
  during({}, async ({ cluster, time, kv }) => {
    cluster.fault = () => "refuse";
    const error = await assertRejects(() => time.run(kv.put("x", 1)), KvError);
    assertEquals([error.code, error.outcome, error.retryable], ["timeout", "not_applied", true]);
    assert(error.message.startsWith("Gave up after 5000 ms and "), error.message);
  }));

Deno.test("the deadline holds, whatever the nodes do, and says what may have happened", async () => {
  const faults = ["hang", "refuse", "lose_request", "lose_reply"] as const;
  for (const fault of faults) {
    await during({ random: pcg32(7) }, async ({ cluster, time, kv }) => {
      cluster.fault = ({ method }) => method === "PUT" ? fault : null;
      const error = await assertRejects(() => time.run(kv.put("x", 1)), KvError);
      assertEquals(error.outcome, fault === "refuse" ? "not_applied" : "unknown");
      assert(time.nowMs() <= 5_000, `${fault}: ${time.nowMs()} ms`);
    });
  }
});

Deno.test("no leader until the deadline is certain; a lost leadership is not", async () => {
  for (const code of ["no_leader", "leadership_lost"] as const) {
    await during({ random: pcg32(7) }, async ({ cluster, time, kv }) => {
      cluster.fault = ({ method }) => method === "PUT" ? failure(code) : null;
      const error = await assertRejects(() => time.run(kv.put("x", 1)), KvError);
      const outcome = code === "no_leader" ? "not_applied" : "unknown";
      assertEquals([error.code, error.outcome], ["timeout", outcome]);
    });
  }
});

Deno.test("what cannot succeed is reported at once, with the server's own code", () =>
  during({}, async ({ cluster, time, kv }) => {
    cluster.fault = ({ method }) => method === "PUT" ? failure("value_too_large") : null;
    const error = await assertRejects(() => time.run(kv.put("x", 1)), KvError);
    assertEquals([error.code, error.outcome, error.retryable], [
      "value_too_large",
      "not_applied",
      false,
    ]);
    assertEquals(writesOf(cluster).length, 1);
  }));

Deno.test("the caller's signal ends a request with its reason, wherever it stands", async () => {
  for (const fault of ["hang", "refuse"] as const) {
    await during({ random: () => 0.9 }, async ({ cluster, time, kv }) => {
      cluster.fault = () => fault;
      const controller = new AbortController();
      time.after(700, () => controller.abort(new Error("Enough")));
      const put = kv.put("x", 1, { signal: controller.signal });
      await assertRejects(() => time.run(put), Error, "Enough");
      assertEquals(time.nowMs(), 700);
    });
  }
});

Deno.test("an aborted signal sends nothing", () =>
  during({}, async ({ cluster, kv }) => {
    const signal = AbortSignal.abort(new Error("Enough"));
    await assertRejects(() => kv.get("x", { signal }), Error, "Enough");
    await assertRejects(() => kv.put("x", 1, { signal }), Error, "Enough");
    assertEquals(cluster.arrivals, []);
  }));

Deno.test("closing ends what is under way and refuses what comes later", () =>
  during({ discover: true }, async ({ cluster, time, kv }) => {
    cluster.fault = ({ path }) => path === "/cluster/status" ? "hang" : null;
    await time.run(kv.get("x"));
    cluster.fault = () => "hang";
    const reading = kv.get("x");
    await kv.close();
    await assertRejects(() => reading, DOMException, "closed");
    await assertRejects(() => kv.get("x"), DOMException, "closed");
  }));

Deno.test("more writes than the window holds are all carried out", () =>
  during({}, async ({ cluster, time, kv }) => {
    const keys = Array.from({ length: 300 }, (_, index) => `k${index}`);
    await time.run(Promise.all(keys.map((key) => kv.put(key, key))));
    assertEquals(cluster.applied.length, 300);
    assertEquals(cluster.sessions.size, 1);
  }));
