/**
 * Members that come and go while clients write and nodes are killed; and the documented lines that
 * make them.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { remove, replace, untilVotes } from "./churn.ts";
import { Cluster } from "./cluster.ts";
import { contentsOf } from "./contents.ts";
import { type KillReport, killRounds } from "./kill_rounds.ts";
import { Load } from "./load.ts";
import { curl, wordsOf } from "./prompt.ts";
import { raftkv } from "./raftkv.ts";
import { until } from "./until.ts";

Deno.test("acknowledged writes survive kill -9 while members are added, removed and replaced", async () => {
  const kills: KillReport[] = [];
  const onKill = (kill: KillReport) => kills.push(kill);
  await killRounds({ rounds: 2, writes: 1_600, clients: 16, churn: true, onKill });
  assertEquals(new Set(kills.map(({ churn }) => churn)).size, 4);
});

Deno.test("every member is replaced by another while clients write, and no write fails", async () => {
  await using cluster = await Cluster.start();
  const founders = cluster.nodes;
  // The clients know the newcomers from the cluster alone.
  await using load = new Load({ urls: cluster.urls, prefix: "k", clients: 8, writes: 1_600 });
  await load.acknowledged(100);
  const [first, second, third] = founders;
  assert(first !== undefined && second !== undefined && third !== undefined);
  await replace(cluster, first);
  await replace(cluster, second);
  await load.finished;
  await replace(cluster, third);
  await cluster.settled();
  assertEquals(cluster.nodes.filter((node) => founders.includes(node)), []);
  for (const node of cluster.nodes) {
    assertEquals(await contentsOf(node, { consistency: "stale" }), load.book);
  }
});

/** The lines of docs/HTTP.md, to three nodes without a change under way, and what they print. */
const CURL_LINES: readonly (readonly [line: string, prints: RegExp])[] = [
  [
    `curl http://localhost:8001/cluster/members -d '{"add": [{"url": "http://127.0.0.1:8004"}]}'`,
    /^{"clusterId":.*"url":"http:\/\/127\.0\.0\.1:8004","role":"candidate"}/,
  ],
  [
    `curl http://localhost:8001/cluster/members -d '{"replace": [{"id": "n3", "url": "http://127.0.0.1:8005"}]}'`,
    /"url":"http:\/\/127\.0\.0\.1:8005","role":"candidate","replaces":"n3"}/,
  ],
  [
    `curl http://localhost:8001/cluster/members -d '{"remove": ["n2"], "expectedIndex": 12}'`,
    /^{"error":{"code":"configuration_changed",/,
  ],
  [`curl http://localhost:8001/cluster/leader -d '{"member": "n3"}'`, /^{"id":"n3",/],
];

Deno.test("the documented lines change the members and the leader", async () => {
  await using cluster = await Cluster.start();
  const [node] = cluster.nodes;
  assert(node !== undefined);
  await until("all to have met", async () => {
    const { committed, members } = await node.client.members();
    return committed && members.every(({ incarnation }) => incarnation !== undefined);
  });
  for (const [line, prints] of CURL_LINES) {
    const here = line.replace("localhost:8001", new URL(node.url).host);
    assertMatch(await curl(wordsOf(here).slice(1)), prints, line);
  }
});

Deno.test("raftkv member and move-leader do with real nodes what they say", async () => {
  await using cluster = await Cluster.start();
  const [{ url } = { url: "" }] = cluster.nodes;
  const run = async (line: string) => {
    const { code, stdout, stderr } = await raftkv(line.split(" "), { endpoints: url });
    assertEquals([code, stderr], [0, ""], line);
    return stdout;
  };
  assert((await run("member list")).includes("n3"));
  const joined = cluster.join();
  await untilVotes(cluster, joined);
  await joined.status();
  assert((await run(`move-leader ${joined.id}`)).startsWith(`${joined.id} leads in term `));
  assertEquals((await cluster.leader()).id, joined.id);
  assertEquals(
    await run(`member remove ${joined.id}`),
    `removed ${joined.id}; 3 voters are left\n`,
  );
  await joined.expelled();
  await cluster.forget(joined);
  const third = cluster.nodes[2]!;
  await remove(cluster, third);
  assertEquals(JSON.parse(await run("member list --json")).members.length, 2);
});
