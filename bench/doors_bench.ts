/**
 * What a put costs at each door: from the request as it came to the answer as it goes out, over a
 * node that answers at once. `deno bench --allow-read --allow-env bench/doors_bench.ts`
 *
 * @module
 */

import type { CommandResult, KvReader } from "@raftkv/core/kv";
import { createApp } from "../server/app.ts";
import type { KvPort } from "../server/kv_port.ts";
import type { ClientSocket, ClientSocketHandlers } from "../server/websocket/client_socket.ts";
import { WebSocketDoor } from "../server/websocket/websocket_door.ts";

const COMMITTED: CommandResult = {
  kind: "committed",
  revision: 1_234_567,
  succeeded: true,
  results: [{ kind: "put", createRevision: 123_456, modRevision: 1_234_567, version: 17 }],
};
const STATUS = { leaderId: "n1", term: 7, revision: 1_234_567 } as ReturnType<KvPort["status"]>;

const port = {
  nodeId: "n1",
  clusterId: "bench",
  isStopping: false,
  events: { revision: 0, compactRevision: 0 } as KvPort["events"],
  proposeThen: (_command: unknown, _limit: unknown, settle: { resolve(_: CommandResult): void }) =>
    settle.resolve(COMMITTED),
  readThen: (_consistency: unknown, _limit: unknown, settle: { resolve(_: KvReader): void }) =>
    settle.resolve({} as KvReader),
  status: () => STATUS,
  members: () => [],
} as unknown as KvPort;

const app = createApp(port, { onInternalError: reportError });
const body = JSON.stringify({ value: "v".repeat(256) });

Deno.bench("a put over HTTP", { group: "put" }, async () => {
  const request = new Request("http://node/v1/kv/key-00001234", { method: "PUT", body });
  await (await app.fetch(request)).arrayBuffer();
});

let handlers: ClientSocketHandlers | null = null;
const socket: ClientSocket = {
  bufferedBytes: 0,
  listen: (given) => handlers = given,
  send: () => {},
  close: () => {},
  terminate: () => {},
  pause: () => {},
  resume: () => {},
};
new WebSocketDoor(port, { onInternalError: reportError }).accept(socket);
const message = (id: number) =>
  `{"id":${id},"op":"put","key":"key-00001234","value":"${"v".repeat(256)}"}`;
const alone = message(1);
const batch = `[${Array.from({ length: 100 }, (_, id) => message(id)).join(",")}]`;

Deno.bench("a put over a WebSocket", { group: "put", baseline: true }, async () => {
  handlers?.onMessage(alone);
  await Promise.resolve();
});

Deno.bench("a hundred puts in one frame", { group: "put" }, async () => {
  handlers?.onMessage(batch);
  await Promise.resolve();
});
