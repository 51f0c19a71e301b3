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
  const hold = async (name: string, path: string, method = "GET", body?: unknown) => {
    const text = body === undefined ? null : JSON.stringify(body);
    const answer = await request(path, { method, body: text });
    assertEquals(answer.status, 200, `${method} ${path}: ${await answer.clone().text()}`);
    const { error } = ANSWERS[name]!.safeParse(await answer.json());
    assertEquals(error?.issues, undefined, name);
    seen.add(name);
  };
  await hold("put", "/v1/kv/a?prevKv=true", "PUT", { value: [1] });
  await hold("put", "/v1/kv/a?prevKv=true&ttl=9", "PUT", { value: "AA==", encoding: "base64" });
  await hold("put", "/kv/b", "PUT", { value: "x" });
  await hold("get", "/v1/kv/a");
  await hold("get", "/kv/b");
  await hold("range", "/v1/kv");
  await hold("range", "/v1/kv?limit=1&keysOnly=true");
  await hold("range", "/v1/kv?countOnly=true");
  await hold("list", "/kv?limit=1");
  await hold("increment", "/v1/increment", "POST", { key: "n", delta: -3 });
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
  await hold("txn", "/v1/txn", "POST", { success });
  await hold("delete", "/v1/kv/a?prevKv=true", "DELETE");
  await hold("delete", "/kv/none", "DELETE");
  await hold("deleteRange", "/v1/kv?prefix=n&prevKv=true", "DELETE");
  await hold("leaseGrant", "/v1/leases", "POST", { ttl: 9, lease: 70 });
  await hold("leases", "/v1/leases");
  await hold("leaseTimeToLive", "/v1/leases/70");
  await hold("leaseKeepAlive", "/v1/leases/70/keepalive", "POST");
  await hold("leaseRevoke", "/v1/leases/70", "DELETE");
  await hold("openSession", "/sessions", "POST");
  await hold("compact", "/v1/compact", "POST", { revision: 2 });
  await hold("status", "/cluster/status");
  await hold("leader", "/cluster/leader");
  await hold("members", "/cluster/members");
  await hold("changeMembers", "/cluster/members", "POST", { remove: ["n3"] });
  await hold("moveLeader", "/cluster/leader", "POST", {});
  await hold("health", "/health");
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
