// What a broken or hostile client may try through a WebSocket: it gets its due, and the node holds no
// memory for it and goes on.

import { assert, assertEquals } from "@std/assert";
import { LIMITS } from "@raftkv/core";
import { WEBSOCKET_LIMITS } from "../../server/websocket/limits.ts";
import { listenHardened } from "../../server/listener_hardened.ts";
import { LISTENER_LIMITS } from "../../server/listener_options.ts";
import { RawSocket } from "./raw_socket.ts";
import { connect, type DoorUnderTest, resultOf, rule, withDoor } from "./ws_client.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

/** The node still serves, and knows no more of its clients than it should. */
async function goesOn({ url, door }: DoorUnderTest, clients: number): Promise<void> {
  await using client = await connect(url);
  resultOf(await client.ask({ op: "put", key: "alive", value: 1 }));
  while (door.size > clients + 1) await client.ask({ op: "ping" });
}

rule("a frame that is not text ends the socket", async (subject) => {
  using raw = await RawSocket.open(subject.url);
  await raw.frame(0x82, new Uint8Array([1, 2, 3]));
  assertEquals(await raw.closeCode(), 1003);
  await goesOn(subject, 0);
});

rule("a frame that is not UTF-8 ends the socket", async (subject) => {
  using raw = await RawSocket.open(subject.url);
  await raw.frame(0x81, new Uint8Array([0x22, 0xff, 0x22]));
  const code = await raw.closeCode();
  assert(code === 1007 || code === null, `${code}`);
  assertEquals(subject.port.proposals, []);
  await goesOn(subject, 0);
});

rule(
  "a frame as large as the limit is served, and a larger one ends the socket",
  async (subject) => {
    const max = LIMITS.requestBytesMax;
    const message = '{"id":1,"op":"put","key":"a","value":"x"}';
    const padded = (size: number) => utf8(message + " ".repeat(size - message.length));
    for (const [size, isServed] of [[max, true], [max + 1, false], [8 * max, false]] as const) {
      using raw = await RawSocket.open(subject.url);
      const sent = raw.frame(0x81, padded(size));
      if (!isServed) {
        const code = await raw.closeCode();
        assert(code === 1009 || code === null, `${code}`);
      } else {
        for await (const answer of raw.messages()) {
          if (answer.type !== "hello") assertEquals(resultOf(answer).key, "a");
          if (answer.id === 1) break;
        }
      }
      await sent;
    }
    assertEquals(subject.port.proposals.length, 1);
    // Bytes count, not characters.
    using raw = await RawSocket.open(subject.url);
    const sent = raw.frame(0x81, utf8(`"${"日".repeat(max / 3)}"`));
    const code = await raw.closeCode();
    assert(code === 1009 || code === null, `${code}`);
    await sent;
    await goesOn(subject, 0);
  },
);

Deno.test("hardened listener: a message in fragments without end is cut off at the limit", () =>
  withDoor(listenHardened, async (subject) => {
    using raw = await RawSocket.open(subject.url);
    const fragment = new Uint8Array(65_536).fill(0x20);
    const code = raw.closeCode();
    // Until the node has let go.
    for (let first = 0x01; await raw.frame(first, fragment); first = 0x00);
    assertEquals(await code, 1009);
    await goesOn(subject, 0);
  }));

rule(
  "a client that asks and never reads is refused, then left, and costs the node no memory",
  async (subject) => {
    const { url, port } = subject;
    await using other = await connect(url);
    resultOf(await other.ask({ op: "put", key: "big", value: "v".repeat(100_000) }));
    using raw = await RawSocket.open(url);
    const { rss } = Deno.memoryUsage();
    const get = utf8('{"id":1,"op":"get","key":"big"}');
    const left = isLeft(subject, 1);
    for (let sent = 0; sent < 100_000; sent++) {
      if (!(await Promise.race([raw.frame(0x81, get), left]))) break;
    }
    assert(port.reads.length < 1_000, `${port.reads.length} reads of 100 kB each`);
    assert(Deno.memoryUsage().rss - rss < 400_000_000);
    resultOf(await other.ask({ op: "ping", id: 77 }));
    await goesOn(subject, 2);
  },
  { limits: { ...WEBSOCKET_LIMITS, unreadBytesMax: 8_388_608, unreadMsMax: 1_000 } },
);

rule("a client that stops in the middle of its answers is not waited for", async (subject) => {
  await using other = await connect(subject.url);
  resultOf(await other.ask({ op: "put", key: "big", value: "v".repeat(100_000) }));
  using raw = await RawSocket.open(subject.url);
  const gets = Array.from({ length: 200 }, (_, id) => ({ id, op: "get", key: "big" }));
  await raw.send(gets);
  // Nothing else would end it: too little is unread, and no sign of life is asked for.
  assertEquals(await isLeft(subject, 1), false);
}, {
  limits: { ...WEBSOCKET_LIMITS, unreadMsMax: 100 },
  listener: { limits: { ...LISTENER_LIMITS, idleMsMax: 3_600_000 } },
});

/** Resolves to false once the door has no more clients than this. */
async function isLeft({ door }: DoorUnderTest, clients: number): Promise<boolean> {
  while (door.size > clients) await new Promise((resolve) => setTimeout(resolve, 5));
  return false;
}

rule(
  "a thousand reads at once are answered, or refused before they cost a gigabyte",
  async (subject) => {
    await using client = await connect(subject.url);
    resultOf(await client.ask({ op: "put", key: "big", value: "v".repeat(1_000_000) }));
    client.send(Array.from({ length: 200 }, (_, at) => ({ id: 10 + at, op: "get", key: "big" })));
    const codes = new Map<string, number>();
    for (let count = 0; count < 200; count++) {
      const { error } = await client.next();
      const code = error?.code ?? "ok";
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    assertEquals([...codes.keys()].sort(), ["ok", "overloaded"]);
    assert(codes.get("ok")! >= 16 && codes.get("ok")! < 40, `${codes.get("ok")} answers of 1 MB`);
    // And then it is as before.
    resultOf(await client.ask({ op: "get", key: "big" }));
  },
);

rule(
  "more requests than may be under way are refused, and nothing is done for them",
  async (subject) => {
    const { url, port } = subject;
    await using client = await connect(url);
    const ids = Array.from({ length: 20 }, (_, at) => at);
    client.send(ids.map((id) => ({ id, op: "increment", key: "n" })));
    let done = 0;
    for (const _ of ids) {
      const { result, error } = await client.next();
      if (result !== undefined) done++;
      else {assertEquals([error.code, error.outcome, error.retryable], [
          "overloaded",
          "not_applied",
          true,
        ]);}
    }
    assertEquals([done, port.proposals.length], [8, 8]);
    assertEquals(resultOf(await client.ask({ op: "increment", id: 99, key: "n" })).value, "9");
  },
  { limits: { ...WEBSOCKET_LIMITS, requestsMax: 8 } },
);

rule(
  "an id that is in use is refused, and the request that has it is answered",
  async (subject) => {
    await using client = await connect(subject.url);
    client.send([{ id: 5, op: "increment", key: "n" }, { id: 5, op: "increment", key: "n" }]);
    const answers = [await client.next(), await client.next()];
    assertEquals(answers.map(({ id }) => id), [5, 5]);
    assertEquals(answers.filter(({ result }) => result?.value === "1").length, 1);
    const refused = answers.find(({ error }) => error !== undefined);
    assertEquals(refused?.error.code, "invalid_argument");
    assertEquals(subject.port.proposals.length, 1);
  },
);

rule("a client that leaves in the middle of a transaction leaves it whole", async (subject) => {
  const { url, port } = subject;
  const client = await connect(url);
  const success = Array.from({ length: 100 }, (_, at) => ({ put: { key: `k${at}`, value: 1 } }));
  client.send({ id: 1, op: "txn", success });
  client.socket.close();
  await client.closed;
  using raw = await RawSocket.open(url);
  const text = utf8(JSON.stringify({ id: 1, op: "txn", success }));
  await raw.write(new Uint8Array([0x81, 0xfe, text.length >> 8, text.length & 255, 0, 0, 0, 0]));
  await raw.write(text.subarray(0, 500));
  raw[Symbol.dispose]();
  await goesOn(subject, 0);
  const { count } = await (await fetch(`${url}/v1/kv?prefix=k&countOnly=true`)).json();
  assertEquals(count % 100, 0);
  assertEquals(port.proposals.length, count / 100 + 1);
});

rule("frames against the protocol end the socket, not the node", async (subject) => {
  const frames: [number, Uint8Array][] = [
    // A continuation of nothing, reserved bits, a reserved opcode, a fragmented ping, one too long.
    [0x80, utf8("{}")],
    [0xc1, utf8("{}")],
    [0x83, utf8("{}")],
    [0x09, utf8("x")],
    [0x89, new Uint8Array(126)],
    // A close frame of one byte, and one with a code that must not be sent.
    [0x88, new Uint8Array([3])],
    [0x88, new Uint8Array([3, 238])],
  ];
  for (const [first, payload] of frames) {
    using raw = await RawSocket.open(subject.url);
    await raw.frame(first, payload);
    const code = await raw.closeCode();
    assert(code === null || code === 1002 || code === 1000 || code === 1006, `${first}: ${code}`);
  }
  await goesOn(subject, 0);
});

rule("a ping of the protocol is answered", async ({ url }) => {
  using raw = await RawSocket.open(url);
  await raw.frame(0x89, utf8("hi"));
  await raw.frame(0x88, new Uint8Array([0x03, 0xe8]));
  assertEquals(await raw.closeCode(), 1000);
});

rule("a client from which no sign of life comes is let go", async (subject) => {
  using raw = await RawSocket.open(subject.url);
  // It answers no ping, and may not notice a farewell either.
  assertEquals(await Promise.race([raw.closeCode().then(() => false), isLeft(subject, 0)]), false);
}, { listener: { limits: { ...LISTENER_LIMITS, idleMsMax: 1_000 } } });
