/**
 * The longest stretches for which one request may hold the event loop: a slice of the worst body that
 * may come in, and the largest commits, applied.
 *
 * @module
 */

import { LIMITS } from "@raftkv/core";
import {
  type Command,
  encodeCommand,
  type Key,
  keyFromText,
  KvStateMachine,
  prefixEnd,
  WatchCursor,
} from "@raftkv/core/kv";
import type { LogIndex, Term } from "@raftkv/core/raft";
import { getAnswer } from "../server/answers.ts";
import { JsonInput, SLICE_UNITS } from "../server/json_input.ts";
import { txn } from "../server/operations/write.ts";
import { eventsMessage, SLICE_EVENTS } from "../server/watch_message.ts";
import { EVENT_STREAM } from "../server/watch_stream.ts";

/** A body of the largest size, all but its beginning and end made of one unit. */
function bodyOf(head: string, unit: string, tail: string): string {
  const count = Math.floor((LIMITS.requestBytesMax - head.length - tail.length) / unit.length);
  return `${head}${unit.repeat(count)}${tail}`;
}

const VALUE = '{"success":[{"put":{"key":"a","value":[';
const BODIES = {
  "ones in a value": bodyOf(VALUE, "1,", "1]}}]}"),
  "arrays in a value": bodyOf(VALUE, "[],", "[]]}}]}"),
  "strings in a value": bodyOf(VALUE, '"",', '""]}}]}'),
  "quotes in a text": bodyOf('{"success":[{"put":{"key":"a","value":"', '\\"', '"}}]}'),
  "operations": bodyOf('{"success":[', "{},", "{}]}"),
};

for (const [name, body] of Object.entries(BODIES)) {
  Deno.bench(`read a slice of ${SLICE_UNITS} characters: ${name}`, (bench) => {
    const input = new JsonInput(body);
    bench.start();
    input.readSlice();
    bench.end();
  });
}

const PUTS = Array.from({ length: LIMITS.commitOperationsMax }, (_, at) => ({
  put: {
    key: `k${at}`,
    value: "v".repeat(LIMITS.requestBytesMax / LIMITS.commitOperationsMax - 60),
  },
}));

Deno.bench("make the command of a transaction of 1.5 MiB", () => {
  const ask = txn.begin({ success: PUTS });
  if (ask.kind === "propose") encodeCommand(ask.command);
});

/** A machine, and what to apply to it. */
class Subject {
  readonly machine = new KvStateMachine();
  #index = 0;

  constructor(keys: { readonly count: number; readonly sizeBytes: number }) {
    const { count, sizeBytes } = keys;
    this.apply({ kind: "lease_grant", lease: 7, ttlMs: 1_000 });
    for (let from = 0; from < count; from += 128) {
      const operations = Array.from({ length: 128 }, (_, at) => ({
        kind: "put" as const,
        key: keyFromText(String(from + at).padStart(sizeBytes, "k"))!,
        value: new Uint8Array(8),
        encoding: "bytes" as const,
        lease: 7,
      }));
      this.apply({ kind: "commit", operations });
    }
  }

  apply(command: Command): void {
    const index = ++this.#index as LogIndex;
    const payload = encodeCommand(command);
    this.machine.apply({ index, term: 1 as Term, kind: "command", timeMs: 1, payload });
  }
}

const EVERYTHING = { start: "k" as Key, end: prefixEnd("k" as Key) };
const DELETE: Command = {
  kind: "commit",
  operations: [{ kind: "delete_range", ...EVERYTHING }],
};
const SIZES = [
  { count: LIMITS.commitRangeKeysMax, sizeBytes: 16 },
  { count: LIMITS.commitRangeKeysMax, sizeBytes: 128 },
  { count: LIMITS.leaseKeyBytesMax / LIMITS.keyBytesMax, sizeBytes: LIMITS.keyBytesMax },
];

for (const size of SIZES) {
  const name = `${size.count} keys of ${size.sizeBytes} bytes`;
  Deno.bench(`delete a range of ${name}, on a lease`, (bench) => {
    const subject = new Subject(size);
    bench.start();
    subject.apply(DELETE);
    bench.end();
  });
  Deno.bench(`revoke a lease of ${name}`, (bench) => {
    const subject = new Subject(size);
    bench.start();
    subject.apply({ kind: "lease_revoke", lease: 7 });
    bench.end();
  });
  Deno.bench(`read a slice of the deletion of ${name}, for a watch`, (bench) => {
    const { machine, cursor } = watched(size);
    bench.start();
    cursor.take(machine, SLICE_EVENTS);
    bench.end();
  });
  Deno.bench(`write a slice of that`, (bench) => {
    const slices = messageOf(watched(size));
    slices.next();
    bench.start();
    slices.next();
    bench.end();
  });
  Deno.bench(`hand over the whole of it`, (bench) => {
    const { revision } = watched(size).machine;
    const slices = messageOf(watched(size));
    let made = slices.next();
    while (made.done !== true) made = slices.next();
    const json = made.value!;
    bench.start();
    new TextEncoder().encode(EVENT_STREAM({ type: "events", revision, json }));
    bench.end();
  });
}

/** A value all of whose characters JSON has to escape: nothing takes longer to write. */
const WORST = new Uint8Array(LIMITS.valueBytesMax).fill(1);

Deno.bench("write the largest value that there is, at its worst", () => {
  const history = { createRevision: 1, modRevision: 1, version: 1 };
  getAnswer({ key: "k" as Key, value: WORST, encoding: "text", ...history }, 1);
});

/** A machine whose last revision deleted everything, and a watch of that. */
function watched(size: typeof SIZES[number]) {
  const subject = new Subject(size);
  subject.apply(DELETE);
  const { machine } = subject;
  const { revision } = machine;
  const kinds = ["put", "delete"] as const;
  return {
    machine,
    cursor: new WatchCursor({ ...EVERYTHING, kinds }, revision),
    watch: { range: EVERYTHING, kinds, revision, prevKv: true, bookmarkMs: 1_000 },
  };
}

function messageOf({ machine, watch }: ReturnType<typeof watched>) {
  const { revision } = machine;
  return eventsMessage([...machine.eventsAt(revision, () => true)], { revision, watch });
}
