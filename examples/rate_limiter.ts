/**
 * A limit on how often something may happen, counted by all instances of a program together.
 *
 *     deno run --allow-net --allow-env examples/rate_limiter.ts alice 5
 *
 * @module
 */

import { connect, increment, KvError, put, when } from "@raftkv/client";

const endpoints = (Deno.env.get("RAFTKV_ENDPOINTS") ?? "http://localhost:8001").split(",");
await using kv = connect({ endpoints });
const [user = "alice", requests = "5"] = Deno.args;

const LIMIT = 3;
const WINDOW_SECONDS = 60;

for (let number = 1; number <= Number(requests); number++) {
  console.log(`request ${number}: ${await isAllowed(user) ? "allowed" : "refused"}`);
}

/** Counts in a window that begins with its first request, and ends by itself. */
async function isAllowed(name: string): Promise<boolean> {
  const key = `limits/${name}`;
  try {
    // In one step: between two, the window could end and the second begin one that never does.
    await kv.txn()
      .if(when(key).isMissing())
      .then(put(key, 1, { ttl: WINDOW_SECONDS }))
      .else(increment(key, { max: LIMIT }))
      .commit();
    return true;
  } catch (error) {
    if (error instanceof KvError && error.code === "out_of_range") return false;
    throw error;
  }
}
