import { assertEquals } from "@std/assert";
import type { NodeId } from "@raftkv/core/raft";
import { servedField, serverTiming, writeSpans } from "../../server/served.ts";
import { appUnderTest, assertFailure } from "./app_under_test.ts";

const n2 = "n2" as NodeId;
const TIMES = { queueMs: 1, fsyncMs: 3, quorumMs: 4, peers: [{ id: n2, ackMs: 4 }] };

Deno.test("the parts of a write on the leader add up to the whole", () => {
  const trace = { arrivedAtMs: 102, forwarded: null, times: TIMES };
  assertEquals(writeSpans(trace, { startMs: 100, endMs: 109 }), [
    { name: "queue", ms: 3 },
    { name: "fsync", ms: 3 },
    { name: "quorum", ms: 4 },
    { name: "peer", ms: 4, node: n2 },
    { name: "apply", ms: 2 },
    { name: "total", ms: 9 },
  ]);
});

Deno.test("the parts of a forwarded write are the leader's, and the way there and back", () => {
  const trace = {
    arrivedAtMs: 101,
    forwarded: { to: n2, atMs: 102 },
    times: { ...TIMES, fsyncMs: null },
  };
  assertEquals(writeSpans(trace, { startMs: 100, endMs: 110 }), [
    { name: "queue", ms: 3 },
    { name: "quorum", ms: 4 },
    { name: "peer", ms: 4, node: n2 },
    { name: "forward", ms: 8, node: n2 },
    { name: "total", ms: 10 },
  ]);
});

Deno.test("parts go out as Server-Timing, whatever a node is called", () => {
  const spans = [
    { name: "quorum", ms: 0.12345 },
    { name: "peer", ms: -0.0001, node: 'n"ü' as NodeId },
  ];
  assertEquals(serverTiming(spans), 'quorum;dur=0.123, peer;desc="n%22%C3%BC";dur=0.000');
});

Deno.test("messages tell what is unusual about how a request was served, and nothing else", () => {
  const spans = [{ name: "total", ms: 1 }];
  assertEquals(
    [undefined, {}, { consistency: "linearizable" } as const, { spans }].map(servedField),
    ["", "", "", ',"served":{"spans":[{"name":"total","ms":1}]}'],
  );
  assertEquals(
    servedField({ consistency: "stale", stalenessMs: 3 }),
    ',"served":{"consistency":"stale","stalenessMs":3}',
  );
});

Deno.test("answers of every form tell how they were served", async () => {
  const { port, request, put } = appUnderTest();
  await put("/v1/kv/a", '{"value":1}');
  port.served = { consistency: "stale", stalenessMs: 12.3, spans: [{ name: "total", ms: 1 }] };
  for (
    const [path, headers] of [
      ["/v1/kv/a?consistency=stale&explain=1", {}],
      ["/v1/kv/a?explain=true", { accept: "application/octet-stream" }],
      ["/v1/kv/a?explain=true", { "if-none-match": '"2"' }],
      ["/v1/kv?explain=1", {}],
      ["/v1/kv?explain=1", { accept: "application/x-ndjson" }],
      ["/v1/kv?countOnly=true&explain=1", {}],
      ["/v1/leases?explain=1", {}],
    ] as const
  ) {
    const answer = await request(path, { headers });
    await answer.text();
    assertEquals(
      ["raftkv-consistency", "raftkv-staleness-ms", "server-timing"].map((name) =>
        answer.headers.get(name)
      ),
      ["stale", "13", "total;dur=1.000"],
      path,
    );
  }
});

Deno.test("every answer names node, leader, term and revision", async () => {
  const { request, put } = appUnderTest();
  const names = ["raftkv-node", "raftkv-leader", "raftkv-term", "raftkv-revision"];
  const written = await put("/v1/kv/a", '{"value":1}');
  for (const answer of [written, await request("/v1/kv/a"), await request("/v1/kv/b")]) {
    assertEquals(names.map((name) => answer.headers.get(name)), ["n1", "n2", "7", "2"]);
  }
});

Deno.test("what a read demands comes to the node as it was asked", async () => {
  const { port, request } = appUnderTest();
  await request("/v1/kv/a?consistency=lease");
  await request("/v1/kv?consistency=stale&maxStaleness=2s&minRevision=7");
  await request("/v1/leases?minRevision=1");
  assertEquals(port.reads, [
    { consistency: "lease", timeoutMs: 5_000 },
    { consistency: "stale", maxStalenessMs: 2_000, minRevision: 7, timeoutMs: 5_000 },
    { consistency: "linearizable", minRevision: 1, timeoutMs: 5_000 },
  ]);
});

Deno.test("a demand that makes no sense is refused", async () => {
  const { port, request } = appUnderTest();
  const queries = [
    "maxStaleness=2s",
    "consistency=lease&maxStaleness=2s",
    "consistency=stale&maxStaleness=0",
    "consistency=stale&maxStaleness=-1",
    "consistency=stale&maxStaleness=61s",
    "minRevision=0",
    "minRevision=-1",
    "minRevision=9007199254740992",
    "minRevision=9223372036854775808",
    "explain=yes",
    "explain=",
  ];
  for (const query of queries) {
    for (const path of ["/v1/kv/a", "/v1/kv", "/v1/leases", "/v1/leases/1"]) {
      await assertFailure(await request(`${path}?${query}`), 400, "invalid_argument");
    }
  }
  assertEquals(port.reads, []);
});
