/**
 * A job that runs on one host at a time, whichever is up: start this on several.
 *
 *     deno run --allow-net --allow-env --allow-sys=hostname examples/elected_cron.ts
 *
 * @module
 */

import { type Claim, connect, put } from "@raftkv/client";

const endpoints = (Deno.env.get("RAFTKV_ENDPOINTS") ?? "http://localhost:8001").split(",");
const everyMs = Number(Deno.env.get("EVERY_MS") ?? 60_000);
const ttl = Number(Deno.env.get("TTL_SECONDS") ?? 10);
const host = Deno.env.get("HOST_NAME") ?? Deno.hostname();
await using kv = connect({ endpoints });

for (;;) {
  // It waits for its turn as long as it takes, through outages of the cluster too.
  await using leadership = await kv.elect("cron", { value: host, ttl });
  console.log(`${host} leads with token ${leadership.token}`);
  await lead(leadership);
  console.log(`${host} leads no more`);
}

/** Runs the job again and again, until the leadership is lost. */
async function lead(leadership: Claim): Promise<void> {
  const { signal } = leadership;
  while (!signal.aborted) {
    try {
      // The result is written only while the leadership is still held: a process that slept through
      // its loss changes nothing.
      const run = await kv.txn()
        .if(leadership.held())
        .then(put("cron/last-run", { host, at: new Date().toISOString() }))
        .commit({ signal, timeoutMs: Infinity });
      if (!run.succeeded) return;
      console.log(`${host} ran`);
    } catch (error) {
      // In an outage the write goes on until the leadership is lost, and ends with it.
      if (!signal.aborted) throw error;
    }
    await untilNext(signal);
  }
}

function untilNext(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, everyMs);
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
  });
}
