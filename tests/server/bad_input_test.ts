import { assertEquals } from "@std/assert";
import { LIMITS } from "@raftkv/core";
import { appUnderTest, assertFailure } from "./app_under_test.ts";

interface BadRequest {
  readonly path: string;
  readonly init?: RequestInit;
  readonly status: number;
  readonly code: string;
}

const VALUE = '{"value":1}';

function bad(path: string, code: string, init: RequestInit = {}): BadRequest {
  return { path, init, status: 400, code };
}

/** All methods of a key. */
function badKey(path: string): BadRequest[] {
  return [
    bad(path, "invalid_key"),
    bad(path, "invalid_key", { method: "PUT", body: VALUE }),
    bad(path, "invalid_key", { method: "DELETE" }),
  ];
}

function badBody(body: BodyInit | null, code: string): BadRequest {
  return bad("/kv/k", code, { method: "PUT", body });
}

function badName(key: string, code: string): BadRequest {
  const headers = { "idempotency-key": key };
  return bad("/kv/k", code, { method: "PUT", body: VALUE, headers });
}

const KEYS = [
  "/kv/",
  `/kv/${"k".repeat(LIMITS.keyBytesMax + 1)}`,
  `/kv/${"k".repeat(LIMITS.keyBytesMax * 1_000)}`,
  `/kv/${"%C3%A9".repeat(LIMITS.keyBytesMax / 2)}k`,
  "/kv/%",
  "/kv/%4",
  "/kv/%zz",
  "/kv/%ff",
  "/kv/%C3",
  "/kv/%C0%80",
  "/kv/%ED%A0%80",
  "/kv/%F4%90%80%80",
];

const QUERIES = [
  "timeout=",
  "timeout=0",
  "timeout=0.9ms",
  "timeout=60001",
  "timeout=60000000",
  "timeout=61s",
  "timeout=-1",
  "timeout=1m",
  "timeout=1e3",
  "timeout=NaN",
  "timeout=5s&timeout=5s",
  "timeout=%ff",
  "Timeout=5s",
  "retries=3",
  "__proto__=1",
  "%ff",
  "=",
];

const READ_QUERIES = ["consistency=", "consistency=Stale", "consistency=leases", "revision=3"];

const LIST_QUERIES = [
  "limit=0",
  "limit=-1",
  "limit=1.5",
  "limit=1001",
  "limit=1000000",
  "limit=9007199254740993",
  "limit=ten",
  "limit=",
  "prefix=%ff",
  `prefix=${"p".repeat(LIMITS.keyBytesMax + 1)}`,
];

const BODIES: readonly [body: BodyInit | null, code: string][] = [
  [null, "invalid_json"],
  ["", "invalid_json"],
  ["RaftKV", "invalid_json"],
  ["{'value':1}", "invalid_json"],
  ['{"value":1', "invalid_json"],
  ['{"value":1}}', "invalid_json"],
  ['{"value":01}', "invalid_json"],
  ['{"value":NaN}', "invalid_json"],
  ['{"value":"\n"}', "invalid_json"],
  ['{"value":1,}', "invalid_json"],
  ['{"value":"unclosed', "invalid_json"],
  ["value=RaftKV", "invalid_json"],
  [new Uint8Array([...new TextEncoder().encode('{"value":"'), 0xff, 0x22, 0x7d]), "invalid_json"],
  ["1", "invalid_body"],
  ['"value"', "invalid_body"],
  ["null", "invalid_body"],
  ['[{"value":1}]', "invalid_body"],
  ["{}", "invalid_body"],
  ['{"Value":1}', "invalid_body"],
  ['{"value":1,"ttl":5}', "invalid_body"],
  ['{"value":1,"__proto__":{}}', "invalid_body"],
  ['{"__proto__":{"value":1}}', "invalid_body"],
  ["[".repeat(LIMITS.requestBytesMax), "invalid_body"],
];

const SESSIONS = [
  "1/",
  "/1",
  "0/1",
  "1/0",
  "01/1",
  "1/01",
  "-1/1",
  "1/1/1",
  "1/1.5",
  "1/a",
  "1/9007199254740992",
  "9007199254740992/1",
  "1/1, 1/2",
  "1".repeat(1_000) + "/1",
];

const NAMES = ["", "a b", "é", "k".repeat(256), "k".repeat(255_000)];

const NOT_FOUND = ["/", "/kvs", "/sessions/1", "/cluster", "/cluster/", "/health/", "/KV/k"];

const TABLE: readonly BadRequest[] = [
  ...KEYS.flatMap(badKey),
  ...[...QUERIES, "prefix=a", "limit=1", "consistency=stale"].flatMap((query) => [
    bad(`/kv/k?${query}`, "invalid_argument", { method: "PUT", body: VALUE }),
    bad(`/kv/k?${query}`, "invalid_argument", { method: "DELETE" }),
    bad(`/sessions?${query}`, "invalid_argument", { method: "POST" }),
  ]),
  ...[...QUERIES, ...READ_QUERIES].map((query) => bad(`/kv/k?${query}`, "invalid_argument")),
  ...[...QUERIES, ...READ_QUERIES, ...LIST_QUERIES].map((query) =>
    bad(`/kv?${query}`, "invalid_argument")
  ),
  ...QUERIES.map((query) => bad(`/cluster/status?${query}`, "invalid_argument")),
  bad("/cluster/leader?timeout=1s", "invalid_argument"),
  bad("/health?verbose", "invalid_argument"),
  ...BODIES.map(([body, code]) => badBody(body, code)),
  ...SESSIONS.map((key) => badName(key, "invalid_session")),
  ...NAMES.map((key) => badName(key, "invalid_argument")),
  ...NOT_FOUND.map((path) => ({ path, status: 404, code: "route_not_found" })),
];

Deno.test("bad input of any kind gets its code and changes nothing", async () => {
  const { port, request, internalErrors } = appUnderTest();
  for (const { path, init, status, code } of TABLE) {
    const { error } = await assertFailure(await request(path, init), status, code);
    assertEquals([error.retryable, error.outcome], [false, "not_applied"]);
  }
  assertEquals(port.proposals, []);
  assertEquals(port.reads, []);
  assertEquals(internalErrors, []);
});

Deno.test("keys up to the limit are served, counted in bytes", async () => {
  const { put } = appUnderTest();
  const max = LIMITS.keyBytesMax;
  for (const key of ["k", "k".repeat(max), "%C3%A9".repeat(max / 2), "%00".repeat(max)]) {
    assertEquals((await put(`/kv/${key}`, VALUE)).status, 200);
  }
});

Deno.test("a body is as large as the limit and no larger, whatever its header claims", async () => {
  const { port, request } = appUnderTest();
  const max = LIMITS.requestBytesMax;
  const bodyOf = (size: number) => VALUE + " ".repeat(size - VALUE.length);
  const streamOf = (size: number) => new Blob([bodyOf(size)]).stream();
  const claims = [undefined, "10", `${max}`, "", "x"];
  for (const claim of claims) {
    const headers: HeadersInit = claim === undefined ? {} : { "content-length": claim };
    const put = (body: BodyInit) => request("/kv/k", { method: "PUT", body, headers });
    assertEquals((await put(bodyOf(max))).status, 200, claim);
    assertEquals((await put(streamOf(max))).status, 200, claim);
    await assertFailure(await put(bodyOf(max + 1)), 413, "body_too_large");
    await assertFailure(await put(streamOf(max + 1)), 413, "body_too_large");
  }
  assertEquals(port.proposals.length, 2 * claims.length);
});

Deno.test("a stream without an end is left as soon as it passes the limit", async () => {
  const { request, port } = appUnderTest();
  let pulled = 0;
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      pulled += 65_536;
      controller.enqueue(new Uint8Array(65_536));
    },
    cancel: () => {
      isCancelled = true;
    },
  });
  await assertFailure(await request("/kv/k", { method: "PUT", body }), 413, "body_too_large");
  assertEquals([isCancelled, pulled < LIMITS.requestBytesMax + 4 * 65_536], [true, true]);
  assertEquals(port.proposals, []);
});

Deno.test("a body that breaks off proposes nothing and is nobody's internal error", async () => {
  const { request, port, internalErrors } = appUnderTest();
  for (const headers of [{}, { "content-length": "100" }]) {
    const body = new ReadableStream({
      start: (controller) => {
        controller.enqueue(new TextEncoder().encode(VALUE));
        controller.error(new Error("Connection reset"));
      },
    });
    const answer = await request("/kv/k", { method: "PUT", body, headers });
    await assertFailure(answer, 400, "invalid_body");
  }
  assertEquals([port.proposals.length, internalErrors.length], [0, 0]);
});
