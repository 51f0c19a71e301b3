/**
 * Configuration that is in force as soon as it is written: the program reads it once and follows it.
 *
 *     deno run --allow-net --allow-env examples/live_config.ts
 *     raftkv put config/greeting "Good morning"
 *
 * @module
 */

import { connect } from "@raftkv/client";

const endpoints = (Deno.env.get("RAFTKV_ENDPOINTS") ?? "http://localhost:8001").split(",");
await using kv = connect({ endpoints });

const defaults = new Map<string, unknown>([["greeting", "Hello"]]);
const config = new Map(defaults);
const show = () => console.log(JSON.stringify(Object.fromEntries(config)));

// With `initial`, the first event is the state, and what follows it leaves no gap. A later `reset`
// comes after a pause so long that what happened meanwhile is no longer kept.
for await (const event of kv.watch({ prefix: "config/", initial: true })) {
  if (event.type === "reset") {
    config.clear();
    for (const [name, value] of defaults) config.set(name, value);
    for (const { key, value } of event.entries) config.set(nameOf(key), value);
  } else if (event.type === "put") config.set(nameOf(event.entry.key), event.entry.value);
  else if (event.type === "delete") forget(nameOf(event.key));
  show();
}

function forget(name: string): void {
  if (defaults.has(name)) config.set(name, defaults.get(name));
  else config.delete(name);
}

function nameOf(key: string): string {
  return key.slice("config/".length);
}
