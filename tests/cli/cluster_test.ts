/**
 * `raftkv cluster` in one process: a plan, fake nodes, and what a person reads.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { run } from "@raftkv/cli";
import { describeReport, type NodeReport, parseReport } from "../../cli/cluster/node_report.ts";
import { planCluster } from "../../cli/cluster/plan.ts";
import { UsageError } from "../../cli/failures.ts";
import { FakeCluster } from "../client/fake_cluster.ts";
import { FakeSpawner } from "./fake_process.ts";
import { FakeSurroundings } from "./fake_surroundings.ts";

Deno.test("three nodes on ports 8001 to 8003 with data below ./data, unless told otherwise", () => {
  const { nodes, dataDir } = planCluster({});
  assertEquals(dataDir, "./data");
  assertEquals(nodes.map(({ id, url, dataDir }) => [id, url, dataDir]), [
    ["n1", "http://127.0.0.1:8001", "./data/n1"],
    ["n2", "http://127.0.0.1:8002", "./data/n2"],
    ["n3", "http://127.0.0.1:8003", "./data/n3"],
  ]);
  assertEquals(nodes[0]?.args.slice(-8), [
    "--id",
    "n1",
    "--listen",
    "127.0.0.1:8001",
    "--data",
    "./data/n1",
    "--cluster",
    "n1=http://127.0.0.1:8001,n2=http://127.0.0.1:8002,n3=http://127.0.0.1:8003",
  ]);
  assertEquals(planCluster({ nodes: "5" }).nodes.length, 5);
  assertEquals(planCluster({ ports: "9001" }).nodes.map((node) => node.url), [
    "http://127.0.0.1:9001",
  ]);
  assertEquals(planCluster({ data: "/tmp/x//" }).nodes[0]?.dataDir, "/tmp/x/n1");
});

Deno.test("plans that make no sense are wrong usage", () => {
  const wrong = [
    { nodes: "0" },
    { nodes: "10" },
    { nodes: "x" },
    { ports: "1,2,2" },
    { ports: "1,,2" },
    { ports: "70000" },
    { ports: "0" },
    { nodes: "3", ports: "1,2" },
    { ports: "1,2,3,4,5,6,7,8,9,10" },
  ];
  for (const flags of wrong) assertThrows(() => planCluster(flags), UsageError);
});

const REPORTS: readonly NodeReport[] = [
  { event: "started", url: "http://127.0.0.1:8001", recovered: 7, pid: 4711 },
  { event: "reading", bytesRead: 40_000_000, bytesTotal: 257_000_000 },
  { event: "damaged", lostEntries: 3, isStateLost: false },
  { event: "damaged", lostEntries: 0, isStateLost: true },
  { event: "repaired" },
  { event: "leader_elected", leader: "n2", term: 3 },
  { event: "leader_lost", leader: "n2", term: 3 },
  { event: "peer_up", peer: "n2" },
  { event: "peer_down", peer: "n2", reason: "Connection refused" },
  { event: "internal_error", message: "x" },
  { event: "failed", message: "x" },
  { event: "stopped" },
];

Deno.test("reports survive the way through a pipe, and each can be shown in one line", () => {
  for (const report of REPORTS) {
    assertEquals(parseReport(JSON.stringify(report)), report);
    assert(!describeReport(report).includes("\n"));
  }
  for (const line of ["", "{", "null", "[]", '{"event": "other"}', '"started"']) {
    assertEquals(parseReport(line), null, line);
  }
});

interface Stage {
  readonly surroundings: FakeSurroundings;
  readonly spawner: FakeSpawner;
  readonly cluster: FakeCluster;
  readonly code: Promise<number>;
}

interface Setting {
  readonly args?: readonly string[];
  readonly isTerminal?: boolean;
  /** Whether the nodes say that they started. */
  readonly starts?: boolean;
}

/** Runs the command with nodes that are processes in name and a fake cluster in deed. */
async function onStage(
  work: (stage: Stage) => Promise<void>,
  { args = [], isTerminal = false, starts = true }: Setting = {},
): Promise<void> {
  const cluster = new FakeCluster();
  const close = cluster.listen();
  const spawner = new FakeSpawner();
  if (starts) {
    spawner.onSpawn = (process) =>
      process.report({ event: "started", url: "-", recovered: 0, pid: 1 });
  }
  const ports = cluster.urls.map((url) => new URL(url).port).join(",");
  const surroundings = new FakeSurroundings(["cluster", "--ports", ports, ...args], {
    spawnNode: spawner.spawn,
    isTerminal,
  });
  try {
    const code = run(surroundings);
    await shown(surroundings, args.includes("--json") ? '"starting"' : "Starting 3 nodes");
    await work({ surroundings, spawner, cluster, code });
  } finally {
    await close();
  }
}

/** Waits for text on standard output. */
async function shown({ stdout }: FakeSurroundings, text: string): Promise<void> {
  while (!stdout.text.includes(text)) await new Promise((resolve) => setTimeout(resolve, 1));
}

Deno.test("once a leader is elected a newcomer reads who leads, where, and what to try", () =>
  onStage(async ({ surroundings, spawner, cluster, code }) => {
    await shown(surroundings, "Ctrl-C stops");
    const { text } = surroundings.stdout;
    assert(text.includes("The cluster is up: n1 leads in term 3\n"), text);
    assert(text.includes(`  n1  ${cluster.urls[0]}  leader\n  n2  ${cluster.urls[1]}\n`), text);
    assertEquals(text.split("\n").filter((line) => line.startsWith("  curl ")).length, 3);
    surroundings.stop("interrupt");
    assertEquals(await code, 0);
    assertEquals([spawner.running, surroundings.isListening], [0, false]);
  }));

Deno.test("elections and losses are told once, links not at all", () =>
  onStage(async ({ surroundings, spawner, code }) => {
    await shown(surroundings, "Ctrl-C stops");
    const before = surroundings.stdout.text.length;
    for (const node of spawner.spawned) {
      node.report({ event: "peer_up", peer: "n2" });
      node.report({ event: "leader_lost", leader: "n1", term: 3 });
      node.report({ event: "leader_elected", leader: "n2", term: 4 });
    }
    await shown(surroundings, "leads in term 4");
    surroundings.stop("terminate");
    await code;
    assertEquals(
      surroundings.stdout.text.slice(before),
      "n1 | lost its leader n1 in term 3\nn2 | leads in term 4\n",
    );
  }));

Deno.test("with --json every line is an event", () =>
  onStage(async ({ surroundings, spawner, code }) => {
    await shown(surroundings, '"ready"');
    spawner.spawned[0]?.report({ event: "peer_up", peer: "n2" });
    await shown(surroundings, "peer_up");
    surroundings.stop("interrupt");
    assertEquals(await code, 0);
    const lines = surroundings.stdout.text.trim().split("\n");
    const events = lines.map((line) => JSON.parse(line).event).filter((name) => name !== "started");
    assertEquals(events, ["starting", "ready", "peer_up"]);
  }, { args: ["--json"] }));

Deno.test("node names are coloured on a terminal", () =>
  onStage(async ({ surroundings, code }) => {
    await shown(surroundings, "\x1b[36mn1\x1b[39m | started on -");
    surroundings.stop("interrupt");
    await code;
  }, { isTerminal: true }));

Deno.test("a node that cannot start gives one clear line, and no process stays", () =>
  onStage(async ({ surroundings, spawner, cluster, code }) => {
    spawner.spawned[1]?.report({ event: "started", url: "-", recovered: 0, pid: 1 });
    await shown(surroundings, "n2 | started");
    // Whatever was asked before has arrived before this.
    await (await fetch(`${cluster.urls[0]}/health`)).body?.cancel();
    spawner.spawned[0]?.report({ event: "failed", message: "Cannot listen: The port is taken" });
    spawner.spawned[0]?.end({ code: 1, signal: null });
    assertEquals(await code, 1);
    const { stderr } = surroundings;
    assertEquals(stderr.text, "error: Cannot start n1: Cannot listen: The port is taken\n");
    assertEquals([spawner.running, surroundings.isListening], [0, false]);
    assertEquals(cluster.arrivals.map(({ path }) => path), ["/health"], "another cluster is asked");
  }, { starts: false }));

Deno.test("stopping before there is a leader is no failure", () =>
  onStage(async ({ surroundings, spawner, cluster, code }) => {
    cluster.leader = "none";
    surroundings.stop("interrupt");
    assertEquals(await code, 0);
    assertEquals(spawner.running, 0);
  }));
