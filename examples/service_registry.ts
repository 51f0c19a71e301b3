/**
 * A registry of services: each instance is listed for as long as it lives, and everyone sees the
 * same list.
 *
 *     deno run --allow-net --allow-env examples/service_registry.ts register api http://10.0.0.1:80
 *     deno run --allow-net --allow-env examples/service_registry.ts follow api
 *
 * @module
 */

import { connect } from "@raftkv/client";

const endpoints = (Deno.env.get("RAFTKV_ENDPOINTS") ?? "http://localhost:8001").split(",");
await using kv = connect({ endpoints });
const [what, service = "api", url = ""] = Deno.args;

if (what === "register") await register();
else await follow();

/** The entry ends with the lease, and the lease a few seconds after this process. */
async function register(): Promise<void> {
  for (;;) {
    // Without an end to the waiting, it outlasts any outage of the cluster.
    await using lease = await kv.lease({ ttl: 5, timeoutMs: Infinity });
    const { id, signal } = lease;
    try {
      await kv.put(`services/${service}/${id}`, { url }, { lease, signal, timeoutMs: Infinity });
      console.log(`registered ${url}`);
      await ended(signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    console.log("registering again: the cluster was out of reach for too long");
  }
}

async function follow(): Promise<void> {
  const urls = new Map<string, string>();
  const prefix = `services/${service}/`;
  for await (const event of kv.watch<{ url: string }>({ prefix, initial: true })) {
    if (event.type === "reset") {
      urls.clear();
      for (const { key, value } of event.entries) urls.set(key, value.url);
    } else if (event.type === "put") urls.set(event.entry.key, event.entry.value.url);
    else if (event.type === "delete") urls.delete(event.key);
    console.log([...urls.values()].join(" ") || "none");
  }
}

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
