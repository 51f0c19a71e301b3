import { createServer } from "node:http";
import { setImmediate } from "node:timers/promises";
import { assert, assertEquals } from "@std/assert";
import { FRAME_BYTES_MAX, PEER_PATH, type PeerSocket } from "@raftkv/transport";
import { listenHardened } from "../../server/listener_hardened.ts";
import {
  type Listener,
  LISTENER_LIMITS,
  type ListenerLimits,
  type ListenerOptions,
} from "../../server/listener_options.ts";
import { answer } from "../../server/node_exchange.ts";
import { streamedResponse } from "../../server/streamed.ts";
import { until } from "../process/until.ts";
import { head, rawConnect, rawExchange, readAnswer, writeAll } from "./raw_http.ts";

async function open(
  limits: Partial<ListenerLimits>,
  onPeerSocket: (socket: PeerSocket) => void = () => {},
): Promise<Listener> {
  return await listenHardened({
    ...OPTIONS,
    onPeerSocket,
    limits: { ...LISTENER_LIMITS, ...limits },
  });
}

const OPTIONS: ListenerOptions = {
  host: "127.0.0.1",
  port: 0,
  fetch: async (request) => new Response(await request.text()),
  onPeerSocket: () => {},
  onClientSocket: () => {},
  limits: LISTENER_LIMITS,
};

const bytesOf = (text: string) => new TextEncoder().encode(text);

Deno.test("a head that does not come to its end is cut off", async () => {
  const listener = await open({ headersMsMax: 50 });
  using connection = await rawConnect(listener.port);
  await writeAll(connection, bytesOf("GET / HTTP/1.1\r\nHost: x\r\nX-Slow:"));
  const { status } = await readAnswer(connection);
  assert(status === 408 || status === 0, `${status}`);
  await listener.close();
});

Deno.test("a body that does not come to its end is cut off", async () => {
  const listener = await open({ headersMsMax: 50, requestMsMax: 100 });
  using connection = await rawConnect(listener.port);
  await writeAll(connection, bytesOf("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"));
  const { status } = await readAnswer(connection);
  assert(status === 408 || status === 0, `${status}`);
  await listener.close();
});

for (const kind of ["whole", "streamed"] as const) {
  Deno.test(`a client that does not take a ${kind} answer is let go`, async () => {
    const body = new Uint8Array(64 * 1_048_576);
    const asked = Promise.withResolvers<void>();
    const listener = await listenHardened({
      ...OPTIONS,
      limits: { ...LISTENER_LIMITS, answerMsMax: 100, closeMsMax: 600_000 },
      fetch: () => {
        asked.resolve();
        return kind === "whole"
          ? new Response(body)
          : streamedResponse(ReadableStream.from([body, body]));
      },
    });
    using connection = await rawConnect(listener.port);
    await writeAll(connection, bytesOf("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    await asked.promise;
    let isClosed = false;
    void listener.close().then(() => isClosed = true);
    await until("the listener to be rid of its client", () => isClosed);
  });
}

Deno.test("a long answer leaves no listeners behind, however often its client is waited for", async () => {
  const listeners: number[] = [];
  const server = createServer((incoming, outgoing) => {
    const chunks = async function* () {
      for (let left = 40; left > 0; left--) {
        yield new Uint8Array(1_048_576);
        listeners.push(outgoing.listenerCount("close"));
      }
    };
    void answer(
      { incoming, outgoing, answerMsMax: 60_000 },
      streamedResponse(ReadableStream.from(chunks())),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { readonly port: number };
  assertEquals((await (await fetch(`http://127.0.0.1:${port}/`)).bytes()).length, 40 * 1_048_576);
  assert(Math.max(...listeners) <= listeners[0]! + 1, listeners.join());
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
});

Deno.test("a client that left before its long answer ended is not waited for", async () => {
  const begun = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  let isOver = false;
  const server = createServer((incoming, outgoing) => {
    outgoing.once("close", gone.resolve);
    const chunks = async function* () {
      yield new Uint8Array(10);
      begun.resolve();
      await gone.promise;
    };
    const body = streamedResponse(ReadableStream.from(chunks()));
    void answer({ incoming, outgoing, answerMsMax: 60_000 }, body).then(() => isOver = true);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const connection = await rawConnect((server.address() as { readonly port: number }).port);
  await writeAll(connection, bytesOf("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  await begun.promise;
  connection.close();
  await gone.promise;
  for (let turn = 0; turn < 20; turn++) await setImmediate();
  assert(isOver);
  await new Promise((resolve) => server.close(resolve));
});

Deno.test("a connection without requests is closed", async () => {
  const listener = await open({ idleMsMax: 50 });
  using connection = await rawConnect(listener.port);
  await writeAll(connection, bytesOf("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  assertEquals((await readAnswer(connection)).status, 200);
  await listener.close();
});

Deno.test("a head over the limit is refused", async () => {
  const listener = await open({ headerBytesMax: 16_384 });
  const request = (size: number) => head("GET /", [`X-Padding: ${"x".repeat(size)}`]);
  assertEquals((await rawExchange(listener.port, request(15_000))).status, 200);
  assertEquals((await rawExchange(listener.port, request(17_000))).status, 431);
  await listener.close();
});

Deno.test("connections over the limit are refused, and served again once there is room", async () => {
  const listener = await open({ connectionsMax: 2 });
  const held = [await rawConnect(listener.port), await rawConnect(listener.port)];
  const ask = async (connection: Deno.TcpConn) => {
    await writeAll(connection, bytesOf("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    return await connection.read(new Uint8Array(1_024)).catch(() => null);
  };
  for (const connection of held) assert((await ask(connection) ?? 0) > 0);
  using third = await rawConnect(listener.port);
  assertEquals(await ask(third), null);
  for (const connection of held) connection.close();
  let status = 0;
  while (status !== 200) ({ status } = await rawExchange(listener.port, head("GET /")));
  await listener.close();
});

Deno.test("a peer's frame over the limit ends its socket before it is held in memory", async () => {
  const received: number[] = [];
  const gone = Promise.withResolvers<string>();
  const listener = await open({}, (peer) =>
    peer.listen({
      onOpen: () => {},
      onMessage: (bytes) => received.push(bytes.length),
      onClose: gone.resolve,
    }));
  const socket = new WebSocket(`ws://127.0.0.1:${listener.port}${PEER_PATH}`);
  await new Promise((resolve) => socket.onopen = resolve);
  const closed = new Promise((resolve) => socket.onclose = resolve);
  socket.send(new Uint8Array(FRAME_BYTES_MAX));
  socket.send(new Uint8Array(FRAME_BYTES_MAX + 1));
  await gone.promise;
  await closed;
  assertEquals(received, [FRAME_BYTES_MAX]);
  await listener.close();
});

Deno.test("a connection that is reset in the middle of an upgrade does no harm", async () => {
  const listener = await open({});
  for (let i = 0; i < 5; i++) {
    const connection = await rawConnect(listener.port);
    await writeAll(
      connection,
      bytesOf(
        "GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
      ),
    );
    connection.close();
  }
  assertEquals((await rawExchange(listener.port, head("GET /"))).status, 200);
  await listener.close();
});
