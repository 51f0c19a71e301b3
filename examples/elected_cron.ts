/**
 * A job that runs on one host at a time, whichever is up: start this on several.
 *
 *     deno run --allow-net --allow-env --allow-sys=hostname examples/elected_cron.ts
 *
 * @module
 */

import { connect, put } from "@raftkv/client";

const endpoints = (Deno.env.get("RAFTKV_ENDPOINTS") ?? "http://localhost:8001").split(",");
const everyMs = Number(Deno.env.get("EVERY_MS") ?? 60_000);
const host = Deno.env.get("HOST_NAME") ?? Deno.hostname();
await using kv = connect({ endpoints });

for (;;) {
  await using leadership = await kv.elect("cron", { value: host, ttl: 10 });
  console.log(`${host} leads with token ${leadership.token}`);
  while (!leadership.signal.aborted) {
    // The result is written only while the leadership is still held: a process that slept through
    // its loss changes nothing.
    const run = await kv.txn()
      .if(leadership.held())
      .then(put("cron/last-run", { host, at: new Date().toISOString() }))
      .commit();
    if (!run.succeeded) break;
    console.log(`${host} ran`);
    await untilNext(leadership.signal);
  }
  console.log(`${host} leads no more`);
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
