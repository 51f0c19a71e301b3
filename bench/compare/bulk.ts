/**
 * A store with many keys: what it takes in memory, how long it takes to come back after a kill, and
 * what writers feel of a snapshot of it.
 *
 * @module
 */

import { until } from "../../tests/process/until.ts";
import { openLoop, type OpenLoopResult } from "./open_loop.ts";
import { residentBytes, send, type System, type SystemNode } from "./system.ts";

/** Keys and values of one shape. */
export interface Filling {
  readonly keys: number;
  readonly valueBytes: number;
}

/** Bytes of all keys and values of a filling. */
export function rawBytesOf({ keys, valueBytes }: Filling): number {
  return keys * (bulkKey(0).length + valueBytes);
}

/** The name of the key of this number; all are of one length. */
export function bulkKey(number: number): string {
  return `bulk-${`${number}`.padStart(8, "0")}`;
}

/** Operations of one transaction: the most that etcd takes by default. */
const PAIRS_PER_CALL = 128;
const CALLS_AT_ONCE = 16;

/** Writes every key once. */
export async function fill(system: System, { keys, valueBytes }: Filling): Promise<void> {
  const { url } = await system.leader();
  const value = "v".repeat(valueBytes);
  let next = 0;
  const worker = async () => {
    while (next < keys) {
      const first = next;
      next = Math.min(keys, first + PAIRS_PER_CALL);
      const numbers = Array.from({ length: next - first }, (_, at) => first + at);
      const call = system.putAllCall(numbers.map((number) => [bulkKey(number), value] as const));
      await send(url, call, { timeoutMs: 60_000 });
    }
  };
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, worker));
}

/** The memory of the node that has most, in bytes, once all are at rest. */
export async function residentBytesMax(system: System): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  const all = system.nodes.flatMap(({ pid }) => pid === null ? [] : [residentBytes(pid)]);
  return Math.max(...await Promise.all(all));
}

/** Kills a follower and starts it again: milliseconds until it serves. */
export async function startAgain(system: System): Promise<number> {
  const leader = await system.leader();
  const node = system.nodes.find((each) => each !== leader) as SystemNode;
  await node.kill();
  const startMs = performance.now();
  node.start();
  await until(`${node.name} to serve again`, () => node.isHealthy());
  return performance.now() - startMs;
}

/** What a leader answered for a while. */
export interface Answered {
  readonly writes: OpenLoopResult;
  /** The longest time that a request which needs no disk waited for its answer, in milliseconds. */
  readonly stallMs: number;
}

/** The same load beside a snapshot, and without one. */
export interface SnapshotEffect {
  readonly calm: Answered;
  readonly beside: Answered;
}

const WRITES_PER_SECOND = 500;
const PROBES_PER_SECOND = 500;
const ASK_EVERY_MS = 200;

/** Makes RaftKV's leader write a snapshot of a filled store, and measures from outside. */
export async function snapshotEffect(
  system: System,
  { keys, snapshotLogBytesMin, seconds }: {
    readonly keys: number;
    readonly snapshotLogBytesMin: number;
    readonly seconds: number;
  },
): Promise<SnapshotEffect> {
  const { url } = await system.leader();
  const value = "w".repeat(256);
  const callOf = (number: number) => system.putCall(bulkKey(number * 7919 % keys), value);
  const probeOf = () => ({ method: "GET", path: "/health", body: "" });
  const answered = async (isOver: () => boolean): Promise<Answered> => {
    const [writes, probes] = await Promise.all([
      openLoop(url, { callOf, rate: WRITES_PER_SECOND, seconds, isOver }),
      openLoop(url, { callOf: probeOf, rate: PROBES_PER_SECOND, seconds, isOver }),
    ]);
    return { writes, stallMs: probes.maxMs };
  };
  const calm = await answered(() => true);
  const before = await snapshotIndexOf(url);
  // What the log lacks until a snapshot is due, in a few large values.
  const large = "x".repeat(512 * 1024);
  for (let bytes = 0; bytes <= snapshotLogBytesMin; bytes += large.length) {
    await send(url, system.putCall("large", large));
  }
  let isSaved = false;
  const [beside] = await Promise.all([
    answered(() => isSaved),
    until("the snapshot to be written", async () => {
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
      return await snapshotIndexOf(url) > before;
    }).finally(() => {
      isSaved = true;
    }),
  ]);
  return { calm, beside };
}

async function snapshotIndexOf(url: string): Promise<number> {
  const response = await fetch(`${url}/cluster/status`);
  const { nodeId, nodes } = await response.json();
  return nodes.find((node: { id: string }) => node.id === nodeId).snapshotIndex;
}
