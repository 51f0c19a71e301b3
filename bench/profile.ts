/**
 * Where the time of a leader and of a write goes, under HTTP clients: `deno task bench:profile`.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { Cluster } from "../tests/process/cluster.ts";
import { isInstalled } from "../tests/process/installed.ts";
import { readFlags, refuse } from "../tools/refusal.ts";
import { wholeNumber } from "../tools/whole_number.ts";
import { profileOf, type Purpose, timeByPurpose } from "./compare/cpu_profile.ts";
import { quantile } from "./compare/statistics.ts";
import { closedLoop } from "./compare/wrk.ts";

const HELP = `Where the time of a leader and of a write goes, under HTTP clients

Usage: deno task bench:profile [--clients N] [--seconds N] [--gets]

  --clients N  clients that each wait for their answer (64)
  --seconds N  how long (5)
  --gets       linearizable reads in place of writes

It needs wrk (apt-get install wrk). The inspector itself costs time: read the shares.`;

const TASK = "bench:profile";

const KEYS = 10_000;
const VALUE = "v".repeat(256);

const PURPOSES: readonly Purpose[] = [
  { name: "idle: waiting for disk, peers and clients", pattern: /^\(idle\)$/ },
  { name: "garbage collection", pattern: /^\(garbage collector\)$/ },
  { name: "JSON", pattern: /\/server\/(json_|stored_|answers|txn_answers)/ },
  { name: "checking requests (zod, operations)", pattern: /\/zod\/|\/server\/operations\// },
  { name: "links between nodes", pattern: /\/ws\/|\/transport\/|deno_websocket|deno_node/ },
  { name: "codecs", pattern: /\/core\/codec\// },
  { name: "state machine", pattern: /\/core\/kv\// },
  { name: "log on disk", pattern: /\/storage\// },
  { name: "consensus", pattern: /\/core\/|\/server\/(pump|replica_|running_node)/ },
  { name: "HTTP", pattern: /\/server\/|\/hono\/|deno_http|deno_fetch|deno_web/ },
];

const flags = parseArgs(Deno.args, {
  boolean: ["help", "gets"],
  string: ["clients", "seconds"],
  unknown: (flag) => refuse(TASK, `Cannot take ${flag}`),
});

if (flags.help) console.log(HELP);
else Deno.exit(await profile());

async function profile(): Promise<number> {
  const { clients, seconds } = readFlags(TASK, () => ({
    clients: wholeNumber("clients", { text: flags.clients, base: 64, min: 1 }),
    seconds: wholeNumber("seconds", { text: flags.seconds, base: 5, min: 1 }),
  }));
  if (!await isInstalled("wrk")) {
    console.error("Cannot profile: wrk is not installed (apt-get install wrk)");
    return 1;
  }
  const ports: number[] = [];
  await using cluster = await Cluster.start([], (port) => {
    ports.push(port);
    return [`--inspect=127.0.0.1:${port}`];
  });
  const leader = await cluster.leader();
  const port = ports[cluster.nodes.indexOf(leader)] ?? 0;
  const load = () => closedLoop({ url: leader.url, calls: calls(), clients, seconds });
  // What is compiled and collected at first is not what a leader does all day.
  await load();
  let rate = 0;
  const taken = await profileOf(port, async () => {
    ({ rate } = await load());
  });
  const total = taken.timeDeltas.reduce((sum, us) => sum + us, 0);
  console.log(`${Math.round(rate)} a second, ${clients} clients; the leader's main thread:`);
  for (const [name, us] of timeByPurpose(taken, PURPOSES)) {
    const each = (us / (rate * seconds)).toFixed(1).padStart(6);
    console.log(`${(100 * us / total).toFixed(1).padStart(5)} % ${each} us  ${name}`);
  }
  if (!flags.gets) await printSpans(leader.url, load);
  return 0;
}

/** What single writes say of themselves while the others go on. */
async function printSpans(url: string, load: () => Promise<unknown>): Promise<void> {
  const spans = new Map<string, number[]>();
  let isOver = false;
  const loading = load().finally(() => isOver = true);
  while (!isOver) {
    const response = await fetch(`${url}/v1/kv/traced?explain=1`, {
      method: "PUT",
      body: JSON.stringify({ value: VALUE }),
    });
    await response.text();
    for (const part of (response.headers.get("server-timing") ?? "").split(", ")) {
      const [, name, ms] = /^(\w+).*;dur=([\d.]+)$/.exec(part) ?? [];
      if (name !== undefined) spans.set(name, [...spans.get(name) ?? [], Number(ms)]);
    }
  }
  await loading;
  console.log("One of these writes, in milliseconds (half within):");
  for (const [name, all] of spans) {
    console.log(`${quantile(all.toSorted((a, b) => a - b), 0.5).toFixed(2).padStart(8)}  ${name}`);
  }
}

function calls() {
  return Array.from({ length: KEYS }, (_, number) => ({
    method: flags.gets ? "GET" : "PUT",
    path: `/v1/kv/key-${number}`,
    body: flags.gets ? "" : JSON.stringify({ value: VALUE }),
  }));
}
