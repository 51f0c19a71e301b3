import { assert, assertEquals, assertRejects } from "@std/assert";
import { connect, KvError, type SocketLike, type WatchEvent } from "@raftkv/client";
import { FakeCluster } from "./fake_cluster.ts";
import { VirtualTime } from "./virtual_time.ts";

type Message = Record<string, unknown>;

/** The node's end of a socket that is none: a test decides what it says. */
class FakeSocket implements SocketLike {
  readonly frames: string[] = [];
  readonly #listeners = new Map<string, ((event: { data: unknown }) => void)[]>();
  readonly #onFrame: (socket: FakeSocket, messages: readonly Message[]) => void;

  constructor(onFrame: (socket: FakeSocket, messages: readonly Message[]) => void) {
    this.#onFrame = onFrame;
    queueMicrotask(() => this.say({ type: "hello", nodeId: "n1", leaderId: "n1" }));
  }

  send(text: string): void {
    this.frames.push(text);
    const parsed = JSON.parse(text);
    this.#onFrame(this, Array.isArray(parsed) ? parsed : [parsed]);
  }

  say(message: unknown): void {
    this.#emit("message", { data: JSON.stringify(message) });
  }

  close(): void {
    queueMicrotask(() => this.#emit("close", { data: null }));
  }

  addEventListener(type: string, listener: (event: { data: unknown }) => void): void {
    this.#listeners.set(type, [...this.#listeners.get(type) ?? [], listener]);
  }

  #emit(type: string, event: { data: unknown }): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event);
  }
}

/** A client whose sockets are all fakes. */
function clientOf(onFrame: (socket: FakeSocket, messages: readonly Message[]) => void) {
  const sockets: FakeSocket[] = [];
  const kv = connect({
    endpoints: ["http://n1.test"],
    discover: false,
    timeoutMs: 200,
    webSocket: () => {
      const socket = new FakeSocket(onFrame);
      sockets.push(socket);
      return socket;
    },
  });
  return { kv, sockets };
}

const ANSWER = { createRevision: 2, modRevision: 2, version: 1, revision: 2 };

Deno.test("requests of one turn go out in one frame, and answers may come in any order", async () => {
  const { kv, sockets } = clientOf((socket, messages) => {
    for (const { id, op, key } of messages.toReversed()) {
      socket.say({ id, result: op === "get" ? { ...ANSWER, key, value: key } : { session: "1" } });
    }
  });
  await kv.get("first");
  const found = await Promise.all(["a", "b", "c"].map((key) => kv.get(key)));
  assertEquals(found.map((each) => each?.value), ["a", "b", "c"]);
  assertEquals(sockets.length, 1);
  assertEquals(sockets[0]?.frames.length, 2);
  await kv.close();
});

Deno.test("a write whose connection breaks is sent again under the same name", async () => {
  const names: unknown[] = [];
  const { kv, sockets } = clientOf((socket, messages) => {
    for (const { id, op, key, idempotencyKey } of messages) {
      if (op === "openSession") socket.say({ id, result: { session: "7", revision: 1 } });
      else if (names.push(idempotencyKey) === 1) socket.close();
      else socket.say({ id, result: { ...ANSWER, key } });
    }
  });
  await kv.put("key", 1);
  assertEquals(names, ["7/1", "7/1"]);
  assertEquals(sockets.length, 2);
  await kv.close();
});

Deno.test("a write without an answer in time is unknown", async () => {
  const { kv } = clientOf((socket, messages) => {
    for (const { id, op } of messages) {
      if (op === "openSession") socket.say({ id, result: { session: "7", revision: 1 } });
    }
  });
  const error = await assertRejects(() => kv.put("key", 1), KvError);
  assertEquals([error.code, error.outcome], ["timeout", "unknown"]);
  await kv.close();
});

Deno.test("where no socket comes about, HTTP serves", async () => {
  const cluster = new FakeCluster();
  const kv = connect({
    endpoints: cluster.urls,
    fetch: cluster.fetch,
    webSocket: () => {
      const socket = new FakeSocket(() => {});
      socket.say = () => {};
      socket.close();
      return socket;
    },
  });
  await kv.put("key", 1);
  assertEquals((await kv.get("key"))?.value, 1);
  await kv.close();
});

Deno.test("a consumer that is slow misses nothing, and costs no more than a bounded queue", async () => {
  const COUNT = 5_000;
  let opened = 0;
  let canceled = 0;
  const { kv } = clientOf((socket, messages) => {
    for (const { id, op, revision } of messages) {
      if (op === "cancel") canceled += 1;
      if (op !== "watch") continue;
      opened += 1;
      const first = Number(revision);
      socket.say({ id, result: { watch: id, revision: first } });
      for (let each = first; each < first + COUNT; each++) {
        const kv = { key: "k", value: each, createRevision: 2, modRevision: each, version: 1 };
        socket.say({ watch: id, type: "events", revision: each, events: [{ type: "put", kv }] });
      }
    }
  });
  const seen: number[] = [];
  for await (const event of kv.watch({ prefix: "", revision: 10 }) as AsyncIterable<WatchEvent>) {
    seen.push(event.revision);
    if (seen.length === COUNT) break;
  }
  assertEquals(seen, Array.from({ length: COUNT }, (_, at) => 10 + at));
  assert(opened > 1 && canceled >= opened - 1, `${opened} opened, ${canceled} canceled`);
  await kv.close();
});

/** Serves over sockets what fits them; everything else is counted. */
function servingAll(socket: FakeSocket, messages: readonly Message[]): void {
  for (const { id, op, key } of messages) {
    socket.say({
      id,
      result: op === "openSession" ? { session: "7", revision: 1 } : { ...ANSWER, key },
    });
  }
}

Deno.test("what is too large for a frame goes over HTTP, and breaks no connection", async () => {
  const paths: string[] = [];
  const sockets: FakeSocket[] = [];
  const kv = connect({
    endpoints: ["http://n1.test"],
    discover: false,
    fetch: (url) => {
      paths.push(new URL(url).pathname);
      return Promise.resolve(Response.json({ ...ANSWER, key: "key" }));
    },
    webSocket: () => sockets[sockets.push(new FakeSocket(servingAll)) - 1]!,
  });
  await kv.put("small", 1);
  await kv.put("key", "x".repeat(1_600_000));
  assertEquals(paths, ["/v1/kv/key"]);
  await kv.put("key", "\u20ac".repeat(530_000));
  assertEquals(paths.length, 2, "bytes count, not characters");
  assertEquals(sockets.length, 1);
  await kv.close();
});

Deno.test("requests of one turn take as many frames as their bytes need", async () => {
  const { kv, sockets } = clientOf(servingAll);
  await kv.put("first", 1);
  await Promise.all([1, 2, 3, 4, 5, 6].map((each) => kv.put(`${each}`, "x".repeat(300_000))));
  const frames = sockets[0]!.frames.slice(2);
  assertEquals(sockets.length, 1);
  for (const frame of frames) assert(frame.length <= 1_572_864, `${frame.length} bytes`);
  await kv.close();
});

/** A socket at which nothing ever happens. */
const SILENT: SocketLike = { send: () => {}, close: () => {}, addEventListener: () => {} };

Deno.test("a watch does not wait for ever for a socket: HTTP serves, and its signal ends it", async () => {
  const time = new VirtualTime();
  const asked: string[] = [];
  const giveUp = new AbortController();
  const kv = connect({
    endpoints: ["http://n1.test"],
    discover: false,
    timers: time,
    webSocket: () => SILENT,
    fetch: (url) => {
      asked.push(new URL(url).pathname);
      giveUp.abort(new DOMException("Enough", "AbortError"));
      return new Promise((_, reject) => reject(giveUp.signal.reason));
    },
  });
  const { signal } = giveUp;
  await time.run(assertRejects(() => kv.watch({ signal }).next(), DOMException, "Enough"));
  assertEquals(asked, ["/v1/watch"]);
  const early = new AbortController();
  const next = kv.watch({ signal: early.signal }).next();
  early.abort(new DOMException("Early", "AbortError"));
  await assertRejects(() => next, DOMException, "Early");
  await time.run(kv.close());
});

Deno.test("a client closes although a node never says goodbye", async () => {
  const time = new VirtualTime();
  const kv = connect({
    endpoints: ["http://n1.test"],
    discover: false,
    timers: time,
    webSocket: () => SILENT,
    fetch: () => Promise.resolve(Response.json({ ...ANSWER, key: "k", value: 1 })),
  });
  await time.run(kv.get("k"));
  await time.run(kv.close());
  assertEquals(time.pending, 0);
});
