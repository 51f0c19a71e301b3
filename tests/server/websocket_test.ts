import { assert, assertEquals } from "@std/assert";
import { KvFailure } from "@raftkv/core/api";
import type { Key, KvRecord } from "@raftkv/core/kv";
import { connect, open, resultOf, rule } from "./ws_client.ts";

rule("a node says who it is and what it takes before anything else", async ({ url }) => {
  await using client = open(url);
  const { type, protocol, clusterId, nodeId, leaderId, leaderUrl, term, revision, limits } =
    await client.next();
  assertEquals([type, protocol, clusterId, nodeId], ["hello", "raftkv.v1", "test-cluster", "n1"]);
  assertEquals([leaderId, leaderUrl, term, revision], ["n2", "http://n2.test:8001", 7, 1]);
  assertEquals([limits.requestsMax, limits.messageBytesMax], [1_024, 1_572_864]);
  assertEquals(client.socket.protocol, "raftkv.v1");
});

rule("every operation is answered as over HTTP", async ({ url, port }) => {
  await using client = await connect(url);
  const same = async (message: Record<string, unknown>, path: string, init: RequestInit = {}) => {
    const { revision } = port.status();
    const answer = await client.ask(message);
    const response = await fetch(url + path, init);
    const body = await response.json();
    assertEquals(answer.error ?? answer.result, body.error ?? body, JSON.stringify(message));
    return revision;
  };
  const body = (value: unknown) => ({ method: "POST", body: JSON.stringify(value) });
  resultOf(await client.ask({ op: "put", key: "a", value: { b: [1] } }));
  resultOf(await client.ask({ op: "put", key: "é/日", value: "text", ttl: 60 }));
  await same({ op: "get", key: "a" }, "/v1/kv/a");
  await same({ op: "get", key: "é/日", revision: 3 }, "/v1/kv/é/日?revision=3");
  await same({ op: "get", key: "none" }, "/v1/kv/none");
  await same({ op: "get", key: "" }, "/v1/kv/");
  await same({ op: "get", key: "a", revision: 99 }, "/v1/kv/a?revision=99");
  await same({ op: "range" }, "/v1/kv");
  await same(
    { op: "range", prefix: "a", limit: 1, order: "desc", keysOnly: true },
    "/v1/kv?prefix=a&limit=1&order=desc&keysOnly=true",
  );
  await same({ op: "range", countOnly: true }, "/v1/kv?countOnly=true");
  await same({ op: "range", limit: 0 }, "/v1/kv?limit=0");
  await same({ op: "delete", key: "none" }, "/v1/kv/none?timeout=1s", { method: "DELETE" })
    .catch(() => {});
  await same({ op: "leases" }, "/v1/leases");
  await same({ op: "leaseTimeToLive", lease: "1" }, "/v1/leases/1");
  await same({ op: "leaseKeepAlive", lease: 1 }, "/v1/leases/1/keepalive", { method: "POST" });
  await same({ op: "leaseRevoke", lease: 77 }, "/v1/leases/77", { method: "DELETE" });
  await same({ op: "leaseGrant", ttl: 0 }, "/v1/leases", body({ ttl: 0 }));
  await same({ op: "status" }, "/cluster/status");
  await same({ op: "leader" }, "/cluster/leader");
  await same({ op: "txn", success: [{}] }, "/v1/txn", body({ success: [{}] }));
  await same({ op: "compact", revision: 99 }, "/v1/compact", body({ revision: 99 }));
});

rule(
  "a large answer that cannot be written is a failure of its request",
  async ({ url, port, internalErrors }) => {
    await using client = await connect(url);
    const record = (at: number): KvRecord => ({
      key: `k${at}` as Key,
      encoding: "text",
      createRevision: 2,
      modRevision: 2,
      version: 1,
      get value(): Uint8Array {
        if (at === 3) throw new Error("The record is broken");
        return new Uint8Array(300_000);
      },
    });
    const records = [1, 2, 3].map(record);
    const range = { kind: "range", records, count: 3, more: false, keysOnly: false } as const;
    port.result = { kind: "committed", revision: 2, succeeded: true, results: [range] };
    const { error } = await client.ask({ op: "txn", success: [{ range: { prefix: "" } }] });
    assertEquals(error?.code, "internal");
    assertEquals(internalErrors.map(String), ["Error: The record is broken"]);
    port.result = null;
    resultOf(await client.ask({ op: "put", key: "a", value: "as ever" }));
  },
  { internalErrors: 1 },
);

rule(
  "large answers are written side by side, few at a time, and each comes whole",
  async ({ url }) => {
    await using client = await connect(url);
    const value = "v".repeat(900_000);
    for (const key of ["a", "b"]) resultOf(await client.ask({ op: "put", key, value }));
    // As many as may be asked for in a turn without leaving too much unread, and a short one behind.
    for (const first of [100, 300]) {
      const ids = Array.from({ length: 7 }, (_, at) => first + at);
      const short = { id: first + 50, op: "get", key: "none" };
      client.send(JSON.stringify([...ids.map((id) => ({ id, op: "range" })), short]));
      const seen = new Map<number, number>();
      while (seen.size < ids.length + 1) {
        const answer = await client.next();
        const { items = [] } = answer.result ?? {};
        seen.set(answer.id, items.length);
        for (const item of items) assertEquals(item.value.length, value.length);
      }
      // Those beyond the first four are not kept until there is time, but written at once.
      assertEquals([...seen.keys()].slice(0, 3), ids.slice(4));
      const counts = [...ids.map((id) => [id, 2]), [short.id, 0]];
      assertEquals([...seen].toSorted(([a], [b]) => a - b), counts);
    }
  },
);

rule("writes carry their conditions, and tell what became of them", async ({ url }) => {
  await using client = await connect(url);
  const put = (fields: Record<string, unknown>) =>
    client.ask({ op: "put", key: "a", value: 1, ...fields });
  const { modRevision } = resultOf(await put({ ifNoneMatch: "*", prevKv: true }));
  assertEquals((await put({ ifNoneMatch: "*" })).error.code, "precondition_failed");
  assertEquals((await put({ ifMatch: modRevision + 1 })).error.code, "precondition_failed");
  assertEquals(resultOf(await put({ ifMatch: modRevision })).version, 2);
  const removed = resultOf(await client.ask({ op: "delete", key: "a", prevKv: true }));
  assertEquals([removed.deleted, removed.prevKv.version], [1, 2]);
  const { value } = resultOf(await client.ask({ op: "increment", key: "n", delta: "5" }));
  assertEquals(value, "5");
  const { succeeded } = resultOf(
    await client.ask({
      op: "txn",
      compare: [{ key: "n", target: "value", value: 5 }],
      success: [{ put: { key: "b", value: 1 } }],
    }),
  );
  assertEquals(succeeded, true);
  const { deleted } = resultOf(await client.ask({ op: "deleteRange", prefix: "" }));
  assertEquals(deleted, 2);
  assertEquals((await client.ask({ op: "deleteRange" })).error.code, "invalid_argument");
});

rule("a repetition under the same name is answered, and marked, as the first", async ({ url }) => {
  await using client = await connect(url);
  const { session } = resultOf(await client.ask({ op: "openSession" }));
  for (const idempotencyKey of [`${session}/1`, "any-name"]) {
    const send = () => client.ask({ op: "increment", key: "n", idempotencyKey });
    const first = await send();
    const second = await send();
    assertEquals([first.replayed, second.replayed], [undefined, true]);
    assertEquals(second.result, first.result);
  }
});

rule("values keep every digit, one in a frame or several", async ({ url }) => {
  await using client = await connect(url);
  const values = ["12345678901234567890", '{"b":1,"1":2,"n":[1e400,-0,1.0]}', '"\\ud800"', "null"];
  const puts = values.map((value, at) => `{"id":${at},"op":"put","value":${value},"key":"k${at}"}`);
  client.send(`[ ${puts.slice(0, 3).join(" , ")} ]`);
  client.send(puts[3]);
  for (const _ of values) resultOf(await client.next());
  for (const [at, value] of values.entries()) {
    const text = await (await fetch(`${url}/v1/kv/k${at}`)).text();
    assert(text.includes(`"value":${value},`), text);
  }
  const success = `{"id":9,"op":"txn","success":[{"put":{"key":"t","value":${values[0]}}}]}`;
  client.send(success);
  resultOf(await client.next());
  assert((await (await fetch(`${url}/v1/kv/t`)).text()).includes(values[0]!));
});

rule("requests that come together are answered together, each under its id", async (subject) => {
  await using client = await connect(subject.url);
  const ids = Array.from({ length: 500 }, (_, at) => at);
  const before = client.frames.count;
  client.send(ids.map((id) => ({ id, op: "put", key: `k${id % 10}`, value: id })));
  const answered = new Set<number>();
  for (const _ of ids) {
    const { id, result } = await client.next();
    assertEquals(result.key, `k${id % 10}`);
    answered.add(id);
  }
  assertEquals(answered.size, ids.length);
  assert(client.frames.count - before < ids.length / 2);
});

rule("what is no request is refused by name, and the socket goes on", async ({ url, port }) => {
  await using client = await connect(url);
  const cases: [string, number | null, string][] = [
    ["{", null, "invalid_json"],
    ["", null, "invalid_json"],
    ["1", null, "invalid_body"],
    ["[]", 0, ""],
    ["[[]]", null, "invalid_body"],
    ['{"op":"get","key":"a"}', null, "invalid_body"],
    ['{"id":"1","op":"get","key":"a"}', null, "invalid_body"],
    ['{"id":-1,"op":"get","key":"a"}', null, "invalid_body"],
    ['{"id":1.5,"op":"get","key":"a"}', null, "invalid_body"],
    ['{"id":9007199254740992,"op":"get","key":"a"}', null, "invalid_body"],
    ['{"id":1}', 1, "route_not_found"],
    ['{"id":2,"op":"move"}', 2, "route_not_found"],
    ['{"id":3,"op":"__proto__"}', 3, "route_not_found"],
    ['{"id":4,"op":"get"}', 4, "invalid_key"],
    ['{"id":5,"op":"get","key":1}', 5, "invalid_key"],
    ['{"id":6,"op":"get","key":"a","limit":1}', 6, "invalid_body"],
    ['{"id":7,"op":"get","key":"a","timeout":0}', 7, "invalid_argument"],
    ['{"id":8,"op":"put","key":"a"}', 8, "invalid_body"],
    ['{"id":9,"op":"put","key":"a","value":1,"idempotencyKey":"1/0"}', 9, "invalid_session"],
    ['{"id":10,"op":"put","key":"a","value":1,"lease":1,"ttl":1}', 10, "invalid_argument"],
    ['{"id":11,"op":"cancel"}', 11, "invalid_body"],
    ['{"id":12,"op":"watch","key":"a","prefix":"b"}', 12, "invalid_argument"],
    ["[".repeat(100_000), null, "invalid_body"],
    [
      `{"id":13,"op":"put","key":"a","value":${"[".repeat(150)}${"]".repeat(150)}}`,
      13,
      "invalid_body",
    ],
    [`[${"1,".repeat(1_024)}1]`, null, "invalid_body"],
  ];
  for (const [frame, id, code] of cases) {
    client.send(frame);
    if (code === "") continue;
    const answer = await client.next();
    assertEquals([answer.id, answer.error?.code], [id, code], frame.slice(0, 60));
    assertEquals([answer.error.outcome, answer.error.retryable], ["not_applied", false]);
  }
  assertEquals(port.proposals, []);
  resultOf(await client.ask({ op: "ping" }));
});

rule("what the node fails with comes as the failure table says", async ({ url, port }) => {
  await using client = await connect(url);
  port.failure = new KvFailure("leadership_lost", "Another entry took its place.", "not_applied");
  const { error } = await client.ask({ op: "put", key: "a", value: 1 });
  assertEquals(error, {
    code: "leadership_lost",
    message: "Another entry took its place.",
    retryable: true,
    outcome: "not_applied",
  });
});

rule("of what nobody foresaw the client learns nothing and the operator all", async (subject) => {
  await using client = await connect(subject.url);
  subject.port.failure = new Error("Cannot open /secret/path");
  const { error } = await client.ask({ op: "get", key: "a" });
  assertEquals([error.code, error.message.includes("secret")], ["internal", false]);
  assertEquals(subject.internalErrors, [subject.port.failure]);
}, { internalErrors: 1 });

rule("a node that stops says so to each client", async ({ url, door }) => {
  const client = await connect(url);
  door.close();
  assertEquals((await client.closed).code, 1012);
});
