/**
 * What is measured, in which order, and what is wanted of it.
 *
 * @module
 */

import { fill, rawBytesOf, residentBytesMax, snapshotEffect, startAgain } from "./bulk.ts";
import { grpcLoop, putCall, rangeCall } from "./h2load.ts";
import { openLoop } from "./open_loop.ts";
import { failover, handOver } from "./outage.ts";
import { lastWatcher, socketLoop } from "./socket_loop.ts";
import { type Spread, spreadOf } from "./statistics.ts";
import { type HttpCall, send, type System } from "./system.ts";
import type { Goal, Row } from "./table.ts";
import { closedLoop, type LoadResult } from "./wrk.ts";

/** How much to measure. */
export interface Scale {
  /** Rounds of each load, the two systems in turn. */
  readonly rounds: number;
  /** Seconds of each load. */
  readonly seconds: number;
  /** Leaders to kill. */
  readonly kills: number;
  /** Keys of the large store; 0 for none. */
  readonly keys: number;
}

/** The systems, and whether gRPC can be spoken to etcd. */
export interface Field {
  readonly raftkv: System;
  readonly etcd: System | null;
  readonly hasGrpc: boolean;
  readonly scale: Scale;
  /** Whether nothing but outages is measured. */
  readonly onlyOutages?: boolean;
  /** Told before each step. */
  readonly onStep: (what: string) => void;
}

const KEYS = 10_000;
const VALUE = "v".repeat(256);
const keyOf = (number: number) => `key-${`${number}`.padStart(5, "0")}`;

/** Everything, row by row. */
export async function* measure(field: Field): AsyncGenerator<Row> {
  const { raftkv, etcd, scale, onStep } = field;
  if (field.onlyOutages === true) return yield* outageRows(field);
  for (const system of systemsOf(field)) {
    onStep(`filling ${system.name}`);
    for (let first = 0; first < KEYS; first += 100) {
      const { url } = await system.leader();
      const call = system.putAllCall(numbers(100).map((at) => [keyOf(first + at), VALUE]));
      await send(url, call);
    }
  }
  for (const load of LOADS) yield* rowsOf(field, load);
  yield* pipelinedRows(field);
  yield* outageRows(field);
  if (scale.keys > 0) yield* bulkRows({ raftkv, etcd, scale, onStep });
}

interface Load {
  readonly work: string;
  readonly callOf: (system: System) => (number: number) => HttpCall;
  readonly grpc: "Put" | "Range" | null;
  readonly clients: number;
  /** Of the rate over the JSON gateway, and over gRPC. */
  readonly goals: readonly [json: Goal | null, grpc: Goal | null];
  /** Of half of the answers; the rate counts if not given. */
  readonly latency?: true;
}

const put = (system: System) => (number: number) => system.putCall(keyOf(number), VALUE);
const get = (system: System) => (number: number) => system.getCall(keyOf(number));
const atLeast = (bound: number): Goal => ({ of: "ratio", atLeast: bound });
const atMost = (bound: number): Goal => ({ of: "ratio", atMost: bound });

const LOADS: readonly Load[] = [
  {
    work: "PUT, 64 clients",
    callOf: put,
    grpc: "Put",
    clients: 64,
    goals: [atLeast(4), atLeast(3)],
  },
  { work: "PUT, 256 clients", callOf: put, grpc: "Put", clients: 256, goals: [atLeast(5), null] },
  { work: "PUT, 512 clients", callOf: put, grpc: "Put", clients: 512, goals: [null, null] },
  {
    work: "PUT alone, half within",
    callOf: put,
    grpc: "Put",
    clients: 1,
    goals: [atMost(0.5), atMost(0.5)],
    latency: true,
  },
  {
    work: "GET, 64 clients",
    callOf: get,
    grpc: "Range",
    clients: 64,
    goals: [atLeast(5), atLeast(4)],
  },
];

async function* rowsOf(field: Field, load: Load): AsyncGenerator<Row> {
  const { scale: { rounds, seconds }, raftkv, etcd, hasGrpc, onStep } = field;
  const { work, clients, callOf } = load;
  const [own, json, grpc]: [LoadResult[], LoadResult[], LoadResult[]] = [[], [], []];
  const figureOf = ({ p50Ms, rate }: LoadResult) => load.latency === true ? p50Ms : rate;
  const over = async (system: System) => {
    const { url } = await system.leader();
    const calls = numbers(KEYS).map(callOf(system));
    return await closedLoop({ url, calls, clients, seconds });
  };
  for (let round = 1; round <= rounds; round++) {
    onStep(`${work}, round ${round} of ${rounds}`);
    own.push(await over(raftkv));
    if (etcd === null) continue;
    json.push(await over(etcd));
    if (!hasGrpc || load.grpc === null) continue;
    const { url } = await etcd.leader();
    const call = load.grpc === "Put" ? putCall(keyOf(1), VALUE) : rangeCall(keyOf(1));
    grpc.push(await grpcLoop(url, { call, clients, seconds }));
  }
  const unit = load.latency === true ? "ms" : "a second";
  const name = (door: string) => etcd === null ? work : `${work}; etcd over ${door}`;
  const row = (door: string, goal: Goal | null, others: readonly LoadResult[]) => {
    const about = { work: name(door), unit, goal };
    return { ...compared(about, own.map(figureOf), others.map(figureOf)), ...loadOf(own, others) };
  };
  yield row("JSON", load.goals[0], json);
  if (grpc.length > 0) yield row("gRPC", load.goals[1], grpc);
}

const IN_FLIGHT = 512;
const WATCHES = 10_000;

async function* pipelinedRows(field: Field): AsyncGenerator<Row> {
  const { raftkv, etcd, hasGrpc, scale: { rounds, seconds }, onStep } = field;
  const [own, grpc]: [LoadResult[], LoadResult[]] = [[], []];
  const watched: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    onStep(`${IN_FLIGHT} PUT under way, round ${round} of ${rounds}`);
    const requestOf = (number: number) => ({ op: "put", key: keyOf(number % KEYS), value: VALUE });
    const { url } = await raftkv.leader();
    own.push(await socketLoop(url, { requestOf, inFlight: IN_FLIGHT, seconds }));
    watched.push(await lastWatcher(url, WATCHES));
    if (etcd === null || !hasGrpc) continue;
    const call = putCall(keyOf(1), VALUE);
    const leader = await etcd.leader();
    grpc.push(await grpcLoop(leader.url, { call, clients: IN_FLIGHT, seconds }));
  }
  const work = `PUT, ${IN_FLIGHT} under way on one WebSocket; etcd: ${IN_FLIGHT} clients over gRPC`;
  const rateOf = ({ rate }: LoadResult) => rate;
  yield {
    ...compared({ work, unit: "a second", goal: atLeast(4) }, own.map(rateOf), grpc.map(rateOf)),
    ...loadOf(own, grpc),
  };
  const goal: Goal = { of: "raftkv", atMost: 500 };
  yield compared({ work: "one PUT, the last of 10,000 watches", unit: "ms", goal }, watched, []);
}

async function* outageRows(field: Field): AsyncGenerator<Row> {
  const { scale: { rounds, kills, seconds }, onStep } = field;
  const open: Figures = {};
  const gaps: Figures = {};
  const handOvers: Figures = {};
  for (let round = 1; round <= rounds; round++) {
    for (const system of systemsOf(field)) {
      onStep(`${system.name}: 1,000 writes a second, whatever comes, round ${round} of ${rounds}`);
      const { url } = await system.leader();
      const result = await openLoop(url, { callOf: put(system), rate: 1_000, seconds });
      if (result.failed > 0) throw new Error(`Cannot use a load: ${result.failed} writes failed`);
      add(open, system, result.p99Ms);
    }
  }
  for (const system of systemsOf(field)) {
    for (let kill = 1; kill <= kills; kill++) {
      onStep(`${system.name}: killing leader ${kill} of ${kills}`);
      add(gaps, system, await failover(system));
    }
    for (let round = 1; round <= Math.ceil(kills / 4); round++) {
      onStep(`${system.name}: hand-over ${round}`);
      const { gapMs, failed } = await handOver(system);
      add(handOvers, system, failed > 0 ? Infinity : gapMs);
    }
  }
  const row = (work: string, goal: Goal | null, figures: Figures) =>
    compared({ work, unit: "ms", goal }, figures["RaftKV"] ?? [], figures["etcd"] ?? []);
  yield row("1,000 PUT a second, 99 % within", null, open);
  yield row("leader killed, next write after", atMost(0.3), gaps);
  yield row("hand-over, longest gap (∞: a write failed)", { of: "raftkv", atMost: 50 }, handOvers);
}

/** What was measured of each system, by its name. */
type Figures = Record<string, number[]>;

function add(figures: Figures, { name }: System, figure: number): void {
  (figures[name] ??= []).push(figure);
}

async function* bulkRows(
  field: Pick<Field, "raftkv" | "etcd" | "scale" | "onStep">,
): AsyncGenerator<Row> {
  const { raftkv, scale: { keys, seconds }, onStep } = field;
  const filling = { keys, valueBytes: 256 };
  const memory: Record<string, number[]> = {};
  const starts: Record<string, number[]> = {};
  const rates: number[] = [];
  const rate = async () => {
    const { url } = await raftkv.leader();
    const calls = numbers(KEYS).map(put(raftkv));
    rates.push((await closedLoop({ url, calls, clients: 64, seconds })).rate);
  };
  await rate();
  for (const system of systemsOf(field)) {
    onStep(`${system.name}: filling in ${keys} keys`);
    await fill(system, filling);
    memory[system.name] = [await residentBytesMax(system) / 2 ** 20];
    onStep(`${system.name}: killing and starting a node`);
    starts[system.name] = [await startAgain(system)];
  }
  await rate();
  const [small = NaN, large = NaN] = rates;
  const work = (text: string) => `${keys} keys: ${text}`;
  const row = (text: string, { unit, goal, figures }: {
    readonly unit: string;
    readonly goal: Goal | null;
    readonly figures: Record<string, number[]>;
  }) => compared({ work: work(text), unit, goal }, figures["RaftKV"] ?? [], figures["etcd"] ?? []);
  yield row("memory of a node", { unit: "MiB", goal: atMost(1), figures: memory });
  const raw = rawBytesOf(filling) / 2 ** 20;
  const times = (memory["RaftKV"]?.[0] ?? NaN) / raw;
  yield alone({ work: work("memory by raw bytes"), unit: "times" }, times, { atMost: 2 });
  yield row("start after kill -9", { unit: "ms", goal: atMost(1), figures: starts });
  yield alone(
    { work: work("cost of a PUT, by that in a small store"), unit: "times" },
    small / large,
    {
      atMost: 1.3,
    },
  );
  onStep("writing beside a snapshot");
  const effect = await snapshotEffect(raftkv, {
    keys,
    snapshotLogBytesMin: 64 * 1024 * 1024,
    seconds: Math.max(10, seconds),
  });
  const { calm, beside } = effect;
  yield alone({ work: work("longest stall beside a snapshot"), unit: "ms" }, beside.stallMs, {
    atMost: 20,
  });
  yield alone({ work: work("longest stall without one"), unit: "ms" }, calm.stallMs, null);
  const slower = beside.writes.p99Ms / calm.writes.p99Ms;
  yield alone({ work: work("99 % of PUTs beside a snapshot, by without"), unit: "times" }, slower, {
    atMost: 2,
  });
}

function compared(
  about: Pick<Row, "work" | "unit" | "goal">,
  own: readonly number[],
  others: readonly number[],
): Row {
  const raftkv = spread(own);
  const etcd = spread(others);
  return { ...about, raftkv, etcd, ratio: raftkv && etcd ? raftkv.median / etcd.median : null };
}

function loadOf(
  own: readonly LoadResult[],
  others: readonly LoadResult[],
): Pick<Row, "generatorCores"> {
  const coresOf = (results: readonly LoadResult[]) =>
    spread(results.map(({ generatorCores }) => generatorCores))?.median ?? null;
  const raftkv = coresOf(own);
  return raftkv === null ? {} : { generatorCores: { raftkv, etcd: coresOf(others) } };
}

function alone(
  about: Pick<Row, "work" | "unit">,
  figure: number,
  goal: { readonly atMost: number } | null,
): Row {
  const goalOf: Goal | null = goal === null ? null : { of: "raftkv", ...goal };
  return { ...about, raftkv: spread([figure]), etcd: null, ratio: null, goal: goalOf };
}

function spread(figures: readonly number[]): Spread | null {
  return figures.length === 0 ? null : spreadOf(figures);
}

function systemsOf({ raftkv, etcd }: Pick<Field, "raftkv" | "etcd">): readonly System[] {
  return etcd === null ? [raftkv] : [raftkv, etcd];
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at);
}
