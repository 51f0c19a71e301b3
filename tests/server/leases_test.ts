import { assertEquals } from "@std/assert";
import { type AppUnderTest, appUnderTest, assertFailure } from "./app_under_test.ts";

async function post(
  { request }: AppUnderTest,
  path: string,
  body: unknown = "",
): Promise<Response> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return await request(path, { method: "POST", body: text });
}

Deno.test("a lease is granted, kept alive, shown with its keys, and revoked with them", async () => {
  const app = appUnderTest();
  const granted = await post(app, "/v1/leases", { ttl: 30 });
  assertEquals(await granted.json(), { lease: "1", ttl: 30, revision: 1 });
  const put = await app.put("/v1/kv/a?lease=1", '{"value":1}');
  assertEquals((await put.json()).lease, "1");
  assertEquals((await (await app.request("/v1/kv/a")).json()).lease, "1");
  assertEquals((await (await app.request("/kv/a")).json()).lease, "1");
  const shown = await (await app.request("/v1/leases/1")).json();
  assertEquals(shown, { lease: "1", ttl: 30, grantedTtl: 30, keys: ["a"], revision: 2 });
  const renewed = await post(app, "/v1/leases/1/keepalive");
  assertEquals(await renewed.json(), { lease: "1", ttl: 30, revision: 2 });
  const revoked = await app.request("/v1/leases/1", { method: "DELETE" });
  assertEquals(await revoked.json(), { lease: "1", deleted: 1, revision: 3 });
  await assertFailure(await app.request("/v1/kv/a"), 404, "key_not_found");
  for (const path of ["/v1/leases/1", "/v1/leases/2"]) {
    await assertFailure(await app.request(path), 404, "lease_not_found");
    await assertFailure(await app.request(path, { method: "DELETE" }), 404, "lease_not_found");
    await assertFailure(await post(app, `${path}/keepalive`), 404, "lease_not_found");
  }
});

Deno.test("a time to live on a put makes a lease for the key, in a transaction too", async () => {
  const app = appUnderTest();
  const { lease } = await (await app.put("/v1/kv/a?ttl=60", '{"value":1}')).json();
  const shown = await (await app.request(`/v1/leases/${lease}`)).json();
  assertEquals([shown.grantedTtl, shown.keys], [60, ["a"]]);
  const body = {
    success: [{ put: { key: "b", value: 1, ttl: 5 } }, { put: { key: "a", value: 2 } }],
  };
  const { responses } = await (await post(app, "/v1/txn", body)).json();
  assertEquals([responses[0].put.lease, responses[1].put.lease], ["2", undefined]);
  await assertFailure(await app.request(`/v1/leases/${lease}`), 404, "lease_not_found");
  const compare = [{ key: "b", target: "lease", value: 2 }];
  assertEquals((await (await post(app, "/v1/txn", { compare })).json()).succeeded, true);
});

Deno.test("leases are listed in the order of their ids, page by page", async () => {
  const app = appUnderTest();
  for (const lease of [30, "10", 20]) await post(app, "/v1/leases", { ttl: 1, lease });
  const list = async (query: string) => await (await app.request(`/v1/leases?${query}`)).json();
  assertEquals(await list(""), { leases: ["10", "20", "30"], more: false, revision: 1 });
  assertEquals(await list("limit=2"), { leases: ["10", "20"], more: true, revision: 1 });
  assertEquals(await list("limit=2&after=20"), { leases: ["30"], more: false, revision: 1 });
  const again = await post(app, "/v1/leases", { ttl: 1, lease: 20 });
  await assertFailure(again, 409, "lease_exists");
});

Deno.test("a lease that is none, and a time that is none, are refused", async () => {
  const app = appUnderTest();
  for (const ttl of [0, -1, 1.5, "x", null, 1_000_000_001, 1e12, true, undefined]) {
    await assertFailure(await post(app, "/v1/leases", { ttl }), 400, "invalid_body");
  }
  for (const lease of [0, -1, "-1", "9007199254740992", 2 ** 53, "x", null]) {
    await assertFailure(await post(app, "/v1/leases", { ttl: 1, lease }), 400, "invalid_body");
  }
  const puts = ["ttl=0", "ttl=-1", "ttl=1.5", "ttl=5s", "ttl=1000000001", "lease=0", "lease=x"];
  for (const query of [...puts, "lease=9007199254740992", "lease=1&ttl=1"]) {
    const answer = await app.put(`/v1/kv/a?${query}`, '{"value":1}');
    await assertFailure(answer, 400, "invalid_argument");
  }
  for (
    const id of ["0", "-1", "x", "1.5", "9007199254740992", "9223372036854775808", "%31", "01"]
  ) {
    await assertFailure(await app.request(`/v1/leases/${id}`), 404, "lease_not_found");
  }
  assertEquals(app.port.proposals, []);
  const unknown = await app.put("/v1/kv/a?lease=7", '{"value":1}');
  await assertFailure(unknown, 404, "lease_not_found");
});
