// A revision that changed thousands of keys is told whole, through every door, and in no turn of the
// event loop is more than a few hundred of its events read or written. Counted, not timed, so that it
// holds on a loaded machine.

import { setImmediate } from "node:timers";
import { assert, assertEquals } from "@std/assert";
import { LIMITS } from "@raftkv/core";
import {
  type Command,
  type Key,
  keyFromText,
  type KeyRange,
  type KvEvent,
  type KvRecord,
  prefixEnd,
} from "@raftkv/core/kv";
import { eventsMessage, SLICE_EVENTS } from "../../server/watch_message.ts";
import { Watcher } from "../../server/websocket/watch_groups.ts";
import { WatchHub } from "../../server/websocket/watch_hub.ts";
import { appUnderTest } from "./app_under_test.ts";
import type { FakePort } from "./fake_port.ts";

const KEYS = LIMITS.commitRangeKeysMax;
const RANGE = { start: "k" as Key, end: prefixEnd("k" as Key) };
/** A turn may end a slice of reading and begin one of writing. */
const TURN_EVENTS_MAX = 2 * SLICE_EVENTS;

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Counts the events that are read of revisions, and each look at one of them, in each turn. */
class Meter implements Disposable {
  /** The most events in one turn. */
  most = 0;
  /** Revisions that were begun and not read to their end. */
  midway = 0;
  mostMidway = 0;
  #now = 0;
  #isOver = false;

  constructor({ events }: FakePort) {
    const read = events.eventsAt.bind(events);
    // deno-lint-ignore no-this-alias -- generators have no arrow form
    const meter = this;
    events.eventsAt = function* (revision, isWanted) {
      meter.mostMidway = Math.max(meter.mostMidway, ++meter.midway);
      for (const event of Iterator.from(read(revision, isWanted))) yield meter.#metered(event);
      meter.midway--;
      return undefined;
    };
    const look = () => {
      this.most = Math.max(this.most, this.#now);
      this.#now = 0;
      if (!this.#isOver) setImmediate(look);
    };
    look();
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
  }

  #metered(event: KvEvent): KvEvent {
    this.#now++;
    const get = () => {
      this.#now++;
      return event.before;
    };
    return Object.create(event, { before: { get } });
  }
}

function propose(port: FakePort, command: Command): Promise<void> {
  return new Promise((resolve, reject) =>
    port.proposeThen(command, { timeoutMs: 1 }, { resolve: () => resolve(), reject })
  );
}

/** Puts as many keys as one commit may delete. */
async function putThousands(port: FakePort): Promise<void> {
  for (let from = 0; from < KEYS; from += LIMITS.commitOperationsMax) {
    const operations = Array.from({ length: LIMITS.commitOperationsMax }, (_, at) => ({
      kind: "put" as const,
      key: keyFromText(`k${String(from + at).padStart(4, "0")}`)!,
      value: new Uint8Array(),
      encoding: "text" as const,
    }));
    await propose(port, { kind: "commit", operations });
  }
}

async function deleteAll(port: FakePort): Promise<number> {
  await propose(port, { kind: "commit", operations: [{ kind: "delete_range", ...RANGE }] });
  return port.events.revision;
}

/** Puts them and deletes them; returns the revision of that. */
async function deleteThousands(port: FakePort): Promise<number> {
  await putThousands(port);
  return await deleteAll(port);
}

function watchFrom(revision: number, range: KeyRange = RANGE) {
  const kinds = ["put", "delete"] as const;
  return { range, kinds, revision, prevKv: true, bookmarkMs: 60_000 };
}

/** Takes what it is told. */
class Sink {
  isCongested = false;
  readonly told: { readonly revision: number; readonly count: number }[] = [];
  readonly ends: string[] = [];

  onMessage(json: string): void {
    const { type, revision, events } = JSON.parse(json);
    if (type === "events") this.told.push({ revision, count: events.length });
  }

  onEnd(json: string): void {
    this.ends.push(json);
  }
}

/** A hub that lets others have a turn at each look at the clock. */
function impatientHub({ events }: FakePort): WatchHub {
  let nowMs = 0;
  return new WatchHub(events, { nowMs: () => nowMs += 10, stepsPerLook: SLICE_EVENTS });
}

async function until(condition: () => boolean): Promise<void> {
  for (let turns = 0; !condition(); turns++) {
    assert(turns < 5_000, "it does not come about");
    await turn();
  }
}

for (const accept of ["text/event-stream", "application/x-ndjson"]) {
  Deno.test(`a stream of ${accept} tells thousands of deletions whole, some in a turn`, async () => {
    const { port, request } = appUnderTest();
    const revision = await deleteThousands(port);
    using meter = new Meter(port);
    const path = `/v1/watch?prefix=k&prevKv=true&revision=${revision}`;
    const answer = await request(path, { headers: { accept } });
    const chunks: string[] = [];
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
      chunks.push(chunk);
      if (chunk.includes('"events"')) break;
    }
    const { events } = JSON.parse(/\{.*"events".*\}/.exec(chunks.join(""))![0]);
    assertEquals([chunks.length, events.length], [2, KEYS]);
    assert(meter.most <= TURN_EVENTS_MAX, `${meter.most} events in one turn`);
  });
}

/** A hub whose watches have been told everything, and are told of the present together. */
async function settledHub(port: FakePort, watchers: readonly Watcher[]): Promise<WatchHub> {
  const hub = impatientHub(port);
  port.onTurn = () => hub.onTurn();
  for (const watcher of watchers) hub.add(watcher);
  for (let turns = 2 * watchers.length + 2; turns > 0; turns--) await turn();
  return hub;
}

Deno.test("watches that are told together are told thousands of deletions whole, some in a turn", async () => {
  const { port } = appUnderTest();
  await putThousands(port);
  const sinks = Array.from({ length: 5 }, () => new Sink());
  const next = watchFrom(port.events.revision + 1);
  const hub = await settledHub(port, sinks.map((sink) => new Watcher(next, sink)));
  using meter = new Meter(port);
  const revision = await deleteAll(port);
  // What each takes is large: no two are told in a turn.
  for (let told = 0; told < sinks.length; await turn()) {
    const now = sinks.filter((sink) => sink.told.length > 0).length;
    assert(now <= told + 1, `${now - told} were told in one turn`);
    told = now;
  }
  for (const { told } of sinks) assertEquals(told, [{ revision, count: KEYS }]);
  assertEquals([meter.mostMidway, meter.midway], [1, 0]);
  assert(meter.most <= TURN_EVENTS_MAX, `${meter.most} events in one turn`);
  hub.stop();
});

Deno.test("ranges that a revision did not touch are looked through some in a turn", async () => {
  const { port } = appUnderTest();
  const ranges = Array.from({ length: 50 }, (_, at) => ({ start: `x${at}` as Key, end: null }));
  const from = port.events.revision + 1;
  const hub = await settledHub(
    port,
    ranges.map((range) => new Watcher(watchFrom(from, range), new Sink())),
  );
  const last = new Sink();
  hub.add(new Watcher(watchFrom(from, { start: "k" as Key, end: null }), last));
  for (let turns = 0; turns < 4; turns++) await turn();
  using meter = new Meter(port);
  const operations = Array.from({ length: LIMITS.commitOperationsMax }, (_, at) => ({
    kind: "put" as const,
    key: keyFromText(`k${at}`)!,
    value: new Uint8Array(),
    encoding: "text" as const,
  }));
  await propose(port, { kind: "commit", operations });
  await until(() => last.told.length > 0);
  await turn();
  assert(meter.most > 0 && meter.most <= TURN_EVENTS_MAX, `${meter.most} events in one turn`);
  hub.stop();
});

Deno.test("of the watches that are behind, one alone is in the middle of a revision", async () => {
  const { port } = appUnderTest();
  const hub = impatientHub(port);
  const revision = await deleteThousands(port);
  using meter = new Meter(port);
  const sinks = Array.from({ length: 5 }, () => new Sink());
  for (const sink of sinks) hub.add(new Watcher(watchFrom(revision), sink));
  await until(() => sinks.every(({ told }) => told.length > 0));
  for (const { told } of sinks) assertEquals(told, [{ revision, count: KEYS }]);
  assertEquals([meter.mostMidway, meter.midway], [1, 0]);
  assert(meter.most <= TURN_EVENTS_MAX, `${meter.most} events in one turn`);
  hub.stop();
});

Deno.test("a watch whose client falls behind lets go of what it has begun, and is told it later", async () => {
  const { port } = appUnderTest();
  const hub = impatientHub(port);
  const revision = await deleteThousands(port);
  using meter = new Meter(port);
  const sink = new Sink();
  const watcher = new Watcher(watchFrom(revision), sink);
  hub.add(watcher);
  for (const isMidway of [() => watcher.cursor.isMidway, () => watcher.making !== null]) {
    await until(isMidway);
    sink.isCongested = true;
    await until(() => !watcher.isMidway);
    assertEquals([watcher.untold, sink.told], [revision, []]);
    // While it waits, others are told.
    const other = new Sink();
    const beside = new Watcher(watchFrom(revision), other);
    hub.add(beside);
    await until(() => other.told.length > 0);
    hub.remove(beside);
    sink.isCongested = false;
    hub.onDrained();
  }
  await until(() => sink.told.length > 0);
  assertEquals(sink.told, [{ revision, count: KEYS }]);
  assert(meter.most <= TURN_EVENTS_MAX, `${meter.most} events in one turn`);
  hub.stop();
});

Deno.test("no slice of a message writes two large values", () => {
  const record = (version: number): KvRecord => ({
    key: "k" as Key,
    value: new Uint8Array(LIMITS.valueBytesMax).fill(97),
    encoding: "text",
    createRevision: 2,
    modRevision: version,
    version,
  });
  let written = 0;
  const metered = (version: number): KvRecord => {
    const { value, ...rest } = record(version);
    const get = () => {
      written++;
      return value;
    };
    return Object.defineProperty(rest, "value", { get }) as KvRecord;
  };
  const events = [3, 5].map((version): KvEvent => (
    { kind: "put", record: metered(version), before: metered(version - 1) }
  ));
  const slices = eventsMessage(events, { revision: 9, watch: watchFrom(9) });
  let made = slices.next();
  for (let before = 0; made.done !== true; made = slices.next()) {
    assertEquals(written, ++before);
  }
  assertEquals(written, 4);
  const told = JSON.parse(made.value!).events;
  const versions = told.map(({ kv, prevKv }: Record<"kv" | "prevKv", { version: number }>) => [
    kv.version,
    prevKv.version,
  ]);
  assertEquals(versions, [[3, 2], [5, 4]]);
});

Deno.test("no bookmark tells of a revision whose message is still being made", async () => {
  const { port } = appUnderTest();
  const revision = await deleteThousands(port);
  // The hub's timer goes off when the test says so.
  const { setTimeout } = globalThis;
  const due: (() => void)[] = [];
  globalThis.setTimeout = ((act: () => void) => due.push(act)) as unknown as typeof setTimeout;
  try {
    const hub = impatientHub(port);
    const bookmarks: number[] = [];
    const sink = new Sink();
    const watch = { ...watchFrom(revision), bookmarkMs: 1 };
    const watcher: Watcher = new Watcher(watch, {
      isCongested: false,
      onMessage: (json) => {
        const { type, revision } = JSON.parse(json);
        if (type === "bookmark") bookmarks.push(revision);
        sink.onMessage(json);
      },
      onEnd: (json) => sink.onEnd(json),
    });
    hub.add(watcher);
    for (const isMidway of [() => watcher.cursor.isMidway, () => watcher.making !== null]) {
      await until(isMidway);
      for (const act of due.splice(0)) act();
    }
    assertEquals([bookmarks, sink.told], [[revision - 1, revision - 1], []]);
    await until(() => sink.told.length > 0);
    for (const act of due.splice(0)) act();
    assertEquals(bookmarks.at(-1), revision);
    hub.stop();
  } finally {
    globalThis.setTimeout = setTimeout;
  }
});

Deno.test("what is compacted while it is being read is told as compacted, and never in part", async () => {
  const { port, request } = appUnderTest();
  await putThousands(port);
  const present = new Sink();
  const next = watchFrom(port.events.revision + 1);
  const hub = await settledHub(port, [new Watcher(next, present)]);
  using meter = new Meter(port);
  const revision = await deleteAll(port);
  const past = new Sink();
  hub.add(new Watcher(watchFrom(revision), past));
  const headers = { accept: "application/x-ndjson" };
  const answer = await request(`/v1/watch?prefix=k&revision=${revision}`, { headers });
  const text = answer.text();
  await until(() => meter.midway === 2);
  await propose(port, { kind: "compact", revision });
  await until(() => present.ends.length + past.ends.length === 2);
  const compacted = `{"type":"compacted","compactRevision":${revision}}`;
  assertEquals([present.told, present.ends], [[], [compacted]]);
  assertEquals([past.told, past.ends], [[], [compacted]]);
  assertEquals(await text, `{"type":"bookmark","revision":${revision - 1}}\n${compacted}\n`);
  hub.stop();
});

Deno.test("who is behind is told once that a revision was compacted while it was being read", async () => {
  const { port } = appUnderTest();
  let [nowMs, lookMs] = [0, 10];
  const pace = { nowMs: () => nowMs += lookMs, stepsPerLook: SLICE_EVENTS };
  const hub = new WatchHub(port.events, pace);
  const revision = await deleteThousands(port);
  const sink = new Sink();
  const watcher = new Watcher(watchFrom(revision), sink);
  hub.add(watcher);
  await until(() => watcher.cursor.isMidway);
  await propose(port, { kind: "compact", revision });
  // From now on there is time for more than one step in a turn.
  lookMs = 0;
  await until(() => sink.ends.length > 0);
  for (let turns = 0; turns < 3; turns++) await turn();
  assertEquals([sink.told, sink.ends.length, hub.size], [[], 1, 0]);
  hub.stop();
});
