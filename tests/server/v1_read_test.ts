import { assert, assertEquals } from "@std/assert";
import type { ListAnswer } from "@raftkv/core/api";
import { type AppUnderTest, appUnderTest, assertFailure } from "./app_under_test.ts";

const NDJSON = { headers: { accept: "application/x-ndjson" } };
const RAW = { headers: { accept: "application/octet-stream" } };

async function withKeys(keys: readonly string[]): Promise<AppUnderTest> {
  const app = appUnderTest();
  for (const key of keys) await app.put(`/kv/${encodeURIComponent(key)}`, `{"value":"of ${key}"}`);
  return app;
}

async function jsonOf({ request }: AppUnderTest, path: string) {
  const answer = await request(path);
  assertEquals(answer.status, 200, path);
  return await answer.json();
}

async function compact({ request }: AppUnderTest, revision: unknown): Promise<Response> {
  return await request("/v1/compact", { method: "POST", body: JSON.stringify({ revision }) });
}

const keysOf = (answer: ListAnswer) => answer.items.map(({ key }) => key);

Deno.test("a key is read as of any revision that is kept", async () => {
  const app = appUnderTest();
  for (const value of [1, 2, 3]) await app.put("/kv/a", JSON.stringify({ value }));
  await app.request("/kv/a", { method: "DELETE" });
  for (const revision of [2, 3, 4]) {
    assertEquals(await jsonOf(app, `/v1/kv/a?revision=${revision}`), {
      key: "a",
      value: revision - 1,
      createRevision: 2,
      modRevision: revision,
      version: revision - 1,
      revision,
    });
  }
  for (const query of ["?revision=1", "?revision=5", ""]) {
    await assertFailure(await app.request(`/v1/kv/a${query}`), 404, "key_not_found");
  }
});

Deno.test("a compacted revision is gone, with the first that is not, and a future one is told apart", async () => {
  const app = await withKeys(["a", "b", "c"]);
  const compacted = await (await compact(app, 3)).json();
  assertEquals(compacted, { compactRevision: 3, revision: 4 });
  for (
    const path of ["/v1/kv/a?revision=2", "/v1/kv?revision=2", "/v1/kv?revision=1&countOnly=true"]
  ) {
    const { error } = await assertFailure(await app.request(path), 410, "compacted", [
      "compactRevision",
    ]);
    assertEquals([error.compactRevision, error.retryable], [3, false]);
  }
  for (const path of ["/v1/kv/a?revision=5", "/v1/kv?revision=9007199254740991"]) {
    await assertFailure(await app.request(path), 400, "future_revision");
  }
  assertEquals(keysOf(await jsonOf(app, "/v1/kv?revision=3")), ["a", "b"]);
});

Deno.test("compaction by hand is refused for what is gone, what is to come, and what is no revision", async () => {
  const app = await withKeys(["a", "b"]);
  await assertFailure(await compact(app, 4), 400, "future_revision");
  assertEquals((await compact(app, "2")).status, 200);
  const again = await assertFailure(await compact(app, 2), 410, "compacted", ["compactRevision"]);
  assertEquals(again.error.compactRevision, 2);
  for (const revision of [0, -1, 1.5, "x", null, 2 ** 53, "9007199254740993", [3], true]) {
    await assertFailure(await compact(app, revision), 400, "invalid_body");
  }
  for (const body of ["[]", "3", "{}", '{"revision":3,"physical":true}']) {
    const answer = await app.request("/v1/compact", { method: "POST", body });
    await assertFailure(answer, 400, "invalid_body");
  }
  const broken = await app.request("/v1/compact", { method: "POST", body: "{" });
  await assertFailure(broken, 400, "invalid_json");
});

Deno.test("a range is a prefix or goes from start to before end, in either order", async () => {
  const app = await withKeys(["a", "a/1", "a/2", "b", "é"]);
  const cases: [string, string[]][] = [
    ["", ["a", "a/1", "a/2", "b", "é"]],
    ["order=desc", ["é", "b", "a/2", "a/1", "a"]],
    ["prefix=a/&order=asc", ["a/1", "a/2"]],
    ["prefix=a/&order=desc", ["a/2", "a/1"]],
    ["start=a/1&end=b", ["a/1", "a/2"]],
    ["start=a/2", ["a/2", "b", "é"]],
    ["end=a/2&order=desc", ["a/1", "a"]],
    ["start=b&end=a", []],
    ["start=b&end=a&order=desc", []],
    ["start=%C3%A9", ["é"]],
  ];
  for (const [query, keys] of cases) {
    assertEquals(keysOf(await jsonOf(app, `/v1/kv?${query}`)), keys, query);
    const { count } = await jsonOf(app, `/v1/kv?${query}&countOnly=true`);
    assertEquals(count, keys.length, query);
  }
});

Deno.test("pages are of one revision, whatever is written or compacted short of it meanwhile", async () => {
  const keys = Array.from({ length: 9 }, (_, i) => `k${i}`);
  for (const order of ["asc", "desc"]) {
    const app = await withKeys(keys);
    const seen: ListAnswer["items"][number][] = [];
    let path = `/v1/kv?prefix=k&order=${order}&limit=2`;
    for (let cursor: string | null = ""; cursor !== null;) {
      const answer: ListAnswer = await jsonOf(
        app,
        path + (cursor === "" ? "" : `&cursor=${cursor}`),
      );
      assertEquals(answer.revision, 10);
      seen.push(...answer.items);
      cursor = answer.cursor;
      await app.put(`/kv/k${seen.length}`, '{"value":"later"}');
      await app.put(`/kv/k${seen.length}x`, '{"value":"later"}');
      await app.request(`/kv/k${seen.length + 1}`, { method: "DELETE" });
      await compact(app, 10);
    }
    assertEquals(seen.map(({ key }) => key), order === "asc" ? keys : keys.toReversed());
    for (const { key, value } of seen) assertEquals(value, `of ${key}`);
    path = `/v1/kv?prefix=k&order=${order}&limit=2`;
    const first: ListAnswer = await jsonOf(app, path);
    await compact(app, first.revision);
    await app.put("/kv/k0", '{"value":"again"}');
    await compact(app, first.revision + 1);
    const gone = await app.request(`${path}&cursor=${first.cursor}`);
    await assertFailure(gone, 410, "compacted", ["compactRevision"]);
  }
});

Deno.test("a cursor serves the list it came from alone", async () => {
  const app = await withKeys(["ab1", "ab2", "ab3"]);
  const { cursor } = await jsonOf(app, "/v1/kv?prefix=ab&limit=1");
  const others = ["", "prefix=a", "prefix=ab&order=desc", "start=ab", "prefix=ab&revision=2"];
  for (const query of others) {
    const answer = await app.request(`/v1/kv?${query}&cursor=${cursor}`);
    await assertFailure(answer, 400, "invalid_cursor");
  }
  const bytes = Uint8Array.fromBase64(cursor, { alphabet: "base64url" });
  for (let i = 0; i < bytes.length - 1; i++) {
    const damaged = bytes.with(i, bytes[i]! ^ 0x80);
    const text = damaged.toBase64({ alphabet: "base64url", omitPadding: true });
    const answer = await app.request(`/v1/kv?prefix=ab&cursor=${text}`);
    assert([400, 410].includes(answer.status), `byte ${i}`);
    await answer.body?.cancel();
  }
  for (const bad of ["", "x", "AQ", `${cursor}=`, `${cursor}AA`, "a".repeat(10_000)]) {
    const answer = await app.request(`/v1/kv?prefix=ab&cursor=${bad}`);
    await assertFailure(answer, 400, "invalid_cursor");
  }
});

Deno.test("keys only: items have no value", async () => {
  const app = await withKeys(["a"]);
  const { items } = await jsonOf(app, "/v1/kv?keysOnly=true");
  assertEquals(items, [{ key: "a", createRevision: 2, modRevision: 2, version: 1 }]);
});

Deno.test("a range of the past is counted as it was", async () => {
  const app = await withKeys(Array.from({ length: 1_200 }, (_, i) => `k${i}`));
  const { count } = await jsonOf(app, "/v1/kv?revision=1001&countOnly=true");
  assertEquals(count, 1_000);
});

Deno.test("a big range streams as lines, whole and of one revision", async () => {
  const app = await withKeys(Array.from({ length: 1_500 }, (_, i) => `k${i}`));
  const answer = await app.request("/v1/kv?prefix=k", NDJSON);
  assertEquals(answer.headers.get("content-type"), "application/x-ndjson");
  // Written while the stream waits: it shows none of it.
  for (let i = 0; i < 10; i++) await app.put(`/kv/k${i}`, '{"value":"later"}');
  const lines = (await answer.text()).trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines.pop(), { count: 1_500, more: false, revision: 1_501 });
  assertEquals(new Set(lines.map(({ key }) => key)).size, 1_500);
  for (const { key, value } of lines) assertEquals(value, `of ${key}`);
});

Deno.test("a stream keeps to its limit, order, revision and range", async () => {
  const app = await withKeys(["a", "b", "c", "d"]);
  const lines = async (query: string) =>
    (await (await app.request(`/v1/kv?${query}`, NDJSON)).text()).trimEnd().split("\n")
      .map((line) => JSON.parse(line));
  const end = (count: number, more: boolean, revision = 5) => ({ count, more, revision });
  const keys = (of: { key?: string }[]) => of.map(({ key }) => key);
  const two = await lines("order=desc&limit=2&keysOnly=true");
  assertEquals([keys(two.slice(0, -1)), two.at(-1)], [["d", "c"], end(2, true)]);
  assertEquals(two[0], { key: "d", createRevision: 5, modRevision: 5, version: 1 });
  const past = await lines("revision=3");
  assertEquals([keys(past.slice(0, -1)), past.at(-1)], [["a", "b"], end(2, false, 3)]);
  assertEquals(await lines("prefix=x"), [end(0, false)]);
});

Deno.test("a value is given as its bytes to whoever asks for bytes", async () => {
  const app = appUnderTest();
  await app.put("/kv/a", '{"value":{"n":1.50}}');
  const answer = await app.request("/v1/kv/a", RAW);
  assertEquals(answer.headers.get("content-type"), "application/octet-stream");
  assertEquals(answer.headers.get("raftkv-mod-revision"), "2");
  assertEquals(answer.headers.get("raftkv-create-revision"), "2");
  assertEquals(answer.headers.get("raftkv-version"), "1");
  assertEquals(await answer.text(), '{"n":1.50}');
});

Deno.test("the entity tag of a key is its last revision, and a client that holds it is sent nothing", async () => {
  const app = await withKeys(["a"]);
  const { headers } = await app.request("/v1/kv/a");
  assertEquals(headers.get("etag"), '"2"');
  const ask = (tag: string) => app.request("/v1/kv/a", { headers: { "if-none-match": tag } });
  for (const tag of ['"2"', 'W/"2"', '"1", "2"']) {
    const answer = await ask(tag);
    assertEquals([answer.status, answer.headers.get("etag"), await answer.text()], [
      304,
      '"2"',
      "",
    ]);
  }
  for (const tag of ['"3"', "2", '"22"']) assertEquals((await ask(tag)).status, 200);
});

Deno.test("what is asked for badly is refused by name", async () => {
  const app = await withKeys(["a"]);
  const lists = [
    "prefix=a&start=a",
    "prefix=a&end=b",
    "order=down",
    "order=",
    "keysOnly=1",
    "countOnly=",
    "revision=0",
    "revision=-1",
    "revision=1.5",
    "revision=9007199254740992",
    "revision=9223372036854775808",
    "limit=0",
    "limit=1001",
    "sort=key",
    `start=${"k".repeat(2_049)}`,
    "end=%ff",
  ];
  for (const query of lists) {
    await assertFailure(await app.request(`/v1/kv?${query}`), 400, "invalid_argument");
  }
  for (const query of ["revision=x", "prefix=a", "keysOnly=true"]) {
    await assertFailure(await app.request(`/v1/kv/a?${query}`), 400, "invalid_argument");
  }
  for (const path of ["/v1/kv/", "/v1/kv/%ff", `/v1/kv/${"k".repeat(2_049)}`]) {
    await assertFailure(await app.request(path), 400, "invalid_key");
  }
  assertEquals(app.port.proposals.length, 1);
});
