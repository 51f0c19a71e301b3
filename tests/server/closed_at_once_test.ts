/**
 * Sockets that the node does not want, and closes in the turn in which it gets them: one of the two
 * runtimes' sockets forgets a close that comes before it is open, and whoever dialed would wait.
 *
 * @module
 */

import { assert } from "@std/assert";
import { dialWs } from "../../transport/dial_ws.ts";
import { DEAF, PEER_PATH } from "../../transport/peer_socket.ts";
import { listenHardened } from "../../server/listener_hardened.ts";
import { listenNative } from "../../server/listener_native.ts";
import { LISTENER_LIMITS, type ListenerOptions } from "../../server/listener_options.ts";
import type { ClientSocket } from "../../server/websocket/client_socket.ts";
import { open as openClient } from "./ws_client.ts";

const LISTENERS = [["native", listenNative], ["hardened", listenHardened]] as const;

/** How long a dialer may be left in the dark: far less than it would wait by itself. */
const CLOSED_MS_MAX = 10_000;

const OPTIONS: ListenerOptions = {
  host: "127.0.0.1",
  port: 0,
  fetch: () => new Response("ok"),
  onPeerSocket: (socket) => socket.terminate(),
  onClientSocket: (socket) => socket.close(1013, "Not yet"),
  limits: LISTENER_LIMITS,
};

async function soon(closed: Promise<unknown>): Promise<boolean> {
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => late.resolve(false), CLOSED_MS_MAX);
  const isClosed = await Promise.race([closed.then(() => true), late.promise]);
  clearTimeout(timer);
  return isClosed;
}

for (const [kind, listen] of LISTENERS) {
  Deno.test(`${kind} listener: a peer whose socket is not wanted hears so at once`, async () => {
    const listener = await listen(OPTIONS);
    const closed = Promise.withResolvers<string>();
    const socket = dialWs(`ws://127.0.0.1:${listener.port}${PEER_PATH}`);
    socket.listen({ ...DEAF, onClose: closed.resolve });
    assert(await soon(closed.promise));
    await listener.close();
  });

  for (const end of ["close", "terminate"] as const) {
    Deno.test(`${kind} listener: so does a client, by ${end}`, async () => {
      const onClientSocket = (socket: ClientSocket) =>
        end === "close" ? socket.close(1013, "Not yet") : socket.terminate();
      const listener = await listen({ ...OPTIONS, onClientSocket });
      const client = openClient(`http://127.0.0.1:${listener.port}`);
      assert(await soon(client.closed));
      await listener.close();
    });
  }
}
