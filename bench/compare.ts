/**
 * RaftKV and etcd side by side, on this machine, in one run: `deno task bench`.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { chartOf } from "./compare/chart.ts";
import { etcdVersion, startEtcd } from "./compare/etcd_system.ts";
import { startRaftKv } from "./compare/raftkv_system.ts";
import { measure, type Scale } from "./compare/suite.ts";
import { type Row, tableOf } from "./compare/table.ts";
import { isInstalled } from "../tests/process/installed.ts";
import { readFlags, refuse } from "../tools/refusal.ts";
import { wholeNumber } from "../tools/whole_number.ts";

const HELP = `RaftKV and etcd side by side: three processes each, on this machine, in one run

Usage: deno task bench [--short] [--alone] [--outages] [--rounds N] [--seconds N] [--kills N]
                       [--keys N] [--out DIR]

  --short      one round of a second, two kills, no large store: to see that it works
  --alone      leave etcd out
  --outages    nothing but leaders that are killed or hand over
  --rounds N   rounds of each load, the systems in turn (5)
  --seconds N  seconds of each load (5)
  --kills N    leaders to kill (20)
  --keys N     keys of the large store, 0 for none (1000000)
  --out DIR    where result.json and result.svg are written (not written if not given)

It needs wrk, and for etcd its two packages and nghttp2-client:
apt-get install wrk etcd-server etcd-client nghttp2-client`;

const TASK = "bench";

const FULL: Scale = { rounds: 5, seconds: 5, kills: 20, keys: 1_000_000 };
const SHORT: Scale = { rounds: 1, seconds: 1, kills: 2, keys: 0 };

const flags = parseArgs(Deno.args, {
  boolean: ["short", "alone", "outages", "help"],
  string: ["rounds", "seconds", "kills", "keys", "out"],
  unknown: (flag) => refuse(TASK, `Cannot take ${flag}`),
});

if (flags.help) console.log(HELP);
else Deno.exit(await bench());

async function bench(): Promise<number> {
  const scale = readFlags(TASK, () => scaleOf(flags.short ? SHORT : FULL));
  if (!await isInstalled("wrk")) {
    console.error("Cannot run the bench: wrk is not installed (apt-get install wrk)");
    return 1;
  }
  const version = flags.alone ? null : await etcdVersion();
  if (version === null) {
    console.error(
      `RaftKV is measured alone: ${flags.alone ? "as asked" : "etcd is not installed"}`,
    );
  }
  const rows: Row[] = [];
  await using raftkv = await startRaftKv();
  await using etcd = version === null ? null : await startEtcd(version);
  const onStep = (what: string) =>
    console.error(`${new Date().toISOString().slice(11, 19)} ${what}`);
  const field = {
    raftkv,
    etcd,
    hasGrpc: etcd !== null && await isInstalled("h2load"),
    scale,
    onlyOutages: flags.outages,
    onStep,
  };
  try {
    for await (const row of measure(field)) rows.push(row);
  } finally {
    // What took a quarter of an hour to measure is not to go with a step that fails at the end.
    console.log(tableOf(rows));
    if (flags.out !== undefined) await write(flags.out, { rows, etcd: version, scale });
  }
  return 0;
}

function scaleOf(base: Scale): Scale {
  const numberOf = (name: keyof Scale, min: number) =>
    wholeNumber(name, { text: flags[name], base: base[name], min });
  return {
    rounds: numberOf("rounds", 1),
    seconds: numberOf("seconds", 1),
    kills: numberOf("kills", 1),
    keys: numberOf("keys", 0),
  };
}

async function write(
  directory: string,
  { rows, etcd, scale }: {
    readonly rows: readonly Row[];
    readonly etcd: string | null;
    readonly scale: Scale;
  },
): Promise<void> {
  await Deno.mkdir(directory, { recursive: true });
  const about = {
    date: new Date().toISOString(),
    deno: Deno.version.deno,
    etcd,
    cores: navigator.hardwareConcurrency,
    system: Deno.osRelease(),
    scale,
  };
  await Deno.writeTextFile(
    `${directory}/result.json`,
    JSON.stringify({ about, rows }, null, 2) + "\n",
  );
  await Deno.writeTextFile(
    `${directory}/result.svg`,
    chartOf(rows, "RaftKV by etcd; a second: more is better; ms, MiB: less is"),
  );
}
