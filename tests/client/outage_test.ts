/**
 * What waits goes on through an outage; what is held is lost once nobody can tell any more.
 *
 * @module
 */

import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { connect, type Kv, KvError } from "@raftkv/client";
import { FakeQueue } from "./fake_queue.ts";
import { VirtualTime } from "./virtual_time.ts";

const QUEUE = "raftkv/locks/job/";
const TTL = 5;

function stage() {
  const time = new VirtualTime();
  const store = new FakeQueue();
  const kv = connect({
    endpoints: [store.url],
    discover: false,
    fetch: store.fetch,
    timers: time,
    random: () => 0.5,
  });
  return { time, store, kv };
}

/** What is over by now, is over a moment later. */
const aMoment = (time: VirtualTime) =>
  time.run(new Promise<void>((resolve) => void time.after(1, resolve)));

const lock = (kv: Kv) => kv.lock("job", { ttl: TTL });

Deno.test("whoever waits in a queue keeps the place through an outage", async () => {
  const { time, store, kv } = stage();
  store.seize(`${QUEUE}other`);
  const waiting = lock(kv);
  time.after(10_000, () => store.fail());
  time.after(300_000, () => store.recover());
  time.after(310_000, () => store.free(`${QUEUE}other`));
  const held = await time.run(waiting);
  assertEquals([time.nowMs(), store.granted, held.signal.aborted], [310_000, 1, false]);
  assertEquals([...store.keys.keys()], [held.key]);
  await kv.close();
  assertEquals(time.pending, 0);
});

Deno.test("a claim that is made in an outage waits for its end", async () => {
  const { time, store, kv } = stage();
  store.fail();
  const waiting = lock(kv);
  time.after(100_000, () => store.recover());
  const held = await time.run(waiting);
  await aMoment(time);
  assertEquals(held.signal.aborted, false, "its lease was granted long after it was asked for");
  assert(time.nowMs() <= 101_000, `${time.nowMs()} ms`);
  await kv.close();
});

Deno.test("an outage between the steps of a claim is waited for", async () => {
  const { time, store, kv } = stage();
  store.onGrant = () => store.fail();
  const waiting = lock(kv);
  time.after(100_000, () => store.recover());
  const held = await time.run(waiting);
  assertEquals([store.granted, [...store.keys.keys()]], [1, [held.key]]);
  await kv.close();
});

Deno.test("whose lease has ended in the queue takes another place", async () => {
  const { time, store, kv } = stage();
  store.seize(`${QUEUE}other`);
  const waiting = lock(kv);
  time.after(10_000, () => store.expire());
  time.after(20_000, () => store.free(`${QUEUE}other`));
  const held = await time.run(waiting);
  assertEquals([time.nowMs(), store.granted, held.signal.aborted], [20_000, 2, false]);
  await kv.close();
});

Deno.test("what is held in an outage is lost within its time, and can be had again after it", async () => {
  const { time, store, kv } = stage();
  const first = await time.run(lock(kv));
  const lost = new Promise((resolve) => first.signal.addEventListener("abort", resolve));
  store.fail();
  await time.run(lost);
  assert(time.nowMs() <= TTL * 1_000, `${time.nowMs()} ms`);
  assertInstanceOf(first.signal.reason, KvError);
  time.after(60_000, () => {
    store.recover();
    store.expire();
  });
  await time.run(first[Symbol.asyncDispose]());
  const second = await time.run(lock(kv));
  assert(second.token > first.token);
  assertEquals(second.signal.aborted, false);
  await kv.close();
});

Deno.test("whoever gives up in an outage is not told that another holds it", async () => {
  const { time, store, kv } = stage();
  store.fail();
  const given = kv.lock("job", { ttl: TTL, timeoutMs: 30_000 });
  const error = await time.run(assertRejects(() => given, KvError, "The store did not answer"));
  assertEquals([error.code, time.nowMs() <= 32_000], ["timeout", true]);
  const giveUp = new AbortController();
  time.after(5_000, () => giveUp.abort(new DOMException("Enough", "AbortError")));
  const ended = kv.lock("job", { ttl: TTL, signal: giveUp.signal });
  await time.run(assertRejects(() => ended, DOMException, "Enough"));
  await kv.close();
});

Deno.test("a lease asked for in an outage, without end, has its whole time when it comes", async () => {
  const { time, store, kv } = stage();
  store.fail();
  time.after(100_000, () => store.recover());
  const lease = await time.run(kv.lease({ ttl: TTL, timeoutMs: Infinity }));
  await aMoment(time);
  assertEquals(lease.signal.aborted, false);
  await kv.close();
});

Deno.test("a watch goes on after an outage without a word to its reader", async () => {
  const { time, store, kv } = stage();
  store.seize("a");
  const events = kv.watch({ key: "a" });
  const next = events.next();
  time.after(1_000, () => store.fail());
  time.after(300_000, () => store.recover());
  time.after(310_000, () => store.free("a"));
  assertEquals((await time.run(next)).value?.type, "delete");
  await time.run(events.return());
  await kv.close();
});
