/**
 * What it costs the node to say 512 answers, one in a frame or many, to a client in another process:
 * `deno bench --allow-net=127.0.0.1 --allow-read --allow-run bench/frames_bench.ts`
 *
 * @module
 */

import { listenHardened } from "../server/listener_hardened.ts";
import { listenNative } from "../server/listener_native.ts";
import { LISTENER_LIMITS, type ListenerOptions } from "../server/listener_options.ts";
import type { ClientSocket } from "../server/websocket/client_socket.ts";

const MESSAGES = 512;
const MESSAGE = '{"id":123,"result":{"key":"key-00001234","createRevision":123456,' +
  '"modRevision":1234567,"version":17,"revision":1234567}}';

async function socketBehind(
  open: (options: ListenerOptions) => unknown,
): Promise<ClientSocket> {
  const { promise, resolve } = Promise.withResolvers<ClientSocket>();
  const { port } = await open({
    host: "127.0.0.1",
    port: 0,
    fetch: () => new Response(),
    onPeerSocket: (socket) => socket.terminate(),
    onClientSocket: (socket) =>
      socket.listen({ onOpen: () => resolve(socket), onMessage: () => {}, onClose: () => {} }),
    limits: LISTENER_LIMITS,
  }) as { readonly port: number };
  const client = `new WebSocket("ws://127.0.0.1:${port}/v1/ws").onmessage = () => {};`;
  const child = new Deno.Command(Deno.execPath(), { args: ["eval", client], stdin: "null" })
    .spawn();
  globalThis.addEventListener("unload", () => child.kill());
  return await promise;
}

for (const [kind, open] of [["native", listenNative], ["hardened", listenHardened]] as const) {
  const socket = await socketBehind(open);
  for (const size of [1, 8, 64, 512]) {
    const frame = size === 1 ? MESSAGE : `[${Array(size).fill(MESSAGE).join(",")}]`;
    Deno.bench(`${kind}: 512 messages, ${size} in a frame`, { group: kind }, async (bench) => {
      bench.start();
      for (let said = 0; said < MESSAGES; said += size) socket.send(frame);
      bench.end();
      // Not what is measured: the next round begins with an empty socket.
      while (socket.bufferedBytes > 0) await new Promise((resolve) => setTimeout(resolve, 1));
    });
  }
}
