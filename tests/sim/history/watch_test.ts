import { assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { pcg32, type Random } from "@raftkv/core";
import type { Key, KvEvent, KvStateMachine } from "@raftkv/core/kv";
import { checkHistory, type WatchedMessage, type WatchRecord } from "@raftkv/sim/history";
import { type GeneratedHistory, generateHistory } from "../../support/kv_histories.ts";

/** Makes what a watch was told wrong; null if there is no opportunity. */
type Mutate = (messages: readonly WatchedMessage[], random: Random) => WatchedMessage[] | null;

const MUTATIONS: Readonly<Record<string, Mutate>> = {
  "was not told of a revision": (messages, random) => {
    const place = placeOf(messages, { random, isWanted: isEvents });
    return place === null ? null : messages.toSpliced(place, 1);
  },
  "was told of a revision twice": (messages, random) => {
    const place = placeOf(messages, { random, isWanted: isEvents });
    return place === null ? null : messages.toSpliced(place, 0, messages[place]!);
  },
  "was told of two revisions in the wrong order": (messages, random) => {
    const isWanted = (message: WatchedMessage, at: number) =>
      isEvents(message) && messages[at + 1]?.kind === "events";
    const place = placeOf(messages, { random, isWanted });
    if (place === null) return null;
    return messages.toSpliced(place, 2, messages[place + 1]!, messages[place]!);
  },
  "was told of a revision in two parts": (messages, random) => {
    const isWanted = (message: WatchedMessage) => eventsOf(message).length > 1;
    const place = placeOf(messages, { random, isWanted });
    if (place === null) return null;
    const events = eventsOf(messages[place]!);
    const halves = [events.slice(0, 1), events.slice(1)].map((half) =>
      withEvents(messages[place]!, half)
    );
    return messages.toSpliced(place, 1, ...halves);
  },
  "was shown another value than stood there before": (messages, random) => {
    const isWanted = (message: WatchedMessage) => eventsOf(message)[0]?.before !== null;
    const place = placeOf(messages.map((each) => each), {
      random,
      isWanted: (each) => isEvents(each) && isWanted(each),
    });
    if (place === null) return null;
    const [first, ...rest] = eventsOf(messages[place]!);
    const before = { ...first!.before!, version: first!.before!.version + 1 };
    const wrong = { ...first!, before } as KvEvent;
    return messages.toSpliced(place, 1, withEvents(messages[place]!, [wrong, ...rest]));
  },
  "had a bookmark pass an event": (messages, random) => {
    const place = placeOf(messages, { random, isWanted: isEvents });
    if (place === null) return null;
    const { at, node, revision } = messages[place]!;
    return messages.toSpliced(place, 0, { kind: "bookmark", at, node, revision });
  },
  "was told that something is compacted that is not": (messages, random) => {
    const place = placeOf(messages, { random, isWanted: isEvents });
    if (place === null) return null;
    const { at, node, revision } = messages[place]!;
    return messages.toSpliced(place, 1, { kind: "compacted", at, node, revision });
  },
  "was told of a revision that never was": (messages) => {
    const last = messages.at(-1);
    if (last === undefined) return null;
    return [...messages, { ...last, kind: "bookmark", revision: last.revision + 1_000 }];
  },
};

Deno.test("a watch that is told everything once and in order is accepted", () => {
  forAll((generated, random) => {
    const watch = watchOf(generated.machine, random);
    assertEquals(findings(generated, watch), []);
    return true;
  });
});

for (const [what, mutate] of Object.entries(MUTATIONS)) {
  Deno.test(`a watch is refused that ${what}`, () => {
    forAll((generated, random) => {
      const watch = watchOf(generated.machine, random);
      const messages = mutate(watch.messages, random);
      if (messages === null) return false;
      const [found] = findings(generated, { ...watch, messages });
      assertStringIncludes(found?.rule ?? "accepted", "I27");
      return true;
    });
  });
}

function forAll(check: (generated: GeneratedHistory, random: Random) => boolean): void {
  let checked = 0;
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const plan = { seed, clients: 2, operations: 50, unknownRate: 0, hasLeases: true };
      if (check(generateHistory(plan), pcg32(seed))) checked++;
    }),
    { numRuns: 80 },
  );
  assertEquals(checked > 30, true, `${checked} of 80 histories gave an opportunity`);
}

function findings({ history, journal }: GeneratedHistory, watch: WatchRecord) {
  return checkHistory({ history, journal, watches: [watch] }).findings;
}

/** What a watch of all keys, or of one, is told by a machine that has kept everything. */
function watchOf(machine: KvStateMachine, random: Random): WatchRecord {
  const range = random() < 0.5 ? { start: "" as Key, end: null } : { start: "b" as Key, end: null };
  const first = 2 + Math.floor(random() * 5);
  const messages: WatchedMessage[] = [];
  const at = { order: 1e6, timeMs: 0 };
  for (let revision = first; revision <= machine.revision; revision++) {
    const events = [...machine.eventsAt(revision, (key) => key >= range.start)];
    if (events.length > 0) messages.push({ kind: "events", at, node: "n1", revision, events });
    else if (random() < 0.2) messages.push({ kind: "bookmark", at, node: "n1", revision });
  }
  const endRevision = machine.revision;
  return { name: "w", ...range, revision: first, kinds: ["put", "delete"], messages, endRevision };
}

function isEvents({ kind }: WatchedMessage): boolean {
  return kind === "events";
}

function eventsOf(message: WatchedMessage): readonly KvEvent[] {
  return message.kind === "events" ? message.events : [];
}

function withEvents(message: WatchedMessage, events: readonly KvEvent[]): WatchedMessage {
  return message.kind === "events" ? { ...message, events } : message;
}

function placeOf(
  messages: readonly WatchedMessage[],
  { random, isWanted }: {
    readonly random: Random;
    readonly isWanted: (message: WatchedMessage, at: number) => boolean;
  },
): number | null {
  const places = messages.flatMap((message, at) => isWanted(message, at) ? [at] : []);
  return places[Math.floor(random() * places.length)] ?? null;
}
