/**
 * A program that does with a store whatever can be done, all at once, until its cluster is dead; then
 * it closes its client, and has nothing more to do. It says `ready` when everything is under way. The
 * bundle calls it by the name `outlive`.
 *
 * @module
 */

import { connect } from "@raftkv/client";

/** Does it, at these nodes. */
export async function outlive(endpoints: readonly string[]): Promise<void> {
  const kv = connect({ endpoints, timeoutMs: 500 });
  const held = await kv.lock("held", { ttl: 3_600 });
  await kv.lease({ ttl: 3_600 });
  // Short ones are being renewed at any time.
  for (let count = 0; count < 5; count++) await kv.lease({ ttl: 1 });
  // Node warns of a leak when more than ten things listen to one signal.
  const { signal } = new AbortController();
  await Promise.all(Array.from({ length: 20 }, () => kv.get("a", { signal })));
  const watching = kv.watch({ prefix: "", initial: true });
  await watching.next();
  const underWay = [
    kv.lock("held"),
    kv.elect("led", { value: "me" }),
    rest(watching),
    until((at) => kv.get(`${at}`)),
    until((at) => kv.put(`${at}`, at)),
    until(() => kv.txn().if(held.held()).commit().then(() => kv.status())),
  ];
  console.log("ready");
  await Promise.race(underWay.slice(3));
  // In the middle of everything, with no word to the lock, the lease and the watch.
  const last = [kv.put("last", 1), kv.lease({ ttl: 3_600, timeoutMs: Infinity })];
  await kv.close();
  await Promise.allSettled([...underWay, ...last]);
}

/** Works until it fails. */
async function until(work: (at: number) => Promise<unknown>): Promise<void> {
  try {
    for (let at = 0;; at++) await work(at);
  } catch {
    // The cluster is dead.
  }
}

async function rest(events: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of events);
}

Object.assign(globalThis, { outlive });
