import { assertEquals } from "@std/assert";
import type { ListAnswer } from "@raftkv/core/api";
import { type AppUnderTest, appUnderTest, assertFailure } from "./app_under_test.ts";

async function withKeys(keys: readonly string[]): Promise<AppUnderTest> {
  const app = appUnderTest();
  for (const key of keys) await app.put(`/kv/${encodeURIComponent(key)}`, `{"value":"of ${key}"}`);
  return app;
}

async function page({ request }: AppUnderTest, query: string): Promise<ListAnswer> {
  return await (await request(`/kv?${query}`)).json();
}

const keysOf = (answer: ListAnswer) => answer.items.map(({ key }) => key);

Deno.test("a list has its items in the order of their bytes, with values and revisions", async () => {
  const app = await withKeys(["b", "é", "a", "B"]);
  const answer = await page(app, "");
  assertEquals(keysOf(answer), ["B", "a", "b", "é"]);
  assertEquals(answer.items[1], {
    key: "a",
    value: "of a",
    createRevision: 4,
    modRevision: 4,
    version: 1,
  });
  assertEquals([answer.cursor, answer.revision], [null, 5]);
});

Deno.test("an empty list is a list", async () => {
  assertEquals(await page(appUnderTest(), ""), { items: [], cursor: null, revision: 1 });
});

Deno.test("a prefix is bytes, not a path", async () => {
  const app = await withKeys(["app", "app/a", "app/b", "apq", "é/1", "a b"]);
  assertEquals(keysOf(await page(app, "prefix=app")), ["app", "app/a", "app/b"]);
  assertEquals(keysOf(await page(app, "prefix=app/")), ["app/a", "app/b"]);
  assertEquals(keysOf(await page(app, "prefix=%C3%A9")), ["é/1"]);
  assertEquals(keysOf(await page(app, "prefix=a+b")), ["a b"]);
  assertEquals(keysOf(await page(app, "prefix=none")), []);
});

Deno.test("pages of any size join to the whole list, each key once", async () => {
  const keys = Array.from({ length: 23 }, (_, i) => `k/${String(i).padStart(2, "0")}`);
  const app = await withKeys(["a", ...keys, "z"]);
  for (const limit of [1, 2, 7, 22, 23, 24]) {
    const seen: string[] = [];
    let query = `prefix=k/&limit=${limit}`;
    for (let pages = 0; pages <= keys.length; pages++) {
      const answer = await page(app, query);
      seen.push(...keysOf(answer));
      if (answer.cursor === null) break;
      query = `prefix=k/&limit=${limit}&cursor=${answer.cursor}`;
    }
    assertEquals(seen, keys, `limit ${limit}`);
  }
});

Deno.test("a list shows 100 items if not told otherwise, and 1,000 at the most", async () => {
  const app = await withKeys(Array.from({ length: 1_005 }, (_, i) => `k${i}`));
  assertEquals((await page(app, "")).items.length, 100);
  assertEquals((await page(app, "limit=1000")).items.length, 1_000);
  await assertFailure(await app.request("/kv?limit=1001"), 400, "invalid_argument");
});

Deno.test("a page ends early once it holds one MiB", async () => {
  const app = appUnderTest();
  const value = JSON.stringify({ value: "x".repeat(250_000) });
  for (let i = 0; i < 7; i++) await app.put(`/kv/k${i}`, value);
  const first = await page(app, "");
  assertEquals(first.items.length, 5);
  const second = await page(app, `cursor=${first.cursor}`);
  assertEquals(keysOf(second), ["k5", "k6"]);
});

Deno.test("a cursor goes on after its key even if that key is gone", async () => {
  const app = await withKeys(["a", "b", "c"]);
  const { cursor } = await page(app, "limit=2");
  await app.request("/kv/b", { method: "DELETE" });
  assertEquals(keysOf(await page(app, `cursor=${cursor}`)), ["c"]);
});

Deno.test("a cursor serves its own prefix alone", async () => {
  const app = await withKeys(["ab1", "ab2", "ab3"]);
  const { cursor } = await page(app, "prefix=ab&limit=1");
  for (const prefix of ["", "a", "ab1", "b"]) {
    const answer = await app.request(`/kv?prefix=${prefix}&cursor=${cursor}`);
    await assertFailure(answer, 400, "invalid_cursor");
  }
});

Deno.test("a cursor that this API did not make is refused", async () => {
  const app = await withKeys(["a", "b"]);
  const { cursor } = await page(app, "limit=1");
  const bytes = Uint8Array.fromBase64(cursor!, { alphabet: "base64url" });
  const otherVersion = bytes.with(0, 2).toBase64({ alphabet: "base64url", omitPadding: true });
  const cursors = ["", "x", "AQ", "AQAA", `${cursor}=`, "AQAAYR", "%2B%2F", "a".repeat(10_000)];
  for (const bad of [...cursors, otherVersion]) {
    await assertFailure(await app.request(`/kv?cursor=${bad}`), 400, "invalid_cursor");
  }
  assertEquals(app.port.reads.length, 1);
});
