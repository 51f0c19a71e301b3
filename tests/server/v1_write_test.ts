import { assertEquals } from "@std/assert";
import { type AppUnderTest, appUnderTest, assertFailure } from "./app_under_test.ts";

async function post({ request }: AppUnderTest, path: string, body: unknown): Promise<Response> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return await request(path, { method: "POST", body: text });
}

async function txn(app: AppUnderTest, body: unknown) {
  const answer = await post(app, "/v1/txn", body);
  assertEquals(answer.status, 200, await answer.clone().text());
  return await answer.json();
}

function write(app: AppUnderTest, path: string, init: RequestInit): Promise<Response> {
  return app.request(path, { method: "PUT", body: '{"value":1}', ...init });
}

Deno.test("a put answers where the key stands, its entity tag, and what was there if asked", async () => {
  const app = appUnderTest();
  const first = await write(app, "/v1/kv/a?prevKv=true", {});
  assertEquals([first.status, first.headers.get("etag")], [200, '"2"']);
  const written = { key: "a", createRevision: 2, modRevision: 2, version: 1, revision: 2 };
  assertEquals(await first.json(), { ...written, prevKv: null });
  const second = await write(app, "/v1/kv/a?prevKv=true", { body: '{"value":"x"}' });
  const { prevKv } = await second.json();
  assertEquals(prevKv, { key: "a", value: 1, createRevision: 2, modRevision: 2, version: 1 });
});

Deno.test("a header that is refused is called what it is called over HTTP", async () => {
  const app = appUnderTest();
  const refused = await write(app, "/v1/kv/a", { headers: { "if-match": "12" } });
  const { error } = await assertFailure(refused, 400, "invalid_argument");
  assertEquals(error.message, "The header If-Match is * or one revision in quotes.");
});

Deno.test("bytes come back as they were sent, whatever they are", async () => {
  const app = appUnderTest();
  const body = Uint8Array.from({ length: 256 }, (_, i) => i);
  const headers = { "content-type": "application/octet-stream" };
  assertEquals((await write(app, "/v1/kv/a", { body, headers })).status, 200);
  const raw = await app.request("/v1/kv/a", { headers: { accept: "application/octet-stream" } });
  assertEquals(new Uint8Array(await raw.arrayBuffer()), body);
  const { value, encoding } = await (await app.request("/v1/kv/a")).json();
  assertEquals([value, encoding], [body.toBase64(), "base64"]);
  const empty = await write(app, "/v1/kv/e", { body: new Uint8Array(), headers });
  assertEquals(empty.status, 200);
  const tooLarge = await write(app, "/v1/kv/b", { body: new Uint8Array(1_048_577), headers });
  await assertFailure(tooLarge, 413, "value_too_large");
});

Deno.test("a write with a condition takes effect only if the condition holds", async () => {
  const app = appUnderTest();
  const put = async (headers: HeadersInit) => (await write(app, "/v1/kv/a", { headers })).status;
  assertEquals(await put({ "if-match": "*" }), 412);
  assertEquals(await put({ "if-match": '"1"' }), 412);
  assertEquals(await put({ "if-none-match": "*" }), 200);
  assertEquals(await put({ "if-none-match": "*" }), 412);
  const { modRevision } = await (await app.request("/v1/kv/a")).json();
  assertEquals(await put({ "if-match": `"${modRevision - 1}"` }), 412);
  assertEquals(await put({ "if-none-match": `"${modRevision}"` }), 412);
  assertEquals(await put({ "if-match": "*", "if-none-match": `"${modRevision}"` }), 412);
  assertEquals(await put({ "if-match": `"${modRevision}"` }), 200);
  assertEquals(await put({ "if-match": `"${modRevision}"` }), 412);
  const { version, modRevision: last } = await (await app.request("/v1/kv/a")).json();
  assertEquals(version, 2);
  const remove = (tag: string) =>
    app.request("/v1/kv/a", { method: "DELETE", headers: { "if-match": tag } });
  const refused = await remove(`"${modRevision}"`);
  const { error } = await assertFailure(refused, 412, "precondition_failed");
  assertEquals([error.outcome, error.retryable], ["not_applied", false]);
  assertEquals((await remove(`"${last}"`)).status, 200);
});

Deno.test("a condition that is none is refused", async () => {
  const app = appUnderTest();
  for (const tag of ["", "2", 'W/"2"', '"a"', '"1", "2"', '"-1"', '"9007199254740993"', '"']) {
    for (const name of ["if-match", "if-none-match"]) {
      const answer = await write(app, "/v1/kv/a", { headers: { [name]: tag } });
      await assertFailure(answer, 400, "invalid_argument");
    }
  }
  assertEquals(app.port.proposals, []);
});

Deno.test("one client alone gets the value that is taken out", async () => {
  const app = appUnderTest();
  await write(app, "/v1/kv/job", { body: '{"value":"work"}' });
  const take = async () =>
    await (await app.request("/v1/kv/job?prevKv=true", { method: "DELETE" })).json();
  const { deleted, prevKv } = await take();
  assertEquals([deleted, prevKv.value], [1, "work"]);
  const second = await take();
  assertEquals([second.deleted, second.prevKv], [0, null]);
});

Deno.test("a prefix or range is deleted at one revision, never everything by accident", async () => {
  const app = appUnderTest();
  for (const key of ["a", "b/1", "b/2", "c", "d"]) await write(app, `/v1/kv/${key}`, {});
  const remove = (query: string) => app.request(`/v1/kv?${query}`, { method: "DELETE" });
  assertEquals(await (await remove("prefix=b/&prevKv=true")).json(), {
    deleted: 2,
    prevKvs: [
      { key: "b/1", value: 1, createRevision: 3, modRevision: 3, version: 1 },
      { key: "b/2", value: 1, createRevision: 4, modRevision: 4, version: 1 },
    ],
    revision: 7,
  });
  assertEquals(await (await remove("start=c&end=d")).json(), { deleted: 1, revision: 8 });
  for (const query of ["", "prevKv=true", "timeout=1s"]) {
    await assertFailure(await remove(query), 400, "invalid_argument");
  }
  assertEquals(await (await remove("prefix=")).json(), { deleted: 2, revision: 9 });
});

Deno.test("a range of more keys than one commit deletes is left whole", async () => {
  const app = appUnderTest();
  for (let from = 0; from < 4_097; from += 128) {
    const count = Math.min(128, 4_097 - from);
    const success = Array.from({ length: count }, (_, i) => ({
      put: { key: `k${from + i}`, value: 0 },
    }));
    await txn(app, { success });
  }
  const remove = () => app.request("/v1/kv?prefix=k", { method: "DELETE" });
  await assertFailure(await remove(), 400, "range_too_large");
  await app.request("/v1/kv/k0", { method: "DELETE" });
  assertEquals((await (await remove()).json()).deleted, 4_096);
});

Deno.test("a transaction takes one branch, and answers for each of its operations", async () => {
  const app = appUnderTest();
  const body = {
    compare: [{ key: "lock", target: "version", result: "=", value: 0 }],
    success: [
      { put: { key: "lock", value: "me", prevKv: true } },
      { increment: { key: "n", delta: 5, max: "5" } },
      { get: { key: "lock" } },
      { range: { prefix: "", keysOnly: true } },
      {
        txn: {
          compare: [{ key: "n", target: "value", value: 5 }],
          success: [{ delete: { key: "x" } }],
        },
      },
    ],
    failure: [{ get: { key: "lock" } }],
  };
  const lock = { key: "lock", value: "me", createRevision: 2, modRevision: 2, version: 1 };
  const written = { createRevision: 2, modRevision: 2, version: 1 };
  assertEquals(await txn(app, body), {
    succeeded: true,
    responses: [
      { put: { ...written, prevKv: null } },
      { increment: { value: "5", ...written } },
      { get: { kv: lock } },
      {
        range: {
          items: [{ key: "lock", ...written }, { key: "n", ...written }],
          count: 2,
          more: false,
        },
      },
      { txn: { succeeded: true, responses: [{ delete: { deleted: 0 } }] } },
    ],
    revision: 2,
  });
  assertEquals(await txn(app, body), {
    succeeded: false,
    responses: [{ get: { kv: lock } }],
    revision: 3,
  });
});

Deno.test("values in a transaction keep every digit, and may be bytes", async () => {
  const app = appUnderTest();
  const value = '{"a":12345678901234567890,"b":[1.50,-0,1e400],"c":{"__proto__":1,"d":"\\ud800"}}';
  const put = `{"put":{"key":"a","value":${value}}}`;
  await txn(app, `{"success":[${put},{"put":{"key":"b","value":"AAH/","encoding":"base64"}}]}`);
  const { body } = await app.request("/v1/kv/a", {
    headers: { accept: "application/octet-stream" },
  });
  assertEquals(await new Response(body).text(), value);
  const { succeeded } = await txn(app, {
    compare: [{ key: "b", target: "value", value: "AAH/", encoding: "base64" }],
  });
  assertEquals(succeeded, true);
});

Deno.test("an increment is exact over JSON, as number or text, to the last of 64 bits", async () => {
  const app = appUnderTest();
  const add = async (fields: string) =>
    await (await post(app, "/v1/increment", `{"key":"n"${fields}}`)).json();
  assertEquals(await add(""), {
    key: "n",
    value: "1",
    createRevision: 2,
    modRevision: 2,
    version: 1,
    revision: 2,
  });
  assertEquals((await add(',"delta":9007199254740993')).value, "9007199254740994");
  assertEquals((await add(',"delta":"9214364837600034813"')).value, "9223372036854775807");
  assertEquals((await add("")).error.code, "out_of_range");
  assertEquals((await add(',"delta":-9007199254740992')).value, "9214364837600034815");
  assertEquals((await add(',"delta":9.007199254740991e15')).value, "9223372036854775806");
  assertEquals((await add(',"delta":1.0')).value, "9223372036854775807");
  assertEquals((await add(',"delta":-9223372036854775808')).value, "-1");
  assertEquals((await add(',"delta":-1,"min":-1')).error.code, "out_of_range");
  assertEquals(
    await (await app.request("/kv/n")).text().then((text) => text.includes('"value":-1,')),
    true,
  );
  await write(app, "/v1/kv/n", { body: '{"value":"1"}' });
  assertEquals((await add("")).error.code, "not_an_integer");
  for (
    const bad of [
      "1.5",
      '"1.5"',
      "9223372036854775808",
      '"x"',
      '""',
      "null",
      '"1e3"',
      "true",
      "[1]",
    ]
  ) {
    const answer = await post(app, "/v1/increment", `{"key":"n","delta":${bad}}`);
    await assertFailure(answer, 400, "invalid_body");
  }
  await assertFailure(
    await post(app, "/v1/increment", { key: "n", min: 2, max: 1 }),
    400,
    "invalid_body",
  );
});

Deno.test("a repeated write gets the first answer; the same number for another request is told apart", async () => {
  const app = appUnderTest();
  const { session } = await (await post(app, "/sessions", "")).json();
  const headers = { "idempotency-key": `${session}/1` };
  const send = () => app.request("/v1/increment", { method: "POST", body: '{"key":"n"}', headers });
  const first = await (await send()).json();
  const second = await send();
  assertEquals(second.headers.get("idempotent-replayed"), "true");
  assertEquals(await second.json(), first);
  await assertFailure(await write(app, "/v1/kv/a", { headers }), 422, "idempotency_key_reused");
});

Deno.test("a transaction that breaks a rule is refused by the rule's name, with nothing changed", async () => {
  const app = appUnderTest();
  const get = { get: { key: "a" } };
  const put = { put: { key: "a", value: 1 } };
  let nested: unknown = { success: [] };
  for (let depth = 1; depth < 9; depth++) nested = { success: [{ txn: nested }] };
  const cases: [unknown, string][] = [
    [{ success: [put, put] }, "duplicate_key"],
    [{ failure: [put, { delete: { prefix: "" } }] }, "duplicate_key"],
    [{ success: Array.from({ length: 129 }, () => get) }, "too_many_operations"],
    [{ success: Array.from({ length: 20_000 }, () => get) }, "too_many_operations"],
    [nested, "too_many_operations"],
    [{ success: [{ put: { key: "", value: 1 } }] }, "invalid_key"],
    [{ success: [{ get: { key: "k".repeat(2_049) } }] }, "invalid_key"],
    [{ success: [{ put: { key: "a" } }] }, "invalid_body"],
    [{ success: [{ put: { key: 1, value: 1 } }] }, "invalid_body"],
    [{ success: [{ put: { key: "\ud800", value: 1 } }] }, "invalid_key"],
    [{ success: [{ put: { key: "a", value: 1, expires: 5 } }] }, "invalid_body"],
    [{ success: [{ put: { key: "a", value: "?", encoding: "base64" } }] }, "invalid_body"],
    [{ success: [{ put: { key: "a", value: 1, encoding: "hex" } }] }, "invalid_body"],
    [{ success: [{ ...get, ...put }] }, "invalid_body"],
    [{ success: [{}] }, "invalid_body"],
    [{ success: [{ move: { key: "a" } }] }, "invalid_body"],
    [{ success: get }, "invalid_body"],
    [{ success: [{ delete: {} }] }, "invalid_body"],
    [{ success: [{ delete: { key: "a", prefix: "b" } }] }, "invalid_body"],
    [{ success: [{ delete: { prefix: "a", end: "b" } }] }, "invalid_body"],
    [{ success: [{ range: { prefix: "a", limit: 0 } }] }, "invalid_body"],
    [{ success: [{ range: { prefix: "a", limit: 1_001 } }] }, "invalid_body"],
    [{ success: [{ range: { prefix: "a", order: "up" } }] }, "invalid_body"],
    [{ compares: [] }, "invalid_body"],
    [{ compare: [{ key: "a", target: "age", value: 1 }] }, "invalid_body"],
    [{ compare: [{ key: "a", target: "mod", result: "==", value: 1 }] }, "invalid_body"],
    [{ compare: [{ key: "a", target: "mod", value: -1 }] }, "invalid_body"],
    [{ compare: [{ key: "a", target: "mod" }] }, "invalid_body"],
    [{ compare: [{ key: "a", target: "mod", value: 1, encoding: "base64" }] }, "invalid_body"],
    [{ compare: [{ target: "count", value: 1 }] }, "invalid_body"],
    ['{"compare":[{"key":"a","target":"mod","value":9007199254740992}]}', "invalid_body"],
    ['{"compare":[{"key":"a","target":"mod","value":9223372036854775808}]}', "invalid_body"],
    ["[".repeat(100_000), "invalid_body"],
    [
      `{"success":[{"put":{"key":"a","value":${"[".repeat(101)}${"]".repeat(101)}}}]}`,
      "invalid_body",
    ],
    ["12345678901234567890", "invalid_body"],
    ["null", "invalid_body"],
    ["{", "invalid_json"],
    ["", "invalid_json"],
  ];
  for (const [body, code] of cases) {
    await assertFailure(await post(app, "/v1/txn", body), 400, code);
  }
  const large = { success: [{ put: { key: "a", value: "v".repeat(1_048_577) } }] };
  await assertFailure(await post(app, "/v1/txn", large), 413, "value_too_large");
  assertEquals(app.port.proposals, []);
});
