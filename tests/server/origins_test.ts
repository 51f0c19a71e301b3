// What pages in browsers may do, by where they come from and whom the operator lets in.

import { assert, assertEquals } from "@std/assert";
import { createApp } from "../../server/app.ts";
import { guarded, Origins, parseOrigins } from "../../server/origins.ts";
import { upgradeOf } from "../../server/upgrade.ts";
import { assertFailure } from "./app_under_test.ts";
import { FakePort } from "./fake_port.ts";
import { LISTENERS, withDoor } from "./ws_client.ts";

const OWN = "http://node.test:8001";
const APP = "https://app.test";
const OTHER = "https://other.test";

function pageAt(origin: string | null, allowed: readonly string[] = []) {
  const port = new FakePort();
  const app = createApp(port, { onInternalError: () => {} });
  const fetch = guarded((request) => app.fetch(request), new Origins(allowed));
  const request = async (method: string, path: string, headers: Record<string, string> = {}) => {
    const body = method === "PUT" || method === "POST" ? '{"value":1}' : null;
    return await fetch(
      new Request(`${OWN}${path}`, {
        method,
        body,
        headers: { host: "node.test:8001", ...(origin === null ? {} : { origin }), ...headers },
      }),
    );
  };
  return { port, request };
}

const WRITES = [
  ["PUT", "/kv/a"],
  ["PUT", "/v1/kv/a"],
  ["DELETE", "/kv/a"],
  ["DELETE", "/v1/kv?prefix="],
  ["POST", "/v1/txn"],
  ["POST", "/sessions"],
  ["POST", "/v1/leases/1/keepalive"],
  ["POST", "/cluster/members"],
  ["POST", "/nowhere"],
  ["PATCH", "/v1/kv/a"],
] as const;

Deno.test("a page from elsewhere changes nothing, whatever kind of request it makes", async () => {
  for (
    const origin of [OTHER, "null", "http://node.test", "http://node.test:8001.evil.test", "x"]
  ) {
    for (const allowed of [[], [APP]]) {
      const { port, request } = pageAt(origin, allowed);
      for (const [method, path] of WRITES) {
        for (const type of ["text/plain", "application/json"]) {
          const answer = await request(method, path, { "content-type": type });
          assertEquals(answer.headers.get("access-control-allow-origin"), null);
          await assertFailure(answer, 403, "forbidden_origin");
        }
      }
      assertEquals(port.proposals, []);
    }
  }
});

Deno.test("a page from elsewhere is shown nothing", async () => {
  for (const allowed of [[], [APP]]) {
    const { request } = pageAt(OTHER, allowed);
    for (const path of ["/v1/kv", "/kv/none", "/health", "/openapi.json"]) {
      const { headers } = await request("GET", path);
      assertEquals([...headers.keys()].filter((name) => name.startsWith("access-control")), []);
    }
    const asked = { "access-control-request-method": "PUT" };
    const preflight = await request("OPTIONS", "/v1/kv/a", asked);
    assertEquals(preflight.status, 204);
    assertEquals(
      [...preflight.headers.keys()].filter((name) => name.startsWith("access-control")),
      [],
    );
  }
});

Deno.test("the node's own pages, and programs that are none, do everything", async () => {
  for (const origin of [OWN, "https://node.test:8001", null]) {
    for (const allowed of [[], [APP]]) {
      const { request } = pageAt(origin, allowed);
      const answer = await request("PUT", "/v1/kv/a");
      assertEquals(answer.status, 200);
      assertEquals(answer.headers.get("access-control-allow-origin"), null);
      assertEquals(answer.headers.get("vary"), allowed.length === 0 ? null : "Origin");
    }
  }
});

Deno.test("a page that is let in does everything, after the preflight that browsers make", async () => {
  for (const [allowed, shown] of [[[APP], APP], [["*"], "*"]] as const) {
    const { request } = pageAt(APP, allowed);
    const preflight = await request("OPTIONS", "/v1/kv/a", {
      "access-control-request-method": "PUT",
      "access-control-request-headers": "content-type,idempotency-key",
    });
    assertEquals(preflight.status, 204);
    assertEquals(preflight.headers.get("access-control-allow-origin"), shown);
    assertEquals(
      preflight.headers.get("access-control-allow-methods"),
      "DELETE, GET, HEAD, OPTIONS, PUT",
    );
    const headers = preflight.headers.get("access-control-allow-headers")?.toLowerCase() ?? "";
    for (const name of ["content-type", "idempotency-key", "if-match", "if-none-match"]) {
      assert(headers.includes(name), name);
    }
    assertEquals(preflight.headers.get("access-control-allow-credentials"), null);
    const answer = await request("PUT", "/v1/kv/a");
    assertEquals([answer.status, answer.headers.get("access-control-allow-origin")], [200, shown]);
    assertEquals(answer.headers.get("vary"), "Origin");
    const exposed = answer.headers.get("access-control-expose-headers")?.split(", ") ?? [];
    assert(["etag", "raftkv-node", "raftkv-revision"].every((name) => exposed.includes(name)));
    // A failure can be read too.
    const failed = await request("GET", "/v1/kv/none");
    assertEquals([failed.status, failed.headers.get("access-control-allow-origin")], [404, shown]);
  }
});

Deno.test("a list of origins is read strictly", () => {
  assertEquals(parseOrigins("*"), ["*"]);
  assertEquals(parseOrigins("https://a.test, http://localhost:5173"), [
    "https://a.test",
    "http://localhost:5173",
  ]);
  for (
    const text of [
      "",
      "a.test",
      "https://a.test/",
      "https://a.test/x",
      "null",
      "*.a.test",
      "https://A.test",
    ]
  ) {
    assertEquals(parseOrigins(text), null, text);
  }
});

Deno.test("a WebSocket is for the node's own pages, those let in, and programs that are none", () => {
  const upgrade = (origin: string | null, allowed: readonly string[] = []) =>
    upgradeOf(
      { path: "/v1/ws", origin, host: "node.test:8001", protocols: "raftkv.v1" },
      new Origins(allowed),
    );
  for (const origin of [OTHER, "null", "http://node.test"]) {
    for (const allowed of [[], [APP]]) {
      assertEquals(upgrade(origin, allowed), { kind: "refused", status: 403 });
    }
    assertEquals(upgrade(origin, ["*"]).kind, "client");
  }
  for (const [origin, allowed] of [[OWN, []], [null, []], [APP, [APP]]] as const) {
    assertEquals(upgrade(origin, allowed).kind, "client");
  }
});

for (const [kind, open] of LISTENERS) {
  Deno.test(`${kind} listener: the origin of a WebSocket is looked at`, async () => {
    await withDoor(open, async ({ url }) => {
      const status = async (path: string, headers: Record<string, string>) => {
        const { hostname, port } = new URL(url);
        using connection = await Deno.connect({ hostname, port: Number(port) });
        const lines = Object.entries({
          Host: `${hostname}:${port}`,
          Upgrade: "websocket",
          Connection: "Upgrade",
          "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
          "Sec-WebSocket-Version": "13",
          ...headers,
        }).map(([name, value]) => `${name}: ${value}\r\n`).join("");
        await connection.write(new TextEncoder().encode(`GET ${path} HTTP/1.1\r\n${lines}\r\n`));
        const bytes = new Uint8Array(1_024);
        await connection.read(bytes);
        return Number(new TextDecoder().decode(bytes).slice(9, 12));
      };
      assertEquals(await status("/v1/ws", {}), 101);
      assertEquals(await status("/v1/ws", { Origin: url }), 101);
      assertEquals(await status("/v1/ws", { Origin: APP }), 101);
      assertEquals(await status("/v1/ws", { Origin: OTHER }), 403);
      assertEquals(await status("/v1/ws", { "Sec-WebSocket-Protocol": "raftkv.v9" }), 400);
      assertEquals(await status("/v1/ws", { "Sec-WebSocket-Protocol": "x, raftkv.v1" }), 101);
      assertEquals(await status("/v1/wss", {}), 404);
      assertEquals(await status("/v1/kv/a", {}), 404);
    }, { listener: { origins: new Origins([APP]) } });
  });
}
