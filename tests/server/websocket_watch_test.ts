import { assert, assertEquals } from "@std/assert";
import { WEBSOCKET_LIMITS } from "../../server/websocket/limits.ts";
import { RawSocket } from "./raw_socket.ts";
import { type Client, connect, type Message, resultOf, rule } from "./ws_client.ts";

async function put(client: Client, key: string, value: unknown = 1): Promise<void> {
  const id = nextId++;
  client.send({ id, op: "put", key, value });
  for (let message = await client.next(); message.id !== id; message = await client.next()) {
    told.push(message);
  }
}
let nextId = 1_000;
let told: Message[] = [];

/** Writes by one client, so that another's messages are those of its watches alone. */
function rules(
  name: string,
  run: (of: { watcher: Client; writer: Client }) => Promise<void>,
): void {
  rule(name, async ({ url }) => {
    told = [];
    await using watcher = await connect(url);
    await using writer = await connect(url);
    await run({ watcher, writer });
  });
}

rules("several watches of one socket tell each what it watches", async ({ watcher, writer }) => {
  const a = resultOf(await watcher.ask({ op: "watch", id: 1, prefix: "a", prevKv: true }));
  assertEquals(a, { watch: 1, revision: 2 });
  resultOf(await watcher.ask({ op: "watch", id: 2, key: "b" }));
  await put(writer, "a1");
  await put(writer, "b");
  await put(writer, "c");
  resultOf(
    await writer.ask({
      op: "txn",
      id: 7,
      success: [{ put: { key: "b", value: 2 } }, {
        delete: { key: "a1" },
      }],
    }),
  );
  const kv = { key: "a1", value: 1, createRevision: 2, modRevision: 2, version: 1 };
  assertEquals(await watcher.next(), {
    watch: 1,
    type: "events",
    revision: 2,
    events: [{ type: "put", kv, prevKv: null }],
  });
  const { watch, revision, events } = await watcher.next();
  assertEquals([watch, revision, events[0].kv.key], [2, 3, "b"]);
  const last = [await watcher.next(), await watcher.next()];
  last.sort((one, other) => one.watch - other.watch);
  assertEquals(last[0].events, [{ type: "delete", key: "a1", prevKv: kv }]);
  assertEquals([last[1].watch, last[1].revision], [2, 5]);
});

rules("a watch from a past revision tells the past first, then the present", async (of) => {
  const { watcher, writer } = of;
  for (let n = 0; n < 500; n++) await put(writer, n % 2 === 0 ? "even" : "odd", n);
  const { revision } = resultOf(
    await watcher.ask({ op: "watch", id: 1, key: "even", revision: 2 }),
  );
  assertEquals(revision, 2);
  for (let n = 0; n < 500; n += 2) {
    const message = await watcher.next();
    assertEquals([message.revision, message.events[0].kv.value], [n + 2, n]);
  }
  await put(writer, "odd");
  await put(writer, "even", "now");
  const message = await watcher.next();
  assertEquals([message.revision, message.events[0].kv.value], [503, "now"]);
});

rules("a cancelled watch tells nothing more, and can be cancelled again", async (of) => {
  const { watcher, writer } = of;
  resultOf(await watcher.ask({ op: "watch", id: 1, prefix: "" }));
  const busy = await watcher.ask({ op: "watch", id: 1, prefix: "" });
  assertEquals(busy.error.code, "invalid_argument");
  assertEquals(resultOf(await watcher.ask({ op: "cancel", id: 2, watch: 1 })), {
    watch: 1,
    canceled: true,
  });
  await put(writer, "a");
  assertEquals(resultOf(await watcher.ask({ op: "cancel", id: 3, watch: 1 })).canceled, false);
  // Its id is free again.
  resultOf(await watcher.ask({ op: "watch", id: 1, prefix: "", revision: 2 }));
  assertEquals((await watcher.next()).revision, 2);
});

rules("bookmarks say how far a quiet watch has been told, each for itself", async (of) => {
  const { watcher, writer } = of;
  resultOf(await watcher.ask({ op: "watch", id: 1, key: "a", bookmark: "1ms" }));
  watcher.send({ op: "watch", id: 2, key: "a", revision: 50, bookmark: "1ms" });
  // On a busy machine a bookmark of the first may be due before that is answered.
  let message = await watcher.next();
  while (message.watch === 1) message = await watcher.next();
  assertEquals(message.id, 2);
  for (const key of ["b", "c"]) await put(writer, key);
  message = await watcher.next();
  while (message.revision !== 3) {
    assertEquals([message.watch, message.type], [1, "bookmark"]);
    message = await watcher.next();
  }
  assertEquals(message, { watch: 1, type: "bookmark", revision: 3 });
});

rules("what was compacted before it was told is said to be, and ends the watch", async (of) => {
  const { watcher, writer } = of;
  for (let n = 0; n < 5; n++) await put(writer, "a", n);
  resultOf(await writer.ask({ op: "compact", id: 1, revision: 4 }));
  const { error } = await watcher.ask({ op: "watch", id: 1, key: "a", revision: 4 });
  assertEquals([error.code, error.compactRevision], ["compacted", 4]);
  resultOf(await watcher.ask({ op: "watch", id: 1, key: "a", revision: 5 }));
  assertEquals((await watcher.next()).revision, 5);
});

rules("only puts, or only deletions, if asked", async ({ watcher, writer }) => {
  await put(writer, "a");
  resultOf(await writer.ask({ op: "delete", id: 1, key: "a" }));
  for (const [only, revision] of [["put", 2], ["delete", 3]] as const) {
    const id = revision;
    resultOf(await watcher.ask({ op: "watch", id, key: "a", revision: 2, only }));
    const message = await watcher.next();
    assertEquals([message.watch, message.revision, message.events.length], [id, revision, 1]);
  }
});

rule("a watch that is not read holds no memory, misses nothing and catches up", async (subject) => {
  const { url, door } = subject;
  await using writer = await connect(url);
  // Read by hand: the runtime's own client would read ahead.
  using raw = await RawSocket.open(url);
  await raw.send({ id: 1, op: "watch", prefix: "", revision: 2 });
  const count = 400;
  const value = "v".repeat(65_536);
  let mostBytes = 0;
  for (let n = 0; n < count; n++) {
    await put(writer, `k${n % 3}`, value);
    mostBytes = Math.max(mostBytes, door.unreadBytes);
  }
  // Of 25 MiB of events; the rest is still where it always was, in the past that is kept.
  assert(mostBytes < 2_000_000, `${mostBytes} bytes`);
  assertEquals(door.watchCount, 1);
  let next = 2;
  for await (const message of raw.messages()) {
    if (message.type !== "events") continue;
    assertEquals(message.revision, next++);
    if (next === count + 2) break;
  }
});

rule("a socket has so many watches and no more, also if they are asked for at once", async (of) => {
  const { url, door } = of;
  await using client = await connect(url);
  client.send([0, 1, 2, 9].map((id) => ({ id, op: "watch", key: "a" })));
  const answers = new Map<number, Message>();
  for (let count = 0; count < 4; count++) {
    const answer = await client.next();
    answers.set(answer.id, answer);
  }
  for (const id of [0, 1, 2]) resultOf(answers.get(id));
  const { error } = answers.get(9);
  assertEquals([error.code, error.retryable], ["overloaded", true]);
  assertEquals(door.watchCount, 3);
}, { limits: { ...WEBSOCKET_LIMITS, watchesMax: 3 } });

rule("a client that leaves takes its watches along", async ({ url, door }) => {
  const client = await connect(url);
  for (let id = 0; id < 20; id++) client.send({ id, op: "watch", key: "a" });
  for (let id = 0; id < 20; id++) resultOf(await client.next());
  await client[Symbol.asyncDispose]();
  await using other = await connect(url);
  while (door.size > 1) await other.ask({ op: "ping" });
  assertEquals(door.watchCount, 0);
});

rules("a watch can be cancelled before it has begun", async ({ watcher, writer }) => {
  watcher.send([{ id: 1, op: "watch", prefix: "" }, { id: 2, op: "cancel", watch: 1 }]);
  const answers = [await watcher.next(), await watcher.next()];
  answers.sort((one, other) => one.id - other.id);
  assertEquals([answers[0].result.watch, answers[1].result.canceled], [1, true]);
  await put(writer, "a");
  resultOf(await watcher.ask({ op: "ping", id: 3 }));
});
