import { assertEquals } from "@std/assert";
import { connect, type ConnectOptions, type Kv } from "@raftkv/client";
import { RaftKV } from "@raftkv/embed";
import { loadNodeConfig, startNode } from "@raftkv/server";
import { CASES } from "./cases.ts";

let sockets = 0;

const counted = (url: string, protocol: string): WebSocket => {
  sockets += 1;
  return new WebSocket(url, protocol);
};

/** A store behind a port of this machine. */
async function remote(options: Partial<ConnectOptions>): Promise<Kv> {
  const flags = { listen: "127.0.0.1:0", data: ":memory:" };
  const node = await startNode(loadNodeConfig({ flags, env: {}, file: null }));
  return connect({ endpoints: [node.url], ...options, onClose: () => node.close() });
}

/** A store in this process whose directory goes with it. */
async function onDisk(): Promise<Kv> {
  const directory = await Deno.makeTempDir();
  const kv = await RaftKV.open({ directory: `${directory}/data` });
  const { close } = kv;
  return Object.assign(kv, {
    close: async () => {
      await close.call(kv);
      await Deno.remove(directory, { recursive: true });
    },
  });
}

const DOORS: Readonly<Record<string, { open(): Promise<Kv>; readonly sockets: number }>> = {
  "over HTTP": { open: () => remote({ webSocket: false }), sockets: 0 },
  "over a WebSocket": { open: () => remote({ webSocket: counted }), sockets: 1 },
  "embedded in memory": { open: () => RaftKV.open(), sockets: 0 },
  "embedded on disk": { open: onDisk, sockets: 0 },
};

for (const [door, { open, sockets: expected }] of Object.entries(DOORS)) {
  for (const { name, run } of CASES) {
    Deno.test(`${door}, ${name}`, async () => {
      const before = sockets;
      const kv = await open();
      try {
        await run({ kv, prefix: "case/" });
        assertEquals(sockets - before, expected, "one socket for all");
      } finally {
        await kv.close();
      }
    });
  }
}
