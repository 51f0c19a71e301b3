import { assertEquals } from "@std/assert";
import { appUnderTest, assertFailure } from "./app_under_test.ts";

const KEYS = [".", "..", "a/../b", "./", "/", "a b", "\0", "é", "🦕", "?#%", "+"];

Deno.test("every key can be named in the query, also those that no path can carry", async () => {
  const { request } = appUnderTest();
  for (const key of KEYS) {
    const path = `/v1/key?key=${encodeURIComponent(key)}`;
    const put = await request(path, { method: "PUT", body: '{"value":1}' });
    assertEquals([put.status, (await put.json()).key], [200, key]);
    const got = await request(path);
    assertEquals([got.status, (await got.json()).key], [200, key]);
    const etag = got.headers.get("etag")!;
    const held = await request(path, { headers: { "if-none-match": etag } });
    assertEquals(held.status, 304);
    const raw = await request(path, { headers: { accept: "application/octet-stream" } });
    assertEquals(await raw.text(), "1");
    const init = { method: "DELETE", headers: { "if-match": etag } };
    assertEquals((await (await request(path, init)).json()).deleted, 1);
  }
});

Deno.test("the same keys are named in the query and in the path", async () => {
  const { request } = appUnderTest();
  await request("/v1/kv/a/b", { method: "PUT", body: '{"value":1}' });
  assertEquals((await (await request("/v1/key?key=a%2Fb")).json()).value, 1);
});

Deno.test("a key in the query keeps the rules of keys", async () => {
  const { request, port } = appUnderTest();
  const bad: [string, string][] = [
    ["key=", "invalid_key"],
    [`key=${"k".repeat(2_049)}`, "invalid_key"],
    [`key=${"k".repeat(2_048_000)}`, "invalid_key"],
    ["key=%ff", "invalid_argument"],
    ["key=a&key=b", "invalid_argument"],
    ["", "invalid_key"],
    ["name=a", "invalid_argument"],
  ];
  for (const [query, code] of bad) {
    for (const init of [{}, { method: "PUT", body: '{"value":1}' }, { method: "DELETE" }]) {
      await assertFailure(await request(`/v1/key?${query}`, init), 400, code);
    }
  }
  assertEquals([port.proposals, port.reads], [[], []]);
});
