/**
 * What every `Kv` must do, whatever stands behind it and whatever it runs in: nothing here knows Deno,
 * so that the same cases run in Node and in a browser.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  bytesOf,
  get,
  increment,
  type Kv,
  KvError,
  put,
  range,
  remove,
  SchemaError,
  type StandardSchema,
  type WatchEvent,
  when,
  whenCount,
  whenEvery,
} from "@raftkv/client";

/** A store, and the beginning of keys that no other case uses. */
export interface Ground {
  readonly kv: Kv;
  readonly prefix: string;
}

/** One promise of the interface. */
export interface Case {
  readonly name: string;
  run(ground: Ground): Promise<void>;
}

const codeOf = (code: string) => (error: unknown) => {
  assert(error instanceof KvError, String(error));
  assertEquals(error.code, code);
};

async function fails(code: string, work: () => Promise<unknown>): Promise<void> {
  codeOf(code)(await assertRejects(work));
}

/** Not by `Array.fromAsync`, which Node 20 does not have. */
async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** The events of a watch up to the one that is looked for. */
async function eventsUntil(
  events: AsyncIterable<WatchEvent>,
  isLast: (event: WatchEvent) => boolean,
): Promise<WatchEvent[]> {
  const seen: WatchEvent[] = [];
  for await (const event of events) {
    seen.push(event);
    if (isLast(event)) break;
  }
  return seen;
}

/** A person, checked by hand as a validator would. */
const person: StandardSchema<{ name: string }, { name: string }> = {
  "~standard": {
    version: 1,
    vendor: "tests",
    validate: (value) =>
      typeof value === "object" && value !== null && "name" in value &&
        typeof value.name === "string"
        ? { value: { name: value.name } }
        : { issues: [{ message: "Not a person" }] },
  },
};

export const CASES: readonly Case[] = [
  {
    name: "what is put is read until it is deleted",
    async run({ kv, prefix }) {
      const key = `${prefix}key`;
      assertEquals(await kv.get(key), null);
      const { modRevision, version } = await kv.put(key, { deep: [1, "☃"] });
      assertEquals(version, 1);
      const found = await kv.get<{ deep: unknown[] }>(key);
      assertEquals(found?.value.deep, [1, "☃"]);
      assertEquals(found?.modRevision, modRevision);
      assertEquals((await kv.delete(key)).deleted, 1);
      assertEquals((await kv.delete(key)).deleted, 0);
      assertEquals(await kv.get(key), null);
    },
  },
  {
    name: "bytes come back as they went in",
    async run({ kv, prefix }) {
      const bytes = Uint8Array.from({ length: 256 }, (_, at) => at);
      const { version } = await kv.put(`${prefix}bytes`, bytes);
      assertEquals(version, 1);
      const found = await kv.get(`${prefix}bytes`);
      assert(found !== null);
      assertEquals(bytesOf(found), bytes);
      await fails(
        "precondition_failed",
        () => kv.put(`${prefix}bytes`, bytes, { ifRevision: null }),
      );
    },
  },
  {
    name: "a condition that does not hold changes nothing",
    async run({ kv, prefix }) {
      const key = `${prefix}conditional`;
      const first = await kv.put(key, 1, { ifRevision: null });
      await fails("precondition_failed", () => kv.put(key, 2, { ifRevision: null }));
      const second = await kv.put(key, 2, { ifRevision: first.modRevision });
      await fails("precondition_failed", () => kv.delete(key, { ifRevision: first.modRevision }));
      const found = await kv.get(key);
      assertEquals([found?.value, found?.modRevision], [2, second.modRevision]);
      await kv.delete(key, { ifRevision: second.modRevision });
    },
  },
  {
    name: "a list is one state, in either order, whatever the size of its pages",
    async run({ kv, prefix }) {
      const keys = ["a", "b", "c", "d", "e"].map((name) => `${prefix}${name}`);
      for (const key of keys) await kv.put(key, key);
      const seen: string[] = [];
      for await (const { key } of kv.list({ prefix, limit: 2 })) {
        seen.push(key);
        if (seen.length === 1) await kv.delete(`${prefix}e`);
      }
      assertEquals(seen, keys, "the deletion came after the list began");
      const reversed = await all(kv.list({ prefix, limit: 2, reverse: true }));
      assertEquals(reversed.map(({ key }) => key), keys.slice(0, 4).reverse());
      assertEquals(await kv.count({ prefix }), 4);
      const between = { start: `${prefix}b`, end: `${prefix}d` };
      assertEquals((await kv.deleteRange(between)).deleted, 2);
      assertEquals(await kv.count({ prefix }), 2);
    },
  },
  {
    name: "the past can be read until it is compacted",
    async run({ kv, prefix }) {
      const key = `${prefix}past`;
      const first = await kv.put(key, "old");
      const second = await kv.put(key, "new");
      assertEquals((await kv.get(key, { revision: first.revision }))?.value, "old");
      await fails("future_revision", () => kv.get(key, { revision: second.revision + 1_000_000 }));
    },
  },
  {
    name: "counters keep 64 bits and their bounds",
    async run({ kv, prefix }) {
      const key = `${prefix}counter`;
      assertEquals((await kv.increment(key)).value, 1n);
      const large = 2n ** 62n;
      assertEquals((await kv.increment(key, { delta: large })).value, large + 1n);
      await fails("out_of_range", () => kv.increment(key, { delta: large }));
      await fails("out_of_range", () => kv.increment(key, { delta: -1, min: large + 1n }));
      assertEquals((await kv.increment(key, { delta: -large - 1n })).value, 0n);
    },
  },
  {
    name: "a transaction takes one branch, and its results are those of the branch",
    async run({ kv, prefix }) {
      const [owner, claims] = [`${prefix}owner`, `${prefix}claims`];
      const claim = (name: string) =>
        kv.txn()
          .if(when(owner).isMissing(), whenCount({ prefix: owner }).is("=", 0))
          .then(put(owner, name), increment(claims))
          .else(get<string>(owner))
          .commit();
      const first = await claim("a");
      assert(first.succeeded);
      assertEquals([first.results[0].version, first.results[1].value], [1, 1n]);
      const second = await claim("b");
      assert(!second.succeeded);
      assertEquals(second.results[0]?.value, "a");
      const swept = await kv.txn()
        .if(whenEvery({ prefix }).exists(), when(owner).value("=", "a"))
        .then(remove(owner, { prevKv: true }), range({ prefix }))
        .commit();
      assert(swept.succeeded);
      const [removed, left] = swept.results;
      assertEquals(removed.prevKvs?.[0]?.value, "a");
      assertEquals(left.items.map(({ key }) => key), [claims]);
      await fails("duplicate_key", () => kv.txn().then(put(owner, 1), put(owner, 2)).commit());
    },
  },
  {
    name: "an update is not lost to another",
    async run({ kv, prefix }) {
      const key = `${prefix}updated`;
      await Promise.all(Array.from(
        { length: 5 },
        () => kv.update(key, (found) => Number(found?.value ?? 0) + 1),
      ));
      assertEquals((await kv.get(key))?.value, 5);
    },
  },
  {
    name: "a watch tells of every change, in order, with what was before",
    async run({ kv, prefix }) {
      const { revision } = await kv.put(`${prefix}watched`, 1);
      await kv.put(`${prefix}watched`, 2);
      await kv.put(`${prefix}other`, 1);
      await kv.delete(`${prefix}watched`);
      const watch = kv.watch({ prefix: `${prefix}w`, revision, prevKv: true });
      const events = await eventsUntil(watch, ({ type }) => type === "delete");
      const told = events.map((event) =>
        event.type === "put" ? [event.entry.value, event.prevKv?.value ?? null] : event.type
      );
      assertEquals(told, [[1, null], [2, 1], "delete"]);
    },
  },
  {
    name: "a watch with initial begins with the state and goes on without a gap",
    async run({ kv, prefix }) {
      await kv.put(`${prefix}a`, 1);
      const events = kv.watch({ prefix, initial: true });
      const first = await events.next();
      assert(first.value?.type === "reset");
      assertEquals(first.value.entries.map(({ value }) => value), [1]);
      await kv.put(`${prefix}b`, 2);
      const second = await events.next();
      assert(second.value?.type === "put");
      assertEquals(second.value.entry.value, 2);
      await events.return();
    },
  },
  {
    name: "a watch ends with its signal, and throws its reason",
    async run({ kv, prefix }) {
      const stop = new AbortController();
      const watch = kv.watch({ prefix, initial: true, signal: stop.signal });
      await watch.next();
      const next = watch.next();
      stop.abort(new RangeError("enough"));
      await assertRejects(() => next, RangeError, "enough");
    },
  },
  {
    name: "keys end with their lease",
    async run({ kv, prefix }) {
      const lease = await kv.lease({ ttl: 60 });
      await kv.put(`${prefix}leased`, "here", { lease });
      assertEquals((await kv.get(`${prefix}leased`))?.lease, lease.id);
      assertEquals(lease.signal.aborted, false);
      await lease.revoke();
      assertEquals(lease.signal.aborted, true);
      assertEquals(await kv.get(`${prefix}leased`), null);
      await lease.revoke();
      const short = kv.watch({ key: `${prefix}short`, initial: true });
      await short.next();
      await kv.put(`${prefix}short`, "soon gone", { ttl: 1 });
      const [put, end] = [await short.next(), await short.next()];
      assertEquals([put.value?.type, end.value?.type], ["put", "delete"]);
      await short.return();
    },
  },
  {
    name: "a lock is held by one at a time, in turn, with growing tokens",
    async run({ kv, prefix }) {
      const name = `${prefix}lock`;
      let holders = 0;
      const tokens: number[] = [];
      await Promise.all(Array.from({ length: 4 }, async () => {
        const lock = await kv.lock(name, { ttl: 10 });
        holders += 1;
        assertEquals(holders, 1);
        tokens.push(lock.token);
        const write = await kv.txn()
          .if(lock.held())
          .then(put(`${prefix}guarded`, lock.token))
          .commit();
        assert(write.succeeded);
        holders -= 1;
        await lock.release();
      }));
      assertEquals(tokens, tokens.toSorted((a, b) => a - b));
      assertEquals(new Set(tokens).size, 4);
    },
  },
  {
    name: "who waits for a lock may give up, and leaves no place in the queue",
    async run({ kv, prefix }) {
      const name = `${prefix}contended`;
      const first = await kv.lock(name);
      await fails("timeout", () => kv.lock(name, { timeoutMs: 100 }));
      const stop = new AbortController();
      const waiting = kv.lock(name, { signal: stop.signal });
      stop.abort(new RangeError("no more"));
      await assertRejects(() => waiting, RangeError, "no more");
      await first.release();
      assertEquals(first.signal.aborted, true);
      const lost = await kv.txn().if(first.held()).then(put(`${prefix}late`, 1)).commit();
      assertEquals(lost.succeeded, false, "what is no longer held guards nothing");
      const second = await kv.lock(name, { timeoutMs: 10_000 });
      assert(second.token > first.token);
      await second.release();
    },
  },
  {
    name: "one is elected, and everyone can see who",
    async run({ kv, prefix }) {
      const name = `${prefix}job`;
      assertEquals(await kv.elected(name), null);
      const leader = await kv.elect(name, { value: "first" });
      const next = kv.elect(name, { value: "second" });
      assertEquals(await kv.elected(name), { value: "first", token: leader.token });
      await leader.release();
      const second = await next;
      assertEquals(await kv.elected(name), { value: "second", token: second.token });
      await second.release();
    },
  },
  {
    name: "a collection lets nothing pass that its schema does not",
    async run({ kv, prefix }) {
      const people = kv.collection(`${prefix}people/`, person);
      await people.put("ada", { name: "Ada" });
      assertEquals((await people.get("ada"))?.value.name, "Ada");
      assertEquals((await people.get("ada"))?.key, "ada");
      const wrong = { name: 7 } as unknown as { name: string };
      await assertRejects(() => people.put("bob", wrong), SchemaError);
      assertEquals(await people.get("bob"), null);
      await people.update("ada", (before) => ({ name: `${before?.name} L.` }));
      await kv.put(`${prefix}people/eve`, "no person");
      await assertRejects(() => people.get("eve"), SchemaError);
      await people.delete("eve");
      assertEquals(
        (await all(people.list())).map(({ key, value }) => [key, value.name]),
        [["ada", "Ada L."]],
      );
      const [state] = await eventsUntil(people.watch({ initial: true }), () => true) as [
        WatchEvent<{ name: string }>,
      ];
      assert(state.type === "reset");
      assertEquals(state.entries[0]?.value.name, "Ada L.");
    },
  },
  {
    name: "what is wrong with a request is said by its code, and nothing is changed",
    async run({ kv, prefix }) {
      await fails("invalid_key", () => kv.put("", 1));
      await fails("invalid_key", () => kv.put("x".repeat(2_049), 1));
      await fails("value_too_large", () => kv.put(`${prefix}large`, "x".repeat(1_048_577)));
      await fails("lease_not_found", () => kv.put(`${prefix}leased`, 1, { lease: "404" }));
      assertEquals(await kv.count({ prefix }), 0);
    },
  },
];
