/**
 * A lock around something that only one program may do at a time.
 *
 *     deno run --allow-net --allow-env examples/distributed_lock.ts
 *
 * @module
 */

import { connect, KvError } from "@raftkv/client";

const endpoints = (Deno.env.get("RAFTKV_ENDPOINTS") ?? "http://localhost:8001").split(",");
await using kv = connect({ endpoints });

try {
  // Let go at the end of the block, whatever happens in it.
  await using lock = await kv.lock("invoices", { ttl: 10, timeoutMs: 30_000 });
  console.log(`held with token ${lock.token}`);
  await sendInvoices(lock.signal, lock.token);
  console.log("done");
} catch (error) {
  if (!(error instanceof KvError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  Deno.exitCode = 1;
}

/**
 * Stops when the lock is lost. Even so a program may be paused at any line and go on too late:
 * whoever receives the invoices should refuse a token smaller than one it has seen.
 */
async function sendInvoices(signal: AbortSignal, token: number): Promise<void> {
  for (let number = 1; number <= 3; number++) {
    signal.throwIfAborted();
    await kv.put(`invoices/${number}`, { sentUnder: token });
    console.log(`sent invoice ${number}`);
  }
}
