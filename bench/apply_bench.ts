/**
 * The state machine by itself: what a replica spends on each entry once it is committed.
 *
 * @module
 */

import { encodeCommand, KvStateMachine } from "@raftkv/core/kv";
import type { Entry, LogIndex, Term } from "@raftkv/core/raft";

const encoder = new TextEncoder();
const value = encoder.encode("v".repeat(256));

function putEntry(index: number, number: number): Entry {
  const key = `key-${`${number}`.padStart(8, "0")}`;
  const payload = encodeCommand({
    kind: "commit",
    operations: [{ kind: "put", key: key as never, value, encoding: "text" }],
  });
  return { index: index as LogIndex, term: 1 as Term, kind: "command", timeMs: 1, payload };
}

/** A machine that holds `keys` keys, and entries that each overwrite one of them. */
class Overwritten {
  readonly machine = new KvStateMachine();
  readonly #payloads: Uint8Array[] = [];
  #index = 0;

  constructor(keys: number) {
    for (let number = 0; number < keys; number++) {
      this.machine.apply(putEntry(++this.#index, number));
    }
    for (let at = 0; at < 10_000; at++) this.#payloads.push(putEntry(1, at * 7919 % keys).payload);
  }

  apply(count: number): void {
    for (let at = 0; at < count; at++) {
      const payload = this.#payloads[this.#index % 10_000] as Uint8Array;
      const index = ++this.#index as LogIndex;
      this.machine.apply({ index, term: 1 as Term, kind: "command", timeMs: 1, payload });
    }
  }
}

for (const keys of [1_000, 10_000, 1_000_000]) {
  let overwritten: Overwritten | null = null;
  Deno.bench(`apply 100 puts, ${keys} keys`, (bench) => {
    overwritten ??= new Overwritten(keys);
    bench.start();
    overwritten.apply(100);
    bench.end();
  });
}

const RANGE_KEYS = 100_000;
let filled: Overwritten | null = null;

for (const limit of [100, 1_000]) {
  Deno.bench(`read a range of ${limit} of ${RANGE_KEYS} keys`, (bench) => {
    filled ??= new Overwritten(RANGE_KEYS);
    bench.start();
    const { records } = filled.machine.range({
      start: "key-00010000" as never,
      end: null,
      limit,
      bytesMax: Infinity,
    });
    bench.end();
    if (records.length !== limit) throw new Error(`Cannot use a range of ${records.length} keys`);
  });
}
