import { assert, assertEquals } from "@std/assert";
import { Validator } from "@seriousme/openapi-schema-validator";
import { type FailureCode, FAILURES } from "@raftkv/core/api";
import serverPackage from "../../server/deno.json" with { type: "json" };
import { createApp } from "../../server/app.ts";
import { ANSWERS } from "../../server/openapi/answers.ts";
import { failuresOf, type OpenApiDocument } from "../../server/openapi/document.ts";
import { ROUTES } from "../../server/openapi/routes.ts";
import { OPERATIONS } from "../../server/websocket/operations.ts";
import { appUnderTest } from "./app_under_test.ts";
import { isFailureCode } from "./failure_codes.ts";
import { FakePort } from "./fake_port.ts";

const { request } = appUnderTest();
const DOCUMENT: OpenApiDocument = await (await request("/openapi.json")).json();

/** What belongs to no route, hence stands in no route's failures. */
const OF_NO_ROUTE: readonly FailureCode[] = ["route_not_found", "method_not_allowed"];
/** Paths that are themselves the document, or no request with an answer. */
const NOT_DOCUMENTED = ["/openapi.json", "/reference"];

Deno.test("the document is valid OpenAPI 3.1", async () => {
  const result = await new Validator().validate({ ...structuredClone(DOCUMENT) });
  assertEquals([result.valid, result.errors], [true, undefined]);
  assertEquals(DOCUMENT.openapi, "3.1.1");
  assertEquals(DOCUMENT.info.version, serverPackage.version);
});

Deno.test("every reference of the document leads somewhere, and every name is used once", () => {
  const text = JSON.stringify(DOCUMENT);
  for (const [, kind, name] of text.matchAll(/"#\/components\/(\w+)\/([^"]+)"/g)) {
    const components: Readonly<Record<string, object>> = DOCUMENT.components;
    assert(Object.hasOwn(components[kind ?? ""] ?? {}, name ?? ""), `${kind}/${name}`);
  }
  assert(!text.includes("$defs") && !text.includes("__schema"));
  const ids = [...text.matchAll(/"operationId":"(\w+)"/g)].map(([, id]) => id);
  assertEquals(ids.length, new Set(ids).size);
});

Deno.test("the document has every route that is served, with its methods, and no other", async () => {
  const app = createApp(new FakePort(), { onInternalError: () => {} });
  const served = [...new Set(app.routes.map(({ path }) => path))]
    .filter((path) => path !== "/*" && !NOT_DOCUMENTED.includes(path)).sort();
  const documented = new Map(
    Object.entries(DOCUMENT.paths).map(([path, methods]) => [
      path.replace("{key}", "*").replace("{lease}", ":id"),
      Object.keys(methods),
    ]),
  );
  assertEquals([...documented.keys()].sort(), served);
  for (const [path, methods] of documented) {
    const { headers } = await request(path.replace(/[*]|:id/, "1"), { method: "OPTIONS" });
    const allowed = headers.get("allow")?.toLowerCase().split(", ") ?? [];
    assertEquals(methods.sort(), allowed.filter((method) => !/head|options/.test(method)));
  }
});

Deno.test("the document has every failure, under the status of the failure table", () => {
  assertEquals<unknown>(DOCUMENT["x-failures"], FAILURES);
  const ofRoutes = new Set(ROUTES.flatMap(failuresOf));
  const all = Object.keys(FAILURES).filter(isFailureCode);
  assertEquals(all.filter((code) => !ofRoutes.has(code)), OF_NO_ROUTE);
  for (const route of ROUTES) {
    const responses = DOCUMENT.paths[route.path]?.[route.method]?.responses ?? {};
    for (const code of failuresOf(route)) {
      const { description } = responses[FAILURES[code].status] ?? {};
      assert(description?.includes(`\`${code}\`: ${FAILURES[code].meaning}`), code);
    }
  }
});

Deno.test("each answer is of the schema that the document shows", async () => {
  const { port, request } = appUnderTest();
  const seen = new Set<string>();
  const hold = async (name: string, route: string, body?: unknown) => {
    const [method = "", path = ""] = route.split(" ");
    const text = body === undefined ? null : JSON.stringify(body);
    const answer = await request(path, { method, body: text });
    assertEquals(answer.status, 200, `${route}: ${await answer.clone().text()}`);
    const { error } = ANSWERS[name]!.safeParse(await answer.json());
    assertEquals(error?.issues, undefined, name);
    seen.add(name);
  };
  await hold("put", "PUT /v1/kv/a?prevKv=true", { value: [1] });
  await hold("put", "PUT /v1/kv/a?prevKv=true&ttl=9", { value: "AA==", encoding: "base64" });
  await hold("put", "PUT /kv/b", { value: "x" });
  await hold("get", "GET /v1/kv/a");
  await hold("get", "GET /kv/b");
  await hold("range", "GET /v1/kv");
  await hold("range", "GET /v1/kv?limit=1&keysOnly=true");
  await hold("range", "GET /v1/kv?countOnly=true");
  await hold("list", "GET /kv?limit=1");
  await hold("increment", "POST /v1/increment", { key: "n", delta: -3 });
  const success = [
    { put: { key: "a", value: 1, prevKv: true, ttl: 3 } },
    { get: { key: "a" } },
    { get: { key: "none" } },
    { range: { prefix: "" } },
    { range: { prefix: "", keysOnly: true, countOnly: true } },
    { increment: { key: "n" } },
    { delete: { prefix: "b", prevKv: true } },
    { txn: { success: [{ delete: { key: "x" } }] } },
  ];
  await hold("txn", "POST /v1/txn", { success });
  await hold("delete", "DELETE /v1/kv/a?prevKv=true");
  await hold("delete", "DELETE /kv/none");
  await hold("deleteRange", "DELETE /v1/kv?prefix=n&prevKv=true");
  await hold("leaseGrant", "POST /v1/leases", { ttl: 9, lease: 70 });
  await hold("leases", "GET /v1/leases");
  await hold("leaseTimeToLive", "GET /v1/leases/70");
  await hold("leaseKeepAlive", "POST /v1/leases/70/keepalive");
  await hold("leaseRevoke", "DELETE /v1/leases/70");
  await hold("openSession", "POST /sessions");
  await hold("compact", "POST /v1/compact", { revision: 2 });
  await hold("status", "GET /cluster/status");
  await hold("leader", "GET /cluster/leader");
  await hold("members", "GET /cluster/members");
  await hold("changeMembers", "POST /cluster/members", { remove: ["n3"] });
  await hold("moveLeader", "POST /cluster/leader", {});
  await hold("health", "GET /health");
  assertEquals([...seen].sort(), Object.keys(ANSWERS).sort());
  assert([...OPERATIONS.keys()].every((name) => seen.has(name)));
  assertEquals(port.isStopping, false);
});

Deno.test("the reference shows every route, type and failure, and asks for nothing from elsewhere", async () => {
  const answer = await request("/reference");
  assertEquals(answer.headers.get("content-type"), "text/html; charset=utf-8");
  assert(answer.headers.get("content-security-policy")?.startsWith("default-src 'none'"));
  const html = await answer.text();
  for (const methods of Object.values(DOCUMENT.paths)) {
    for (const { operationId } of Object.values(methods)) {
      assert(html.includes(`id="${operationId}"`));
    }
  }
  for (const name of Object.keys(DOCUMENT.components.schemas)) {
    assert(html.includes(`id="${name}"`));
  }
  for (const code of Object.keys(FAILURES)) assert(html.includes(`id="${code}"`));
  for (const [, target] of html.matchAll(/href="#([^"]+)"/g)) {
    assert(html.includes(`id="${target}"`), target);
  }
  assert(!/<script|<link|<img|\bsrc=|url\(|https?:\/\//.test(html));
});
