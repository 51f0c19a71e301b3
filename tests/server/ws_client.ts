// A WebSocket client that gives the messages one by one, and a node's door behind either listener.

import { assert, assertEquals } from "@std/assert";
import { createApp } from "../../server/app.ts";
import { listenHardened } from "../../server/listener_hardened.ts";
import { listenNative } from "../../server/listener_native.ts";
import {
  type Listener,
  LISTENER_LIMITS,
  type ListenerOptions,
} from "../../server/listener_options.ts";
import type { WebSocketLimits } from "../../server/websocket/limits.ts";
import { WebSocketDoor } from "../../server/websocket/websocket_door.ts";
import { FakePort } from "./fake_port.ts";

// deno-lint-ignore no-explicit-any
export type Message = any;

export interface Client extends AsyncDisposable {
  readonly socket: WebSocket;
  /** How many frames came. */
  readonly frames: { count: number };
  /** Resolves to the code and reason of the end. */
  readonly closed: Promise<CloseEvent>;
  readonly send: (message: unknown) => void;
  /** The next message; null after the last. */
  readonly next: () => Promise<Message>;
  /** Sends a request and gives the next message, which must be its answer. */
  readonly ask: (message: Record<string, unknown>) => Promise<Message>;
}

/** Opens a socket and reads the hello. */
export async function connect(
  url: string,
  protocols: string | string[] = "raftkv.v1",
): Promise<Client> {
  const client = open(url, protocols);
  assertEquals((await client.next())?.type, "hello");
  return client;
}

export function open(url: string, protocols: string | string[] = "raftkv.v1"): Client {
  const socket = new WebSocket(url.replace("http", "ws") + "/v1/ws", protocols);
  const messages: Message[] = [];
  const waiting: ((message: Message) => void)[] = [];
  const frames = { count: 0 };
  let isClosed = false;
  const closed = new Promise<CloseEvent>((resolve) => {
    socket.onclose = (event) => {
      isClosed = true;
      for (const resolve of waiting.splice(0)) resolve(null);
      resolve(event);
    };
  });
  socket.onmessage = ({ data }) => {
    frames.count++;
    const parsed = JSON.parse(data);
    for (const message of Array.isArray(parsed) ? parsed : [parsed]) {
      const resolve = waiting.shift();
      if (resolve === undefined) messages.push(message);
      else resolve(message);
    }
  };
  const send = (message: unknown) =>
    socket.send(typeof message === "string" ? message : JSON.stringify(message));
  const next = (): Promise<Message> =>
    messages.length > 0 || isClosed
      ? Promise.resolve(messages.shift() ?? null)
      : new Promise((resolve) => waiting.push(resolve));
  let id = 0;
  return {
    socket,
    frames,
    closed,
    send,
    next,
    ask: async (message) => {
      const request = { id: ++id, ...message };
      send(request);
      const answer = await next();
      assertEquals(answer?.id, request.id, JSON.stringify(answer));
      return answer;
    },
    [Symbol.asyncDispose]: async () => {
      socket.close();
      await closed;
    },
  };
}

export interface DoorUnderTest {
  readonly port: FakePort;
  readonly door: WebSocketDoor;
  readonly listener: Listener;
  readonly url: string;
  readonly internalErrors: unknown[];
}

export type OpenListener = (options: ListenerOptions) => Listener | Promise<Listener>;

export const LISTENERS: readonly [name: string, open: OpenListener][] = [
  ["native", listenNative],
  ["hardened", listenHardened],
];

export async function withDoor(
  open: OpenListener,
  run: (subject: DoorUnderTest) => Promise<void>,
  changes: {
    readonly limits?: WebSocketLimits;
    readonly listener?: Partial<ListenerOptions>;
    readonly internalErrors?: number;
  } = {},
): Promise<void> {
  const port = new FakePort();
  const internalErrors: unknown[] = [];
  const onInternalError = (thrown: unknown) => internalErrors.push(thrown);
  const app = createApp(port, { onInternalError });
  const { limits } = changes;
  const door = new WebSocketDoor(port, { onInternalError, ...(limits && { limits }) });
  port.onTurn = () => door.onTurn();
  const listener = await open({
    host: "127.0.0.1",
    port: 0,
    fetch: (request) => app.fetch(request),
    onPeerSocket: (socket) => socket.terminate(),
    onClientSocket: (socket) => door.accept(socket),
    limits: LISTENER_LIMITS,
    ...changes.listener,
  });
  const url = `http://${listener.host}:${listener.port}`;
  try {
    await run({ port, door, listener, url, internalErrors });
  } finally {
    door.close();
    await listener.close();
  }
  assertEquals(internalErrors.length, changes.internalErrors ?? 0);
  assertEquals([door.size, door.watchCount], [0, 0]);
}

/** A rule that holds behind both listeners. */
export function rule(
  name: string,
  run: (subject: DoorUnderTest) => Promise<void>,
  changes: Parameters<typeof withDoor>[2] = {},
): void {
  for (const [kind, open] of LISTENERS) {
    Deno.test(`${kind} listener: ${name}`, () => withDoor(open, run, changes));
  }
}

/** The answer's result. */
export function resultOf(answer: Message): Message {
  assert(answer?.error === undefined, JSON.stringify(answer));
  return answer.result;
}
