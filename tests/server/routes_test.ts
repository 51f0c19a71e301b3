import { assertEquals } from "@std/assert";
import { appUnderTest, assertFailure } from "./app_under_test.ts";

const ROUTES: readonly [path: string, methods: readonly string[]][] = [
  ["/kv", ["GET", "HEAD"]],
  ["/kv/k", ["DELETE", "GET", "HEAD", "PUT"]],
  ["/sessions", ["POST"]],
  ["/v1/kv", ["DELETE", "GET", "HEAD"]],
  ["/v1/kv/k", ["DELETE", "GET", "HEAD", "PUT"]],
  ["/v1/txn", ["POST"]],
  ["/v1/increment", ["POST"]],
  ["/v1/compact", ["POST"]],
  ["/v1/watch", ["GET", "HEAD"]],
  ["/v1/leases", ["GET", "HEAD", "POST"]],
  ["/v1/leases/7", ["DELETE", "GET", "HEAD"]],
  ["/v1/leases/7/keepalive", ["POST"]],
  ["/cluster/status", ["GET", "HEAD"]],
  ["/cluster/leader", ["GET", "HEAD", "POST"]],
  ["/cluster/members", ["GET", "HEAD", "POST"]],
  ["/health", ["GET", "HEAD"]],
];

Deno.test("a method that a path does not have gets 405 and the list of those it has", async () => {
  const { port, request } = appUnderTest();
  for (const [path, methods] of ROUTES) {
    const allow = [...methods, "OPTIONS"].sort().join(", ");
    for (const method of ["GET", "PUT", "POST", "DELETE", "PATCH", "PROPFIND"]) {
      if (methods.includes(method)) continue;
      const answer = await request(path, { method });
      assertEquals(answer.headers.get("allow"), allow, `${method} ${path}`);
      await assertFailure(answer, 405, "method_not_allowed");
    }
  }
  assertEquals(port.proposals, []);
});

Deno.test("OPTIONS lists the methods and lets no other origin in", async () => {
  const { request } = appUnderTest();
  for (const [path, methods] of ROUTES) {
    const headers = { origin: "http://other.test", "access-control-request-method": "PUT" };
    const answer = await request(path, { method: "OPTIONS", headers });
    assertEquals(answer.status, 204);
    assertEquals(answer.headers.get("allow"), [...methods, "OPTIONS"].sort().join(", "));
    assertEquals(answer.headers.get("access-control-allow-origin"), null);
  }
});

Deno.test("the cluster's status has every member, reachable or not", async () => {
  const { request } = appUnderTest();
  assertEquals(await (await request("/cluster/status")).json(), {
    clusterId: "test-cluster",
    nodeId: "n1",
    leaderId: "n2",
    term: 7,
    nodes: [
      {
        id: "n1",
        url: "http://n1.test:8001",
        reachable: true,
        role: "follower",
        term: 7,
        leaderId: "n2",
        lastIndex: 0,
        commitIndex: 0,
        appliedIndex: 0,
        snapshotIndex: 0,
        revision: 1,
      },
      { id: "n2", url: "http://n2.test:8001", reachable: false },
      { id: "n3", url: "http://n3.test:8001", reachable: false },
    ],
  });
});

Deno.test("the leader is named with its URL, or there is none", async () => {
  const { port, request } = appUnderTest();
  const answer = await request("/cluster/leader");
  assertEquals(await answer.json(), { id: "n2", url: "http://n2.test:8001", term: 7 });
  port.leaderId = null;
  await assertFailure(await request("/cluster/leader"), 503, "no_leader");
});

Deno.test("a node is healthy while it knows a leader, has a state and does not stop", async () => {
  const { port, request } = appUnderTest();
  const health = async () => {
    const answer = await request("/health");
    return [answer.status, await answer.json()];
  };
  const node = { nodeId: "n1", role: "follower", leaderId: "n2" };
  assertEquals(await health(), [200, { status: "ok", ...node }]);
  port.isStateLost = true;
  assertEquals(await health(), [503, { status: "unavailable", ...node, reason: "state_lost" }]);
  port.isStopping = true;
  assertEquals(await health(), [503, { status: "unavailable", ...node, reason: "stopping" }]);
  port.isRemoved = true;
  assertEquals(await health(), [503, { status: "unavailable", ...node, reason: "removed" }]);
  port.isStopping = false;
  port.isRemoved = false;
  port.isStateLost = false;
  port.leaderId = null;
  assertEquals(await health(), [
    503,
    { status: "unavailable", ...node, leaderId: null, reason: "no_leader" },
  ]);
});

Deno.test("a session's id goes into the Idempotency-Key as it is", async () => {
  const { request } = appUnderTest();
  const { session, revision } = await (await request("/sessions", { method: "POST" })).json();
  assertEquals([typeof session, revision], ["string", 1]);
  const headers = { "idempotency-key": `${session}/1` };
  assertEquals((await request("/kv/k", { method: "DELETE", headers })).status, 200);
});
