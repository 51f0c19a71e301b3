/**
 * The lines that newcomers are promised, character for character but for the ports, against each of
 * three nodes, with what they print. That all lines of the documents work, tests/documents shows.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { Cluster } from "./cluster.ts";
import { curl, wordsOf } from "./prompt.ts";
import { raftkv } from "./raftkv.ts";
import type { ServedNode } from "./served_node.ts";

type Lines = readonly (readonly [line: string, prints: RegExp])[];

const REVISIONS = String.raw`"createRevision":\d+,"modRevision":\d+,"version":1`;
const NODE = String
  .raw`\{"id":"n\d","url":"http://[\d.:]+","reachable":true,"role":"(leader|follower)",` +
  String.raw`"term":\d+,"leaderId":"n\d","lastIndex":\d+,"commitIndex":\d+,"appliedIndex":\d+,` +
  String.raw`"snapshotIndex":0,"revision":\d+\}`;

const CURL_LINES: Lines = [
  [
    `curl -X PUT http://localhost:8001/kv/name -d '{"value": "RaftKV"}'`,
    new RegExp(`^{"key":"name",${REVISIONS},"revision":\\d+}\\n$`),
  ],
  [
    "curl http://localhost:8001/kv/name",
    new RegExp(`^{"key":"name","value":"RaftKV",${REVISIONS},"revision":\\d+}\\n$`),
  ],
  ["curl http://localhost:8002/kv/name", /^{"key":"name","value":"RaftKV",/],
  ["curl 'http://localhost:8001/kv?prefix=na&limit=10'", /^{"items":\[{"key":"name","value":/],
  ["curl -X DELETE http://localhost:8001/kv/name", /^{"key":"name","deleted":1,"revision":\d+}\n$/],
  ["curl http://localhost:8001/kv", /^{"items":\[\],"cursor":null,"revision":\d+}\n$/],
  [
    "curl http://localhost:8001/cluster/status",
    new RegExp(`^{"clusterId":"[\\da-f]{32}",.*"nodes":\\[${NODE},${NODE},${NODE}\\]}\\n$`),
  ],
  [
    "curl http://localhost:8001/cluster/leader",
    /^{"id":"n\d","url":"http:[\d/.:]+","term":\d+}\n$/,
  ],
  [
    "curl http://localhost:8001/cluster/members",
    /^{"clusterId":"[\da-f]{32}","leaderId":"n\d","index":\d+,"joint":false,"committed":true,"members":\[{"id":"n1","url":"http:[\d/.:]+","role":"voter"/,
  ],
  [
    "curl http://localhost:8001/health",
    /^{"status":"ok","nodeId":"n\d","role":"(leader|follower)",/,
  ],
];

/** Sent one after the other, to a store in which `name` was written up to revision 12. */
const V1_LINES: Lines = [
  [
    "curl 'http://localhost:8001/v1/kv?prefix=jobs/&order=desc&limit=10&keysOnly=true'",
    /^{"items":\[\],/,
  ],
  ["curl -H 'Accept: application/x-ndjson' 'http://localhost:8001/v1/kv'", /^{"key":"name",/],
  ["curl 'http://localhost:8001/v1/kv/name?revision=12'", /^{"key":"name",.*"modRevision":12/],
  [
    `curl -X PUT -H 'If-None-Match: *' http://localhost:8001/v1/kv/name -d '{"value": "first"}'`,
    /^{"error":{"code":"precondition_failed",/,
  ],
  [
    `curl -X PUT -H 'If-Match: "12"' http://localhost:8001/v1/kv/name -d '{"value": "second"}'`,
    /"modRevision":14/,
  ],
  ["curl -X DELETE 'http://localhost:8001/v1/kv?prefix=jobs/'", /"deleted":0/],
  [`curl http://localhost:8001/v1/leases -d '{"ttl": 30}'`, /^{"lease":"1",/],
  ["curl -X POST http://localhost:8001/v1/leases/1/keepalive", /^{"lease":"1",/],
  [
    `curl -X PUT 'http://localhost:8001/v1/kv/member/7?lease=1' -d '{"value": "here"}'`,
    /^{"key":"member\/7",/,
  ],
  [
    `curl -X PUT 'http://localhost:8001/v1/kv/cache/a?ttl=60' -d '{"value": "for a minute"}'`,
    /^{"key":"cache\/a",/,
  ],
];

const TABLE =
  /^cluster [\da-f]{32}, term \d+, leader n\d \(as n\d sees it\)\nNODE +URL +ROLE .*\nn1 /;

const RAFTKV_LINES: Lines = [
  ['raftkv put db.host "postgres.internal"', /^stored db\.host at revision \d+\n$/],
  ["raftkv get db.host", /^db\.host = postgres\.internal\n$/],
  ["raftkv get db.host --raw", /^postgres\.internal$/],
  ["raftkv list", /^db\.host = postgres\.internal\n$/],
  ["raftkv list db.", /^db\.host = postgres\.internal\n$/],
  ["raftkv export db.", /^{"key":"db\.host","value":"postgres\.internal"}\n$/],
  ["raftkv status", TABLE],
  ["raftkv status --node http://localhost:8001", TABLE],
  ["raftkv del db.host", /^removed db\.host at revision \d+\n$/],
];

/** The words after the program's name, for a node that listens elsewhere. */
function argsFor({ url }: ServedNode, line: string): readonly string[] {
  return wordsOf(line.replaceAll(/localhost:800\d/g, `localhost:${new URL(url).port}`)).slice(1);
}

Deno.test("every line for curl works against every node", async () => {
  await using cluster = await Cluster.start();
  for (const node of cluster.nodes) {
    for (const [line, prints] of CURL_LINES) {
      assertMatch(await curl(argsFor(node, line)), prints, `${node.id}: ${line}`);
    }
  }
});

Deno.test("every line for curl under /v1 works", async () => {
  await using cluster = await Cluster.start();
  const [node] = cluster.nodes;
  assert(node !== undefined);
  const first = `curl -X PUT http://localhost:8001/kv/name -d '{"value": "RaftKV"}'`;
  for (let revision = 2; revision <= 12; revision++) await curl(argsFor(node, first));
  for (const [line, prints] of V1_LINES) {
    assertMatch(await curl(argsFor(node, line)), prints, line);
  }
});

Deno.test("every line for raftkv works against every node, and prints what it should", async () => {
  await using cluster = await Cluster.start();
  for (const node of cluster.nodes) {
    const endpoints = node.url;
    for (const [line, prints] of RAFTKV_LINES) {
      const { code, stdout, stderr } = await raftkv(argsFor(node, line), { endpoints });
      assertEquals([code, stderr], [0, ""], `${node.id}: ${line}`);
      assertMatch(stdout, prints, `${node.id}: ${line}`);
    }
    assertEquals(await raftkv(["get", "db.host"], { endpoints }), {
      code: 4,
      stdout: "",
      stderr: "error: No such key: db.host\n",
    });
  }
});
