// Whatever is written, watched, cancelled and left unread: each watch is told what it has to be, once
// and in order.

import { setImmediate } from "node:timers";
import { assert, assertEquals } from "@std/assert";
import { pcg32 } from "@raftkv/core";
import { type Key, keyAfter, type KeyRange, type KvEvent, prefixEnd } from "@raftkv/core/kv";
import { Watcher } from "../../server/websocket/watch_groups.ts";
import { WatchHub } from "../../server/websocket/watch_hub.ts";
import { FakePort } from "./fake_port.ts";

/** A client that may leave unread what it was sent. */
class Sink {
  isCongested = false;
  readonly revisions: number[] = [];
  bookmark = 0;
  isEnded = false;

  onMessage(json: string): void {
    const { type, revision, events } = JSON.parse(json);
    assert(!this.isEnded && !this.isCongested, "told out of turn");
    if (type === "bookmark") this.bookmark = revision;
    else this.revisions.push(revision);
    assert(type === "bookmark" || events.length > 0);
  }

  onEnd(): void {
    this.isEnded = true;
  }
}

interface Subject {
  readonly watcher: Watcher;
  readonly sink: Sink;
  /** How far the store had come when it was cancelled; Infinity if it was not. */
  cancelledAt: number;
}

const KEYS = ["a", "b", "ab", "c"] as Key[];
const RANGES: readonly KeyRange[] = [
  ...KEYS.map((start) => ({ start, end: keyAfter(start) })),
  { start: "a" as Key, end: prefixEnd("a" as Key) },
  { start: "" as Key, end: null },
];
const KINDS: readonly (readonly KvEvent["kind"][])[] = [["put", "delete"], ["put"], ["delete"]];

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** The revisions of which a watch has to tell. */
function expected(port: FakePort, { watch }: Watcher, to: number): number[] {
  const { range: { start, end }, kinds } = watch;
  const revisions: number[] = [];
  for (let revision = watch.revision; revision <= to; revision++) {
    const isWanted = (key: Key) => key >= start && (end === null || key < end);
    const events = Iterator.from(port.events.eventsAt(revision, isWanted));
    if (events.some(({ kind }) => kinds.includes(kind))) revisions.push(revision);
  }
  return revisions;
}

for (let seed = 1; seed <= 20; seed++) {
  Deno.test(`watches beside each other are each told all, once and in order (seed ${seed})`, async () => {
    const random = pcg32(BigInt(seed));
    const draw = (count: number) => Math.floor(random() * count);
    const port = new FakePort();
    // Every look at the clock ends the hub's turn, in the middle of a revision too.
    let nowMs = 0;
    const hub = new WatchHub(port.events, { nowMs: () => nowMs += 10, stepsPerLook: 1 });
    port.onTurn = () => hub.onTurn();
    const subjects: Subject[] = [];
    const write = () =>
      new Promise((resolve, reject) => {
        const key = KEYS[draw(KEYS.length)]!;
        const value = new Uint8Array();
        const operation = draw(3) === 0
          ? { kind: "delete", key } as const
          : { kind: "put", key, value, encoding: "text" } as const;
        const command = { kind: "commit", operations: [operation] } as const;
        port.proposeThen(command, { timeoutMs: 1 }, { resolve, reject });
      });
    for (let step = 0; step < 400; step++) {
      const subject = subjects[draw(subjects.length)];
      switch (draw(6)) {
        case 0: {
          const revision = Math.max(1, port.events.revision + 3 - draw(step + 5));
          const watch = {
            range: RANGES[draw(RANGES.length)]!,
            kinds: KINDS[draw(KINDS.length)]!,
            revision,
            prevKv: false,
            bookmarkMs: 1_000,
          };
          const sink = new Sink();
          const watcher = new Watcher(watch, sink);
          hub.add(watcher);
          subjects.push({ watcher, sink, cancelledAt: Infinity });
          break;
        }
        case 1:
          if (subject === undefined || subject.cancelledAt < Infinity || draw(3) > 0) break;
          hub.remove(subject.watcher);
          subject.cancelledAt = port.events.revision;
          break;
        case 2:
          if (subject === undefined) break;
          subject.sink.isCongested = !subject.sink.isCongested;
          if (!subject.sink.isCongested) hub.onDrained();
          break;
        case 3:
          await turn();
          break;
        default:
          await write();
      }
    }
    for (const { sink } of subjects) sink.isCongested = false;
    const { revision } = port.events;
    const counts = subjects.map(({ watcher }) => expected(port, watcher, revision).length);
    const isDone = ({ sink, cancelledAt }: Subject, at: number) =>
      cancelledAt < Infinity || sink.revisions.length >= counts[at]!;
    // Once, for those that were congested: after that the hub has to go on by itself.
    hub.onDrained();
    for (let turns = 0; !subjects.every(isDone); turns++) {
      assert(turns < 5_000, "a watch is not told all");
      await turn();
    }
    for (const { watcher, sink, cancelledAt } of subjects) {
      const all = expected(port, watcher, Math.min(revision, cancelledAt));
      const told = cancelledAt < Infinity ? all.slice(0, sink.revisions.length) : all;
      assertEquals(sink.revisions, told);
    }
    assertEquals(hub.size, subjects.filter(({ cancelledAt }) => cancelledAt === Infinity).length);
    hub.stop();
  });
}

Deno.test("many watches that begin in one turn are all told of what comes next", async () => {
  const port = new FakePort();
  const hub = new WatchHub(port.events);
  port.onTurn = () => hub.onTurn();
  const range = { start: "" as Key, end: null };
  const revision = port.events.revision + 1;
  const sinks = Array.from({ length: 1_000 }, () => {
    const sink = new Sink();
    const kinds = KINDS[0]!;
    hub.add(new Watcher({ range, kinds, revision, prevKv: false, bookmarkMs: 60_000 }, sink));
    return sink;
  });
  for (let turns = 0; turns < 10; turns++) await turn();
  const value = new Uint8Array();
  const operation = { kind: "put", key: "a" as Key, value, encoding: "text" } as const;
  const command = { kind: "commit", operations: [operation] } as const;
  await new Promise((resolve, reject) =>
    port.proposeThen(command, { timeoutMs: 1 }, { resolve, reject })
  );
  for (let turns = 0; sinks.some(({ revisions }) => revisions.length === 0); turns++) {
    assert(turns < 5_000, "a watch is not told");
    await turn();
  }
  hub.stop();
});
