import { assert, assertEquals, assertRejects } from "@std/assert";
import { LIMITS } from "@raftkv/core";
import { PEER_PATH, type PeerSocket } from "@raftkv/transport";
import { createApp } from "../../server/app.ts";
import { listenHardened } from "../../server/listener_hardened.ts";
import { listenNative } from "../../server/listener_native.ts";
import {
  type Listener,
  LISTENER_LIMITS,
  type ListenerOptions,
  PortTakenError,
} from "../../server/listener_options.ts";
import { until } from "../process/until.ts";
import { keyIn } from "./app_under_test.ts";
import { FakePort } from "./fake_port.ts";
import { head, rawConnect, rawExchange, readAnswer, writeAll } from "./raw_http.ts";

type Open = (options: ListenerOptions) => Listener | Promise<Listener>;

interface Subject {
  readonly listener: Listener;
  readonly node: FakePort;
  readonly internalErrors: unknown[];
  readonly peers: PeerSocket[];
  readonly url: string;
}

const LISTENERS: readonly [name: string, open: Open][] = [
  ["native", listenNative],
  ["hardened", listenHardened],
];

async function withListener(
  open: Open,
  run: (subject: Subject) => Promise<void>,
  changes: Partial<ListenerOptions> = {},
): Promise<void> {
  const node = new FakePort();
  const internalErrors: unknown[] = [];
  const peers: PeerSocket[] = [];
  const app = createApp(node, { onInternalError: (thrown) => internalErrors.push(thrown) });
  const listener = await open({
    host: "127.0.0.1",
    port: 0,
    fetch: (request) => app.fetch(request),
    onPeerSocket: (socket) => peers.push(socket),
    onClientSocket: () => {},
    limits: LISTENER_LIMITS,
    ...changes,
  });
  const url = `http://${listener.host}:${listener.port}`;
  try {
    await run({ listener, node, internalErrors, peers, url });
  } finally {
    await listener.close();
  }
  assertEquals(internalErrors, []);
}

/** A rule that both listeners keep. */
function rule(name: string, run: (subject: Subject, open: Open) => Promise<void>): void {
  for (const [kind, open] of LISTENERS) {
    Deno.test(`${kind} listener: ${name}`, () =>
      withListener(open, (subject) => run(subject, open)));
  }
}

rule("requests come through whole, with method, key, headers and body", async ({ url, node }) => {
  const opened = await (await fetch(`${url}/sessions`, { method: "POST" })).json();
  const headers = { "Idempotency-Key": `${opened.session}/1` };
  const init = { method: "PUT", body: '{"value":"é"}', headers };
  const put = await fetch(`${url}/kv/a%2Fb?timeout=2s`, init);
  assertEquals([put.status, put.headers.get("raftkv-node")], [200, "n1"]);
  await put.body?.cancel();
  const { command, timeoutMs } = node.proposals.at(-1)!;
  assert(command.kind === "commit");
  assertEquals(command.once, { session: Number(opened.session), sequence: 1 });
  assertEquals(timeoutMs, 2_000);
  assertEquals((await (await fetch(`${url}/kv/a/b`)).json()).value, "é");
  const answer = await fetch(`${url}/kv/a/b`, { method: "HEAD" });
  assertEquals([answer.status, await answer.text()], [200, ""]);
});

rule(
  "a key is never taken for another, whatever the target looks like",
  async ({ listener, node }) => {
    const put = async (target: string, headers: readonly string[] = []) => {
      const body = '{"value":1}';
      const request = head(`PUT ${target}`, [`Content-Length: ${body.length}`, ...headers]) + body;
      return (await rawExchange(listener.port, request)).status;
    };
    const refused = [
      "/kv/.",
      "/kv/..",
      "/kv/a/../b",
      "/kv/a/./b",
      "/kv/a/..",
      "/kv/%2e%2e/b",
      "/kv/a/%2E",
      "/kv/.%2e/x",
      "/kv/a#b",
      "/kv/a\\b",
      "/kv/a\xc3\xa9",
      "/kv/",
    ];
    for (const target of refused) assertEquals(await put(target), 400, target);
    for (const target of ["/", "/x/../kv/a", "/%6bv/a", "//kv/a", "http://host/x/../kv/a"]) {
      assertEquals(await put(target), 404, target);
    }
    assertEquals(node.proposals, []);
    for (const target of ["/kv/a", "http://elsewhere.test:1/kv/a", "http://x/kv/a?timeout=1s"]) {
      assertEquals(await put(target), 200, target);
    }
    const keys = node.proposals.map(({ command }) =>
      command.kind === "commit" ? keyIn(command) : ""
    );
    assertEquals(keys, ["a", "a", "a"]);
  },
);

rule("the Host header has no say in what is asked for", async ({ listener }) => {
  for (const host of ["a/kv?prefix=", "a/kv/k?", "a/health?x=", "a?", "a#", "a\\b", "a b", "u@a"]) {
    const { status } = await rawExchange(listener.port, head("GET /kv/none", [`Host: ${host}`]));
    assert(status === 400 || status === 404, `${host}: ${status}`);
  }
  for (const host of ["localhost:8001", "[::1]:8001", "node-1.example_x.test", ""]) {
    const { status } = await rawExchange(listener.port, head("GET /health", [`Host: ${host}`]));
    assertEquals(status, 200, host);
  }
});

rule("methods that exist nowhere get an answer", async ({ listener }) => {
  for (const method of ["TRACE", "PATCH", "PROPFIND"]) {
    assertEquals((await rawExchange(listener.port, head(`${method} /kv/a`))).status, 405, method);
  }
  assertEquals((await rawExchange(listener.port, head("OPTIONS *"))).status, 404);
  assertEquals((await rawExchange(listener.port, "rubbish\r\n\r\n")).status, 400);
});

rule("a body over the limit gets 413, announced or not", async ({ listener, url, node }) => {
  const body = new Uint8Array(LIMITS.requestBytesMax + 1).fill(0x20);
  const answer = await fetch(`${url}/kv/k`, { method: "PUT", body });
  assertEquals([answer.status, (await answer.json()).error.code], [413, "body_too_large"]);
  const streamed = await fetch(`${url}/kv/k`, { method: "PUT", body: new Blob([body]).stream() });
  assertEquals([streamed.status, (await streamed.json()).error.code], [413, "body_too_large"]);
  // What was announced never comes: the answer must not wait for it.
  using connection = await rawConnect(listener.port);
  const announced = head("PUT /kv/k", ["Content-Length: 1000000000000"]) + "{";
  await writeAll(connection, new TextEncoder().encode(announced));
  const buffer = new Uint8Array(64);
  await connection.read(buffer);
  assertEquals(new TextDecoder().decode(buffer).slice(0, 12), "HTTP/1.1 413");
  assertEquals(node.proposals, []);
});

rule("a body of another length than announced proposes nothing", async ({ listener, node }) => {
  const short = await rawConnect(listener.port);
  const bytes = new TextEncoder().encode(head("PUT /kv/k", ["Content-Length: 50"]) + '{"value":1}');
  await writeAll(short, bytes);
  await short.closeWrite();
  await readAnswer(short);
  const long = head("PUT /kv/k", ["Content-Length: 5"]) + '{"value":1}';
  assertEquals((await rawExchange(listener.port, long)).status, 400);
  assertEquals(node.proposals, []);
});

rule("a peer's socket is handed over and carries frames both ways", async ({ url, peers }) => {
  const socket = new WebSocket(url.replace("http", "ws") + PEER_PATH);
  socket.binaryType = "arraybuffer";
  await new Promise((resolve) => socket.onopen = resolve);
  const [peer] = peers;
  assert(peer !== undefined);
  const received = new Promise<Uint8Array>((resolve) => {
    peer.listen({ onOpen: () => {}, onMessage: resolve, onClose: () => {} });
  });
  socket.send(Uint8Array.of(1, 2, 3));
  assertEquals(await received, Uint8Array.of(1, 2, 3));
  const answered = new Promise<MessageEvent>((resolve) => socket.onmessage = resolve);
  peer.send(Uint8Array.of(4, 5));
  assertEquals(new Uint8Array((await answered).data), Uint8Array.of(4, 5));
  const closed = new Promise((resolve) => socket.onclose = resolve);
  const gone = new Promise<string>((resolve) => {
    peer.listen({ onOpen: () => {}, onMessage: () => {}, onClose: resolve });
  });
  peer.close();
  await Promise.all([closed, gone]);
});

rule("sockets elsewhere, and those of web pages, are refused", async ({ listener, peers }) => {
  const upgrade = [
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
  ];
  const statusOf = async (path: string, headers: readonly string[] = []) => {
    const request = [`GET ${path} HTTP/1.1`, "Host: x", ...upgrade, ...headers, "", ""].join(
      "\r\n",
    );
    const connection = await rawConnect(listener.port);
    await writeAll(connection, new TextEncoder().encode(request));
    const buffer = new Uint8Array(64);
    const size = await connection.read(buffer) ?? 0;
    connection.close();
    return new TextDecoder().decode(buffer.subarray(0, size)).slice(9, 12);
  };
  for (const path of ["/", "/kv/k", `/kv${PEER_PATH}`, `${PEER_PATH}/`]) {
    assertEquals(await statusOf(path), "404", path);
  }
  for (const origin of ["http://evil.test", "null", "http://localhost:8001"]) {
    assertEquals(await statusOf(PEER_PATH, [`Origin: ${origin}`]), "403", origin);
  }
  assertEquals(peers, []);
});

for (const [kind, open] of LISTENERS) {
  Deno.test(`${kind} listener: who asks on without reading is answered no further than it reads`, async () => {
    let answers = 0;
    const fetchLarge = () => {
      answers++;
      return new Response(new Uint8Array(LARGE_BYTES));
    };
    await withListener(open, async ({ listener, url }) => {
      using greedy = await rawConnect(listener.port);
      const last = head("GET /last");
      await writeAll(
        greedy,
        new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(PIPELINED) + last),
      );
      // Others are answered meanwhile, and all that was asked has long come by then.
      const HTTP_ROUNDS = 5;
      for (let round = 1; round <= HTTP_ROUNDS; round++) await (await fetch(url)).bytes();
      assert(answers - HTTP_ROUNDS <= KERNEL_BYTES_MAX / LARGE_BYTES, `${answers} answers`);
      const { text } = await readAnswer(greedy);
      assertEquals(text.match(/HTTP\/1\.1 200/g)?.length, PIPELINED + 1);
    }, { fetch: fetchLarge });
  });
}

/** The size of an answer, how many are asked for, and what of them the kernel may take unread. */
const LARGE_BYTES = 1_048_576;
const PIPELINED = 60;
const KERNEL_BYTES_MAX = 20_971_520;

rule("an offer of another protocol is passed over", async ({ listener, url }) => {
  await (await fetch(`${url}/kv/k`, { method: "PUT", body: '{"value":1}' })).body?.cancel();
  const offer = ["Connection: Upgrade, HTTP2-Settings, close", "HTTP2-Settings: AAMAAABk"];
  for (const upgrade of ["h2c", "h2c, TLS/1.0"]) {
    const request = ["GET /kv/k HTTP/1.1", "Host: x", `Upgrade: ${upgrade}`, ...offer, "", ""];
    const { status, text } = await rawExchange(listener.port, request.join("\r\n"));
    assertEquals([status, text.includes('"value":1')], [200, true], upgrade);
  }
});

rule("what is no handshake of a WebSocket is the client's mistake", async ({ listener, peers }) => {
  const printed: unknown[] = [];
  const { error } = console;
  console.error = (...all) => void printed.push(all);
  try {
    const right = [
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Version: 13",
      "Connection: close, Upgrade",
    ];
    for (const wrong of ["", "Sec-WebSocket-Key: x", "Sec-WebSocket-Version: 99"]) {
      const name = wrong === "" ? "Sec-WebSocket-Key" : wrong.split(":")[0]!;
      const rest = right.filter((line) => !line.startsWith(name));
      const lines = [`GET ${PEER_PATH} HTTP/1.1`, "Host: x", "Upgrade: websocket", ...rest];
      const request = [...lines, ...wrong === "" ? [] : [wrong], "", ""].join("\r\n");
      assertEquals((await rawExchange(listener.port, request)).status, 400, wrong);
    }
  } finally {
    console.error = error;
  }
  assertEquals([peers, printed], [[], []]);
});

rule("a taken port is named", async ({ listener }, open) => {
  const error = await assertRejects(
    async () => void await open({ ...OPTIONS, port: listener.port }),
    PortTakenError,
  );
  assertEquals(error.port, listener.port);
});

const OPTIONS: ListenerOptions = {
  host: "127.0.0.1",
  port: 0,
  fetch: () => new Response("ok"),
  onPeerSocket: () => {},
  onClientSocket: () => {},
  limits: LISTENER_LIMITS,
};

for (const [kind, open] of LISTENERS) {
  Deno.test(`${kind} listener: closing waits for requests under way`, async () => {
    const arrived = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const listener = await open({
      ...OPTIONS,
      fetch: async () => {
        arrived.resolve();
        await release.promise;
        return new Response("late");
      },
    });
    const answer = fetch(`http://127.0.0.1:${listener.port}/`);
    await arrived.promise;
    const closed = listener.close();
    release.resolve();
    assertEquals(await (await answer).text(), "late");
    await closed;
    await assertRejects(() => rawConnect(listener.port), Deno.errors.ConnectionRefused);
  });

  Deno.test(`${kind} listener: closing breaks what does not end in time`, async () => {
    const arrived = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const listener = await open({
      ...OPTIONS,
      limits: { ...LISTENER_LIMITS, closeMsMax: 10 },
      fetch: async () => {
        arrived.resolve();
        await release.promise;
        return new Response("too late");
      },
    });
    const answer = rawExchange(listener.port, head("GET /"));
    await arrived.promise;
    await listener.close();
    assertEquals((await answer).status, 0);
    release.resolve();
  });

  const lingering: Readonly<Record<string, string>> = {
    "does not take its answer": "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "owes the rest of what was answered":
      "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc",
    "holds an HTTP/2 connection": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "stops in the middle of a head": "GET / HTTP/1.1\r\nHo",
  };
  for (const [what, text] of Object.entries(lingering)) {
    Deno.test({
      name: `${kind} listener: a client that ${what} does not hold up closing`,
      // What the runtime cannot end it keeps until the client goes.
      sanitizeOps: kind !== "native",
      fn: async () => {
        const answered = Promise.withResolvers<void>();
        const listener = await open({
          ...OPTIONS,
          limits: { ...LISTENER_LIMITS, closeMsMax: 50 },
          fetch: () => {
            answered.resolve();
            return new Response(new Uint8Array(32 * 1_048_576));
          },
        });
        using connection = await rawConnect(listener.port);
        await writeAll(connection, new TextEncoder().encode(text));
        if (text.includes("HTTP/1.1\r\nHost")) await answered.promise;
        // Its server speaks first.
        if (text.startsWith("PRI")) await connection.read(new Uint8Array(1));
        let isClosed = false;
        void listener.close().then(() => isClosed = true);
        await until("the listener to close", () => isClosed);
        await assertRejects(() => rawConnect(listener.port), Deno.errors.ConnectionRefused);
      },
    });
  }

  Deno.test(`${kind} listener: an idle connection does not hold up closing`, async () => {
    const listener = await open(OPTIONS);
    using connection = await rawConnect(listener.port);
    await writeAll(connection, new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    await connection.read(new Uint8Array(1_024));
    await listener.close();
    assertEquals(await connection.read(new Uint8Array(1)), null);
  });
}
