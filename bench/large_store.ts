/**
 * A large store in one process: what it takes in memory, what a put costs in it, how long it takes to
 * be read from a snapshot, and for how long writing one holds up everything else.
 *
 * Run it with `deno task bench:large`. Of whatever is timed it prints the shortest of several rounds,
 * which other work on the machine disturbed least, and of the longest turns the least.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { encodeCommand, type Key, KvStateMachine, type Operation } from "@raftkv/core/kv";
import type { LogIndex, NodeId, Term, Ticket } from "@raftkv/core/raft";
import { configurationOf } from "@raftkv/core/raft";
import { openStore } from "@raftkv/storage";
import { bulkKey, rawBytesOf } from "./compare/bulk.ts";

const KEYS = 1_000_000;
const VALUE = new TextEncoder().encode("v".repeat(256));
const PUTS_PER_COMMIT = 128;
const ROUNDS = 5;

/** A store and the log that it applies. */
class Filled {
  readonly machine = new KvStateMachine();
  readonly #keys: number;
  readonly #payloads: Uint8Array[] = [];
  index = 0;

  constructor(keys: number) {
    this.#keys = keys;
    for (let first = 0; first < keys; first += PUTS_PER_COMMIT) {
      const count = Math.min(PUTS_PER_COMMIT, keys - first);
      this.#apply(commitOf(Array.from({ length: count }, (_, at) => first + at)));
    }
    for (let at = 0; at < 10_000; at++) this.#payloads.push(commitOf([at * 7919 % keys]));
  }

  /** Overwrites so many keys, and lets go of what the policy no longer keeps. */
  overwrite(count: number): void {
    for (let at = 0; at < count; at++) {
      this.#apply(this.#payloads[at % this.#payloads.length] as Uint8Array);
      if (at % 1_000 > 0) continue;
      const due = this.machine.maintenance({ term: 1, timeMs: 1 });
      if (due !== null) this.#apply(due);
    }
  }

  get rawBytes(): number {
    return rawBytesOf({ keys: this.#keys, valueBytes: VALUE.length });
  }

  #apply(payload: Uint8Array): void {
    const index = ++this.index as LogIndex;
    this.machine.apply({ index, term: 1 as Term, kind: "command", timeMs: 1, payload });
  }
}

function commitOf(numbers: readonly number[]): Uint8Array {
  const operations = numbers.map((number): Operation => {
    return { kind: "put", key: bulkKey(number) as Key, value: VALUE, encoding: "text" };
  });
  return encodeCommand({ kind: "commit", operations });
}

/** Bytes on the heap and outside of it, garbage aside. */
function usedBytes(): number {
  const collect = (globalThis as { gc?: () => void }).gc;
  if (collect === undefined) throw new Error("Cannot measure memory without --expose-gc");
  collect();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

function shortestMs(work: () => void, rounds = ROUNDS): number {
  const times = Array.from({ length: rounds }, () => {
    const startMs = performance.now();
    work();
    return performance.now() - startMs;
  });
  return Math.min(...times);
}

/** The longest turn of the event loop while a snapshot is written to disk, and how long that took. */
async function besideSnapshot(machine: KvStateMachine): Promise<[turnMs: number, ms: number]> {
  const directory = await Deno.makeTempDir();
  const store = await openStore(`${directory}/n1`, { clusterId: "b", nodeId: "n1" as NodeId });
  const [index, term] = [1 as LogIndex, 1 as Term];
  const noop = { index, term, kind: "noop", timeMs: 1, payload: new Uint8Array(0) } as const;
  const hardState = { term, votedFor: null };
  await store.append({ ticket: 0 as Ticket, hardState, entries: [noop], repairs: [] });
  let turnMs = 0;
  let isSaved = false;
  const turns = async () => {
    for (let lastMs = performance.now(); !isSaved;) {
      await new Promise((resolve) => setImmediate(resolve));
      const nowMs = performance.now();
      turnMs = Math.max(turnMs, nowMs - lastMs);
      lastMs = nowMs;
    }
  };
  const turning = turns();
  const configuration = configurationOf([{ id: "n1" as NodeId, url: "http://localhost:1" }]);
  const startMs = performance.now();
  // As fast as it can, as when a node stops.
  const point = { last: { index, term }, configuration };
  await store.saveSnapshot(point, machine.snapshot(), () => true);
  const ms = performance.now() - startMs;
  isSaved = true;
  await turning;
  await store.close();
  await Deno.remove(directory, { recursive: true });
  return [turnMs, ms];
}

const beforeBytes = usedBytes();
const large = new Filled(KEYS);
const perKey = (usedBytes() - beforeBytes) / KEYS;
const raw = large.rawBytes / KEYS;
console.log(
  `memory: ${perKey.toFixed(0)} B a key, ${(perKey / raw).toFixed(2)} times its ${raw} B`,
);

const restoreMs = shortestMs(() => {
  const restorer = new KvStateMachine().restorer();
  for (const slice of large.machine.snapshot()) restorer.push(slice);
  restorer.finish();
});
console.log(`snapshot made and read: ${restoreMs.toFixed(0)} ms`);

const snapshots: [number, number][] = [];
for (let round = 0; round < ROUNDS; round++) snapshots.push(await besideSnapshot(large.machine));
const [turnMs, saveMs] = [0, 1].map((at) =>
  Math.min(...snapshots.map((each) => each[at] as number))
);
console.log(`snapshot saved: ${saveMs?.toFixed(0)} ms, longest turn ${turnMs?.toFixed(1)} ms`);

const PUTS = 10_000;
const costs = [new Filled(1_000), new Filled(10_000), large].map((store) => {
  // Until there is as much of a past as is kept.
  store.overwrite(20 * PUTS);
  return shortestMs(() => store.overwrite(PUTS), 30) / PUTS * 1_000;
});
console.log(
  `put in 1,000, 10,000 and ${KEYS} keys: ${costs.map((us) => us.toFixed(2)).join(", ")} µs`,
);
