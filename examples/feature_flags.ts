/**
 * Feature flags in a browser page that follow the store: the page's own `EventSource` goes on where
 * it was after a lost connection, because the ids of its events are revisions.
 *
 *     deno run --allow-net --allow-env examples/feature_flags.ts
 *     raftkv put flags/dark-mode on
 *
 * @module
 */

const node = Deno.env.get("RAFTKV_ENDPOINTS")?.split(",")[0] ?? "http://localhost:8001";
const port = Number(Deno.env.get("PORT") ?? 8080);

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Feature flags</title>
<style>
  :root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
  body { max-width: 30rem; margin: 2rem auto; padding: 0 1rem; }
</style>
<h1>Feature flags</h1>
<ul id="flags"></ul>
<script type="module">
  const flags = new Map();
  const list = document.querySelector("#flags");
  const name = (key) => key.slice("flags/".length);
  const show = () => list.replaceChildren(...[...flags].map(([flag, value]) => {
    const item = document.createElement("li");
    item.textContent = flag + ": " + value;
    return item;
  }));
  const { items, revision } = await (await fetch("/flags")).json();
  for (const { key, value } of items) flags.set(name(key), value);
  show();
  const source = new EventSource("/events?revision=" + (revision + 1));
  source.addEventListener("events", ({ data }) => {
    for (const { type, kv, key } of JSON.parse(data).events) {
      if (type === "put") flags.set(name(kv.key), kv.value);
      else flags.delete(name(key));
    }
    show();
  });
  source.addEventListener("compacted", () => location.reload());
</script>`;

const server = Deno.serve({ port, hostname: "127.0.0.1", onListen }, (request) => {
  const { pathname, searchParams } = new URL(request.url);
  switch (pathname) {
    case "/":
      return new Response(PAGE, { headers: { "content-type": "text/html; charset=utf-8" } });
    case "/flags":
      return fetch(`${node}/v1/kv?prefix=flags/&limit=1000`);
    case "/events": {
      const query = new URLSearchParams({ prefix: "flags/" });
      const revision = searchParams.get("revision");
      if (revision !== null) query.set("revision", revision);
      const last = request.headers.get("last-event-id");
      const headers = new Headers({ accept: "text/event-stream" });
      if (last !== null) headers.set("last-event-id", last);
      // The node is asked by this server, not by the page: browsers get no further than this.
      return fetch(`${node}/v1/watch?${query}`, { headers, signal: request.signal });
    }
    default:
      return new Response("Not found", { status: 404 });
  }
});

function onListen({ port }: { readonly port: number }): void {
  console.log(`http://localhost:${port}`);
}

await server.finished;
