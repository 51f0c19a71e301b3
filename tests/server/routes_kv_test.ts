import { assert, assertEquals } from "@std/assert";
import { appUnderTest, assertFailure, keyIn } from "./app_under_test.ts";

Deno.test("a value that was put comes back with its revisions", async () => {
  const { put, request } = appUnderTest();
  const answer = await put("/kv/name", '{"value": "RaftKV"}');
  assertEquals(answer.status, 200);
  assertEquals(await answer.json(), {
    key: "name",
    createRevision: 2,
    modRevision: 2,
    version: 1,
    revision: 2,
  });
  await put("/kv/name", '{"value": "RaftKV 2"}');
  await put("/kv/other", '{"value": 1}');
  assertEquals(await (await request("/kv/name")).json(), {
    key: "name",
    value: "RaftKV 2",
    createRevision: 2,
    modRevision: 3,
    version: 2,
    revision: 4,
  });
});

Deno.test("the body is read as JSON whatever its content type", async () => {
  const { request } = appUnderTest();
  for (const type of ["application/x-www-form-urlencoded", "text/plain", "image/png"]) {
    const init = { method: "PUT", body: '{"value":1}', headers: { "content-type": type } };
    assertEquals((await request("/kv/a", init)).status, 200, type);
  }
});

Deno.test("deleting says how many keys went away", async () => {
  const { put, request } = appUnderTest();
  await put("/kv/name", '{"value":1}');
  const first = await request("/kv/name", { method: "DELETE" });
  assertEquals(await first.json(), { key: "name", deleted: 1, revision: 3 });
  const second = await request("/kv/name", { method: "DELETE" });
  assertEquals(await second.json(), { key: "name", deleted: 0, revision: 4 });
  await assertFailure(await request("/kv/name"), 404, "key_not_found");
});

Deno.test("a key is what stands behind /kv/, decoded once", async () => {
  const { port, put } = appUnderTest();
  const keys: readonly [path: string, key: string][] = [
    ["/kv/a", "a"],
    ["/kv/a/b", "a/b"],
    ["/kv/a%2Fb", "a/b"],
    ["/kv//a", "/a"],
    ["/kv/a/", "a/"],
    ["/kv/%252F", "%2F"],
    ["/kv/a+b", "a+b"],
    ["/kv/a%20b", "a b"],
    ["/kv/%C3%A9", "\xc3\xa9"],
    ["/kv/é", "\xc3\xa9"],
    ["/kv/%00", "\0"],
    ["/kv/a%3Fb%23c", "a?b#c"],
    ["/kv/x%2F..%2Fy", "x/../y"],
    ["/kv/...", "..."],
    ["/kv/kv", "kv"],
  ];
  for (const [path, key] of keys) {
    assertEquals((await put(path, '{"value":0}')).status, 200, path);
    const { command } = port.proposals.at(-1)!;
    assert(command.kind === "commit");
    assertEquals(keyIn(command), key, path);
  }
});

Deno.test("keys of any characters come back as they were sent", async () => {
  const { put, request } = appUnderTest();
  for (const key of ["é", "日本", '"quoted"', "a\\b", "line\nfeed", "\0", "\ufeffmark", "😀"]) {
    const path = `/kv/${encodeURIComponent(key)}`;
    assertEquals((await (await put(path, '{"value":0}')).json()).key, key);
    assertEquals((await (await request(path)).json()).key, key);
  }
});

Deno.test("HEAD answers as GET without the body", async () => {
  const { put, request } = appUnderTest();
  await put("/kv/name", '{"value":1}');
  const answer = await request("/kv/name", { method: "HEAD" });
  assertEquals([answer.status, await answer.text()], [200, ""]);
  assertEquals(answer.headers.get("raftkv-node"), "n1");
  assertEquals((await request("/kv/none", { method: "HEAD" })).status, 404);
});

Deno.test("each answer tells which node speaks, whom it follows and at which revision", async () => {
  const { port, put, request } = appUnderTest();
  const origin = (response: Response) =>
    ["node", "leader", "term", "revision"].map((name) => response.headers.get(`raftkv-${name}`));
  assertEquals(origin(await put("/kv/a", '{"value":1}')), ["n1", "n2", "7", "2"]);
  assertEquals(origin(await request("/kv/a")), ["n1", "n2", "7", "2"]);
  assertEquals(origin(await request("/nowhere")), ["n1", "n2", "7", "2"]);
  port.leaderId = null;
  assertEquals(origin(await request("/kv/a")), ["n1", null, "7", "2"]);
});

Deno.test("no answer may be cached or taken for a page", async () => {
  const { put } = appUnderTest();
  const { headers } = await put("/kv/a", '{"value":"<script>"}');
  assertEquals(headers.get("cache-control"), "no-store");
  assertEquals(headers.get("x-content-type-options"), "nosniff");
  assertEquals(headers.get("content-type"), "application/json");
});

Deno.test("reads are linearizable unless they ask for less", async () => {
  const { port, request } = appUnderTest();
  await request("/kv/a");
  await request("/kv?consistency=linearizable&timeout=2s");
  await request("/kv/a?consistency=stale&timeout=0.25s");
  assertEquals(port.reads, [
    { consistency: "linearizable", timeoutMs: 5_000 },
    { consistency: "linearizable", timeoutMs: 2_000 },
    { consistency: "stale", timeoutMs: 250 },
  ]);
});

Deno.test("writes pass their timeout on", async () => {
  const { port, request } = appUnderTest();
  for (const timeout of ["1", "1ms", "500ms", "60s", "60000"]) {
    await request(`/kv/a?timeout=${timeout}`, { method: "DELETE" });
  }
  await request("/kv/a", { method: "DELETE" });
  await request("/sessions?timeout=3s", { method: "POST" });
  const timeouts = port.proposals.map(({ timeoutMs }) => timeoutMs);
  assertEquals(timeouts, [1, 1, 500, 60_000, 60_000, 5_000, 3_000]);
});

Deno.test("a write under an Idempotency-Key takes effect once and says that it was replayed", async () => {
  const { request } = appUnderTest();
  const { session } = await (await request("/sessions", { method: "POST" })).json();
  const init = {
    method: "PUT",
    body: '{"value":1}',
    headers: { "idempotency-key": `${session}/1` },
  };
  const first = await request("/kv/a", init);
  await request("/kv/other", { method: "DELETE" });
  const second = await request("/kv/a", init);
  assertEquals(await second.json(), await first.json());
  assertEquals(first.headers.get("idempotent-replayed"), null);
  assertEquals(second.headers.get("idempotent-replayed"), "true");
  assertEquals(second.headers.get("raftkv-revision"), "2");
  assertEquals((await (await request("/kv/a")).json()).version, 1);
});

Deno.test("an Idempotency-Key that stands for another request is refused", async () => {
  const { request } = appUnderTest();
  const { session } = await (await request("/sessions", { method: "POST" })).json();
  const headers = { "idempotency-key": `${session}/1` };
  await request("/kv/a", { method: "PUT", body: '{"value":1}', headers });
  const answer = await request("/kv/a", { method: "DELETE", headers });
  await assertFailure(answer, 422, "idempotency_key_reused");
});

Deno.test("a forgotten session is refused", async () => {
  const { request } = appUnderTest();
  const headers = { "idempotency-key": "99/1" };
  const answer = await request("/kv/a", { method: "PUT", body: '{"value":1}', headers });
  const { error } = await assertFailure(answer, 409, "session_expired");
  assertEquals(error.retryable, false);
});
