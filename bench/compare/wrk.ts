/**
 * A closed loop of HTTP clients, each waiting for its answer before it asks again: `wrk` from
 * Debian's packages, which takes far less of the two cores than a generator of our own would.
 *
 * @module
 */

import type { HttpCall } from "./system.ts";

/** What came of a load. */
export interface LoadResult {
  /** Answers a second. */
  readonly rate: number;
  /** Half of the answers took no longer, in milliseconds. */
  readonly p50Ms: number;
  /** 99 of 100 took no longer, in milliseconds. */
  readonly p99Ms: number;
  /** The share of one core that the generator itself took. */
  readonly generatorCores: number;
}

/** What to load with. */
export interface LoadOptions {
  readonly url: string;
  /** One of these is drawn for each request. */
  readonly calls: readonly HttpCall[];
  readonly clients: number;
  readonly seconds: number;
}

/**
 * Loads one node.
 *
 * @throws if any request failed: a rate with failures in it says nothing
 */
export async function closedLoop(
  { url, calls, clients, seconds }: LoadOptions,
): Promise<LoadResult> {
  const script = await Deno.makeTempFile({ suffix: ".lua" });
  try {
    await Deno.writeTextFile(script, scriptOf(calls));
    const args = ["-t1", `-c${clients}`, `-d${seconds}`, "--timeout", "10", "-s", script, url];
    const command = new Deno.Command("bash", {
      args: ["-c", 'TIMEFORMAT="cpu %U %S"; time wrk "$@"', "wrk", ...args],
    });
    const { success, stdout, stderr } = await command.output();
    const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    if (!success) throw new Error(`Cannot load ${url}: ${said}`);
    return parse(said, seconds);
  } finally {
    await Deno.remove(script);
  }
}

function scriptOf(calls: readonly HttpCall[]): string {
  const lines = calls.map(({ method, path, body }) =>
    `  wrk.format("${method}", ${quoted(path)}, headers, ${body === "" ? "nil" : quoted(body)}),`
  );
  return [
    'local headers = { ["content-type"] = "application/json" }',
    "local requests = {}",
    "function init()",
    `  local function add(list) for _, each in ipairs(list) do requests[#requests + 1] = each end end`,
    // One table constructor of Lua holds a limited number of values of a limited size.
    ...chunks(lines, 1_000).map((chunk) => `  add({\n${chunk.join("\n")}\n  })`),
    "end",
    "function request() return requests[math.random(#requests)] end",
    "function done(summary, latency)",
    "  local e = summary.errors",
    "  local failed = e.connect + e.read + e.write + e.status + e.timeout",
    '  io.write(string.format("result %d %d %f %f %d\\n", summary.requests, summary.duration,',
    "    latency:percentile(50), latency:percentile(99), failed))",
    "end",
  ].join("\n");
}

function chunks<T>(all: readonly T[], size: number): T[][] {
  const count = Math.ceil(all.length / size);
  return Array.from({ length: count }, (_, at) => all.slice(at * size, (at + 1) * size));
}

/** JSON text of plain ASCII is a Lua string as well. */
function quoted(text: string): string {
  return JSON.stringify(text);
}

function parse(said: string, seconds: number): LoadResult {
  const [, requests, durationUs, p50Us, p99Us, failed] =
    /^result (\d+) (\d+) ([\d.]+) ([\d.]+) (\d+)$/m.exec(said) ?? [];
  const [, user, system] = /^cpu ([\d.]+) ([\d.]+)$/m.exec(said) ?? [];
  if (requests === undefined || user === undefined) throw new Error(`Cannot read wrk: ${said}`);
  if (failed !== "0") throw new Error(`Cannot use a load: ${failed} requests failed`);
  return {
    rate: Number(requests) / (Number(durationUs) / 1e6),
    p50Ms: Number(p50Us) / 1_000,
    p99Ms: Number(p99Us) / 1_000,
    generatorCores: (Number(user) + Number(system)) / seconds,
  };
}
