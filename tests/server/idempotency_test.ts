// An Idempotency-Key on every route that writes.

import { assertEquals } from "@std/assert";
import { type AppUnderTest, appUnderTest, assertFailure } from "./app_under_test.ts";

interface Write {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  /** Another request to the same route. */
  readonly other: { readonly path?: string; readonly body?: string };
}

const WRITES: readonly Write[] = [
  { method: "PUT", path: "/kv/a", body: '{"value":1}', other: { body: '{"value":2}' } },
  { method: "DELETE", path: "/kv/a", other: { path: "/kv/b" } },
  { method: "PUT", path: "/v1/kv/a", body: '{"value":1}', other: { path: "/v1/kv/a?ttl=9" } },
  { method: "DELETE", path: "/v1/kv/a", other: { path: "/v1/kv/a?prevKv=true" } },
  {
    method: "PUT",
    path: "/v1/key?key=a",
    body: '{"value":1}',
    other: { path: "/v1/key?key=a&ttl=9" },
  },
  { method: "DELETE", path: "/v1/key?key=a", other: { path: "/v1/key?key=.." } },
  { method: "DELETE", path: "/v1/kv?prefix=a", other: { path: "/v1/kv?prefix=b" } },
  {
    method: "POST",
    path: "/v1/txn",
    body: '{"success":[{"increment":{"key":"a2"}}]}',
    other: { body: '{"failure":[{"increment":{"key":"a2"}}]}' },
  },
  {
    method: "POST",
    path: "/v1/increment",
    body: '{"key":"n"}',
    other: { body: '{"key":"n","delta":2}' },
  },
  { method: "POST", path: "/v1/leases", body: '{"ttl":60}', other: { body: '{"ttl":61}' } },
  { method: "POST", path: "/v1/leases/1/keepalive", other: { path: "/v1/leases/2/keepalive" } },
  { method: "DELETE", path: "/v1/leases/1", other: { path: "/v1/leases/2" } },
  {
    method: "POST",
    path: "/v1/compact",
    body: '{"revision":2}',
    other: { body: '{"revision":3}' },
  },
];

async function appWithData(): Promise<AppUnderTest> {
  const app = appUnderTest();
  for (const key of ["a", "b", "n"]) await app.put(`/v1/kv/${key}`, '{"value":1}');
  await app.request("/v1/leases", { method: "POST", body: '{"ttl":60}' });
  return app;
}

function send(
  { request }: AppUnderTest,
  { method, path, body }: Pick<Write, "method" | "path" | "body">,
  key: string,
): Promise<Response> {
  return request(path, { method, body: body ?? null, headers: { "idempotency-key": key } });
}

const DOCUMENT = Deno.readTextFileSync(new URL("../../docs/HTTP.md", import.meta.url));

Deno.test("the routes that are documented to take an Idempotency-Key are those tested here", () => {
  const documented = [...DOCUMENT.matchAll(/^\| `(PUT|POST|DELETE) (\S+)` .*`Idempotency-Key`/gm)]
    .map(([, method, path]) => `${method} ${path}`);
  const tested = WRITES.map(({ method, path }) => {
    const route = path.replace(/\?.*/, "").replace(/kv\/a$/, "kv/:key").replace("/1", "/:id");
    return `${method} ${route}`;
  });
  assertEquals(tested.sort(), documented.sort());
});

for (const write of WRITES) {
  const { method, path, other } = write;
  Deno.test(`${method} ${path} under an Idempotency-Key happens once`, async () => {
    const app = await appWithData();
    const first = await send(app, write, "8e03978e-40d5-43dd");
    assertEquals([first.status, first.headers.get("idempotent-replayed")], [200, null]);
    await app.put("/v1/kv/between", '{"value":1}');
    const { revision } = app.port.status();
    const again = await send(app, write, "8e03978e-40d5-43dd");
    assertEquals([again.status, again.headers.get("idempotent-replayed")], [200, "true"]);
    assertEquals(await again.text(), await first.text());
    assertEquals(again.headers.get("raftkv-revision"), first.headers.get("raftkv-revision"));
    assertEquals(again.headers.get("etag"), first.headers.get("etag"));
    const differs = await send(app, { ...write, ...other }, "8e03978e-40d5-43dd");
    await assertFailure(differs, 422, "idempotency_key_reused");
    assertEquals(app.port.status().revision, revision);
    assertEquals((await send(app, write, '"another"')).headers.get("idempotent-replayed"), null);
  });
}

Deno.test("how a request is written and how long it may take are no part of it", async () => {
  const app = await appWithData();
  const write = { method: "PUT", path: "/v1/kv/a", body: '{"value":{"b":1}}' };
  await send(app, write, "key");
  const again = { ...write, path: "/v1/kv/%61?timeout=2s", body: ' { "value": { "b" : 1 } } ' };
  assertEquals((await send(app, again, "key")).headers.get("idempotent-replayed"), "true");
});

Deno.test("a condition that did not hold is the answer of every repetition, too", async () => {
  const app = await appWithData();
  const send = () =>
    app.request("/v1/kv/a", {
      method: "PUT",
      body: '{"value":2}',
      headers: { "if-none-match": "*", "idempotency-key": "key" },
    });
  const first = await send();
  assertEquals(first.headers.get("idempotent-replayed"), null);
  const { error } = await assertFailure(first, 412, "precondition_failed");
  await app.request("/v1/kv/a", { method: "DELETE" });
  const again = await send();
  assertEquals(again.headers.get("idempotent-replayed"), "true");
  assertEquals(await assertFailure(again, 412, "precondition_failed"), { error });
});
