import { assertEquals } from "@std/assert";
import { connect, type ConnectOptions } from "@raftkv/client";
import { loadNodeConfig, startNode } from "@raftkv/server";
import { CASES } from "./cases.ts";

let sockets = 0;

const counted = (url: string, protocol: string): WebSocket => {
  sockets += 1;
  return new WebSocket(url, protocol);
};

const DOORS: Readonly<Record<string, Partial<ConnectOptions>>> = {
  "over HTTP": { webSocket: false },
  "over a WebSocket": { webSocket: counted },
};

for (const [door, options] of Object.entries(DOORS)) {
  for (const { name, run } of CASES) {
    Deno.test(`${door}, ${name}`, async () => {
      const flags = { listen: "127.0.0.1:0", data: ":memory:" };
      const node = await startNode(loadNodeConfig({ flags, env: {}, file: null }));
      const before = sockets;
      try {
        await using kv = connect({ endpoints: [node.url], ...options });
        await run({ kv, prefix: "case/" });
        assertEquals(sockets - before, options.webSocket === false ? 0 : 1, "one socket for all");
      } finally {
        await node.close();
      }
    });
  }
}
