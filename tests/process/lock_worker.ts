/**
 * A program that takes a lock again and again and writes under it, until it is killed:
 * `lock_worker.ts NAME ENDPOINT,ENDPOINT`. It says `held TOKEN` each time it holds the lock.
 *
 * @module
 */

import { connect, put } from "@raftkv/client";

const [name = "", endpoints = ""] = Deno.args;
await using kv = connect({ endpoints: endpoints.split(","), timeoutMs: 60_000 });

for (;;) {
  // It waits through whatever befalls the cluster.
  await using lock = await kv.lock(name, { ttl: 1 });
  console.log(`held ${lock.token}`);
  const endMs = performance.now() + 200 * Math.random();
  // It goes on though it may have lost the lock: the store must tell.
  while (performance.now() < endMs) {
    const write = await kv.txn()
      .if(lock.held())
      .then(put(`${name}/guarded`, lock.token))
      .commit({ timeoutMs: Infinity });
    if (!write.succeeded) break;
  }
}
