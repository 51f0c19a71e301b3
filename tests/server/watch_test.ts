import { assert, assertEquals } from "@std/assert";
import { loadNodeConfig, startNode } from "@raftkv/server";
import { type AppUnderTest, appUnderTest, assertFailure } from "./app_under_test.ts";

interface Line {
  readonly type: string;
  readonly revision?: number;
  readonly compactRevision?: number;
  readonly events?: readonly {
    readonly type: string;
    readonly key?: string;
    readonly kv?: { readonly key: string; readonly value: unknown };
    readonly prevKv?: { readonly value: unknown } | null;
  }[];
}

/** A watch that gives its messages one by one. */
async function watching(app: AppUnderTest, query: string) {
  const headers = { accept: "application/x-ndjson" };
  const answer = await app.request(`/v1/watch?${query}`, { headers });
  assertEquals(answer.status, 200, query);
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const next = async (): Promise<Line | null> => {
    while (!text.includes("\n")) {
      const { value, done } = await reader.read();
      if (done) return null;
      text += value;
    }
    const [line = "", ...rest] = text.split("\n");
    text = rest.join("\n");
    return JSON.parse(line);
  };
  return { next, cancel: () => reader.cancel() };
}

const keyOf = ({ kv, key }: NonNullable<Line["events"]>[number]) => kv?.key ?? key;

async function put(app: AppUnderTest, key: string, value: unknown = 1): Promise<void> {
  assertEquals((await app.put(`/v1/kv/${key}`, JSON.stringify({ value }))).status, 200);
}

Deno.test("a watch tells every revision that changed its keys, once, in order and whole", async () => {
  const app = appUnderTest();
  const { next, cancel } = await watching(app, "prefix=a&prevKv=true");
  assertEquals(await next(), { type: "bookmark", revision: 1 });
  await put(app, "a1");
  await put(app, "b1");
  const success = [{ put: { key: "a2", value: 2 } }, { delete: { key: "a1" } }, {
    put: { key: "b2", value: 2 },
  }];
  await app.request("/v1/txn", { method: "POST", body: JSON.stringify({ success }) });
  const a1 = { key: "a1", value: 1, createRevision: 2, modRevision: 2, version: 1 };
  const a2 = { key: "a2", value: 2, createRevision: 4, modRevision: 4, version: 1 };
  assertEquals<unknown>(await next(), {
    type: "events",
    revision: 2,
    events: [{ type: "put", kv: a1, prevKv: null }],
  });
  assertEquals<unknown>(await next(), {
    type: "events",
    revision: 4,
    events: [{ type: "delete", key: "a1", prevKv: a1 }, { type: "put", kv: a2, prevKv: null }],
  });
  await cancel();
});

Deno.test("a watch from a past revision tells the past first, and goes on with the present", async () => {
  const app = appUnderTest();
  for (const key of ["a", "b", "a"]) await put(app, key);
  const { next, cancel } = await watching(app, "key=a&revision=2");
  assertEquals(await next(), { type: "bookmark", revision: 1 });
  assertEquals((await next())?.revision, 2);
  assertEquals((await next())?.revision, 4);
  const pending = next();
  await put(app, "ab");
  await put(app, "a");
  assertEquals((await pending)?.revision, 6);
  await cancel();
});

Deno.test("a watch that is not read costs nothing and misses nothing", async () => {
  const app = appUnderTest();
  const { events } = app.port;
  const look = events.eventsAt.bind(events);
  let looks = 0;
  events.eventsAt = (revision, isWanted) => {
    looks++;
    return look(revision, isWanted);
  };
  const { next, cancel } = await watching(app, "prefix=");
  await next();
  for (let i = 0; i < 3_000; i++) await put(app, `k${i}`);
  // A message or two are on their way; the rest was not even read from the store.
  assert(looks < 10, `${looks} revisions were read ahead`);
  for (let revision = 2; revision <= 3_001; revision++) {
    const line = await next();
    assertEquals([line?.revision, line?.events?.map(keyOf)], [revision, [`k${revision - 2}`]]);
  }
  await cancel();
});

Deno.test("what was compacted before it was told is said to be, and nothing comes after", async () => {
  const app = appUnderTest();
  for (let i = 0; i < 5; i++) await put(app, "a", i);
  const compact = (revision: number) =>
    app.request("/v1/compact", { method: "POST", body: JSON.stringify({ revision }) });
  const { next } = await watching(app, "key=a&revision=2");
  assertEquals((await next())?.type, "bookmark");
  await compact(4);
  // A message or two may be on their way already; after them there is no gap, but a word.
  let line = await next();
  for (let revision = 2; line?.type === "events"; revision++) {
    assertEquals(line.revision, revision);
    line = await next();
  }
  assertEquals(line, { type: "compacted", compactRevision: 4 });
  assertEquals(await next(), null);
  const late = await app.request("/v1/watch?key=a&revision=4");
  const { error } = await assertFailure(late, 410, "compacted", ["compactRevision"]);
  assertEquals(error.compactRevision, 4);
  // The first revision behind the compaction is whole, deletions included.
  await app.request("/v1/kv/a", { method: "DELETE" });
  await compact(6);
  const after = await watching(app, "key=a&revision=7");
  await after.next();
  assertEquals((await after.next())?.events, [{ type: "delete", key: "a" }]);
  await after.cancel();
});

Deno.test("a watch of a revision to come tells nothing before it comes", async () => {
  const app = appUnderTest();
  const { next, cancel } = await watching(app, "prefix=&revision=4&bookmark=1ms");
  let revisionThen = 0;
  const pending = next().then((line) => {
    revisionThen = app.port.status().revision;
    return line;
  });
  for (const key of ["a", "b", "c", "d"]) await put(app, key);
  const lines: Line[] = [];
  for (let line = await pending; lines.push(line!) && line!.revision! < 5;) line = await next();
  assertEquals(lines.filter(({ type }) => type === "events").map(({ revision }) => revision), [
    4,
    5,
  ]);
  assert(revisionThen >= 3 && lines.every(({ revision = 0 }) => revision >= 3));
  await cancel();
});

Deno.test("bookmarks go on while nothing that is watched happens, and never overtake events", async () => {
  const app = appUnderTest();
  const { next, cancel } = await watching(app, "key=a&bookmark=1ms");
  await next();
  for (const key of ["b", "c", "d"]) await put(app, key);
  let line = await next();
  while (line?.revision !== 4) line = await next();
  assertEquals(line.type, "bookmark");
  await put(app, "a");
  for (line = await next(); line?.type === "bookmark"; line = await next()) {
    assertEquals(line.revision, 4);
  }
  assertEquals([line?.type, line?.revision], ["events", 5]);
  await cancel();
});

Deno.test("only puts, or only deletions, if asked", async () => {
  const app = appUnderTest();
  await put(app, "a");
  await app.request("/v1/kv/a", { method: "DELETE" });
  for (const [only, revision] of [["put", 2], ["delete", 3]] as const) {
    const { next, cancel } = await watching(app, `key=a&revision=2&only=${only}`);
    await next();
    const line = await next();
    assertEquals([line?.revision, line?.events?.length], [revision, 1]);
    await cancel();
  }
});

Deno.test("as server-sent events, each message carries the id from which a browser goes on", async () => {
  const app = appUnderTest();
  await put(app, "a");
  await put(app, "a");
  const read = async (init: RequestInit) => {
    const answer = await app.request("/v1/watch?key=a&revision=2", init);
    assertEquals(answer.headers.get("content-type"), "text/event-stream");
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    const [first, second] = [(await reader.read()).value, (await reader.read()).value];
    await reader.cancel();
    return [first, second];
  };
  const kv = (n: number) =>
    `{"key":"a","value":1,"createRevision":2,"modRevision":${n + 1},"version":${n}}`;
  const message = (n: number) =>
    `event: events\nid: ${n + 1}\ndata: {"type":"events","revision":${n + 1},` +
    `"events":[{"type":"put","kv":${kv(n)}}]}\n\n`;
  const bookmark = (revision: number) =>
    `event: bookmark\nid: ${revision}\ndata: {"type":"bookmark","revision":${revision}}\n\n`;
  assertEquals(await read({}), [bookmark(1), message(1)]);
  assertEquals(await read({ headers: { "last-event-id": "2" } }), [bookmark(2), message(2)]);
});

/** Passes connections on to a node, and breaks them when told to. */
function cuttable(target: string) {
  const { hostname, port } = new URL(target);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connections: Deno.Conn[] = [];
  const cut = () => {
    for (const connection of connections.splice(0)) {
      try {
        connection.close();
      } catch {
        // The other end was first.
      }
    }
  };
  const serve = async () => {
    for await (const near of listener) {
      const far = await Deno.connect({ hostname, port: Number(port) });
      connections.push(near, far);
      near.readable.pipeTo(far.writable).catch(() => {});
      far.readable.pipeTo(near.writable).catch(() => {});
    }
  };
  const served = serve();
  return {
    url: `http://127.0.0.1:${listener.addr.port}`,
    cut,
    close: async () => {
      listener.close();
      cut();
      await served;
    },
  };
}

Deno.test("an EventSource that lost its connection goes on where it was, by itself", async () => {
  const flags = { data: ":memory:", port: "0", host: "127.0.0.1" };
  const node = await startNode(loadNodeConfig({ flags, env: {}, file: null }));
  const way = cuttable(node.url);
  const put = async (value: number) => {
    const body = JSON.stringify({ value });
    await (await fetch(`${node.url}/v1/kv/a`, { method: "PUT", body })).json();
  };
  await put(0);
  const source = new EventSource(`${way.url}/v1/watch?key=a&revision=2`);
  const seen: unknown[] = [];
  let onEvent = () => {};
  source.addEventListener("events", ({ data }) => {
    const { events } = JSON.parse(data);
    seen.push(events.map(({ kv }: { kv: { value: unknown } }) => kv.value));
    onEvent();
  });
  const until = (count: number) =>
    new Promise<void>((resolve) => {
      onEvent = () => seen.length >= count ? resolve() : undefined;
      onEvent();
    });
  await put(1);
  await until(2);
  way.cut();
  // What happens while nobody is connected is told, and what was told is not told again.
  await put(2);
  await put(3);
  await until(4);
  await put(4);
  await until(5);
  assertEquals(seen, [[0], [1], [2], [3], [4]]);
  source.close();
  await way.close();
  await node.close();
});

Deno.test("a client that leaves is waited for no longer", async () => {
  const app = appUnderTest();
  const answer = await app.request("/v1/watch?key=a");
  const reader = answer.body!.getReader();
  await reader.read();
  const pending = reader.read();
  await Promise.resolve();
  assertEquals(app.port.events.waitingCount, 1);
  await reader.cancel();
  await pending;
  assertEquals(app.port.events.waitingCount, 0);
});

Deno.test("a watch over a socket ends with its node, and holds it up no longer than that", async () => {
  const flags = { data: ":memory:", port: "0", host: "127.0.0.1" };
  const node = await startNode(loadNodeConfig({ flags, env: {}, file: null }));
  const body = '{"value":1}';
  const put = await fetch(`${node.url}/v1/kv/a?ttl=60`, { method: "PUT", body });
  const { revision } = await put.json();
  const answer = await fetch(`${node.url}/v1/watch?key=a&revision=${revision}`);
  const closed = node.close();
  const text = await answer.text().catch(() => "");
  await closed;
  assert(text === "" || text.includes(`id: ${revision}`));
});

Deno.test("a watch ends when its node stops", async () => {
  const app = appUnderTest();
  const { next } = await watching(app, "prefix=");
  await next();
  const pending = next();
  app.port.isStopping = true;
  app.port.events.stop();
  for (let line = await pending; line !== null; line = await next()) {
    assertEquals(line.type, "bookmark");
  }
});

Deno.test("what cannot be watched is refused by name", async () => {
  const app = appUnderTest();
  for (
    const query of [
      "key=a&prefix=b",
      "prefix=a&end=b",
      "revision=0",
      "revision=-1",
      "revision=9007199254740992",
      "only=all",
      "bookmark=0",
      "bookmark=61s",
      "prevKv=yes",
      "limit=3",
    ]
  ) {
    await assertFailure(await app.request(`/v1/watch?${query}`), 400, "invalid_argument");
  }
  await assertFailure(await app.request("/v1/watch?key="), 400, "invalid_key");
  for (const id of ["x", "-1", "9007199254740991", "1.5"]) {
    const answer = await app.request("/v1/watch", { headers: { "last-event-id": id } });
    await assertFailure(answer, 400, "invalid_argument");
  }
});
