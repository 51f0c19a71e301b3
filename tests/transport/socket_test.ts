import { assertEquals } from "@std/assert";
import { MESH_LIMITS, PEER_PATH, type PeerSocket } from "@raftkv/transport";
import { EventLog } from "@raftkv/transport/testing";
import { setImmediate } from "node:timers";
import { dialWs } from "../../transport/dial_ws.ts";
import { DEAF } from "../../transport/peer_socket.ts";
import { listenNative, listenWs, type LoopbackNode, startNode } from "./loopback.ts";
import { nodeId } from "./virtual.ts";

const A = nodeId("a");
const B = nodeId("b");

interface Pair {
  readonly a: LoopbackNode & { readonly log: EventLog };
  readonly b: LoopbackNode & { readonly log: EventLog };
}

async function linkedPair(): Promise<Pair> {
  const [aLog, bLog] = [new EventLog(), new EventLog()];
  const a = { ...await startNode(A, { events: aLog }), log: aLog };
  const b = { ...await startNode(B, { events: bLog }), log: bLog };
  b.mesh.setPeers([a.member]);
  a.mesh.setPeers([b.member]);
  await aLog.until("up at a", () => a.mesh.isUp(B));
  await bLog.until("up at b", () => b.mesh.isUp(A));
  return { a, b };
}

/** Resolves when the other end has closed the socket. */
function closed(socket: PeerSocket): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.listen({ ...DEAF, onClose: resolve });
  return promise;
}

Deno.test("the second of two frames does not wait for the first one's acknowledgement", async () => {
  // With Nagle's algorithm on, the delayed acknowledgement holds it back for 40 ms.
  const listener = await listenNative((socket) => {
    socket.listen({ ...DEAF, onMessage: (bytes) => bytes[0] === 2 && socket.send(bytes.slice()) });
  }, 0);
  const socket = dialWs(`ws://127.0.0.1:${listener.port}${PEER_PATH}`);
  await new Promise<void>((resolve) => socket.listen({ ...DEAF, onOpen: resolve }));
  const rounds: number[] = [];
  for (let round = 0; round < 41; round++) {
    const echoed = new Promise<void>((resolve) => {
      socket.listen({ ...DEAF, onMessage: () => resolve() });
    });
    const startMs = performance.now();
    socket.send(Uint8Array.of(1));
    // Two turns of the loop, so that the frames go out in writes of their own.
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    socket.send(Uint8Array.of(2));
    await echoed;
    rounds.push(performance.now() - startMs);
  }
  const end = closed(socket);
  socket.close();
  await end;
  await listener.close();
  const medianMs = rounds.sort((x, y) => x - y)[20] ?? Infinity;
  assertEquals(medianMs < 30, true, `median round trip is ${medianMs} ms`);
});

for (const [role, victim, survivor] of [["acceptor", B, A], ["dialer", A, B]] as const) {
  Deno.test(`a killed ${role} is noticed at once, long before any silence would tell`, async () => {
    const log = new EventLog();
    const node = await startNode(survivor, { events: log });
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-check",
        "--allow-net=127.0.0.1",
        "--allow-env",
        new URL("./killable_node.ts", import.meta.url).pathname,
        survivor < victim ? "b" : "a",
        survivor,
        node.member.url,
      ],
      stdout: "piped",
    }).spawn();
    const { value } = await child.stdout.pipeThrough(new TextDecoderStream()).values().next();
    node.mesh.setPeers([{ id: victim, url: `http://127.0.0.1:${String(value).trim()}` }]);
    await log.until("up", () => node.mesh.isUp(victim));
    const startMs = performance.now();
    child.kill("SIGKILL");
    await log.until("down", () => log.count("down") > 0 && !node.mesh.isUp(victim));
    const noticedMs = performance.now() - startMs;
    const silenceMs = MESH_LIMITS.keepaliveMs * MESH_LIMITS.silentTicksMax;
    assertEquals(noticedMs < silenceMs / 2, true, `noticed after ${noticedMs} ms`);
    await child.status;
    await node.close();
  });
}

Deno.test("a link comes back by itself after its acceptor has restarted on the same port", async () => {
  const { a, b } = await linkedPair();
  await b.close();
  await a.log.until("down at a", () => a.log.count("down b") === 1);
  const log = new EventLog();
  const again = await startNode(B, { events: log, port: b.port });
  again.mesh.setPeers([a.member]);
  await log.until("up at b", () => log.count("up a") === 1);
  await a.log.until("up at a", () => a.log.count("up b") === 2);
  a.mesh.send(B, Uint8Array.of(5));
  await log.until("a message", () => log.messages.length === 1);
  await a.close();
  await again.close();
});

for (const [name, listen] of [["native", listenNative], ["ws", listenWs]] as const) {
  Deno.test(`an oversize frame ends the link and nothing else (${name} listener)`, async () => {
    const [aLog, bLog] = [new EventLog(), new EventLog()];
    const a = await startNode(A, { events: aLog, listen });
    const b = await startNode(B, { events: bLog, listen });
    b.mesh.setPeers([a.member]);
    a.mesh.setPeers([b.member]);
    for (const sender of [a, b]) {
      await aLog.until("up at a", () => a.mesh.isUp(B));
      await bLog.until("up at b", () => b.mesh.isUp(A));
      const receiver = sender === a ? { log: bLog, peer: "a" } : { log: aLog, peer: "b" };
      const before = receiver.log.count(`down ${receiver.peer}`);
      const frame = new Uint8Array(5_000_000).fill(0x11);
      for (const socket of sender.sockets) socket.send(frame);
      await receiver.log.until("down", () => receiver.log.count(`down ${receiver.peer}`) > before);
      assertEquals(receiver.log.messages.length, 0);
    }
    await aLog.until("up again at a", () => a.mesh.isUp(B));
    await bLog.until("up again at b", () => b.mesh.isUp(A));
    await a.close();
    await b.close();
  });

  Deno.test(`text, an empty frame, and a truncated hello are shut out (${name} listener)`, async () => {
    const log = new EventLog();
    const node = await startNode(B, { events: log, listen });
    for (const nonsense of ["GET / HTTP/1.1", new Uint8Array(), new Uint8Array(266)]) {
      const socket = new WebSocket(node.member.url.replace("http", "ws") + PEER_PATH);
      const { promise, resolve } = Promise.withResolvers<void>();
      socket.onopen = () => socket.send(nonsense);
      socket.onclose = () => resolve();
      await promise;
    }
    assertEquals(log.changes, []);
    await node.close();
  });
}

Deno.test("nodes with different secrets do not link up, and the dialer's host hears why", async () => {
  const [aLog, bLog] = [new EventLog(), new EventLog()];
  const a = await startNode(A, { events: aLog, secret: "one" });
  const b = await startNode(B, { events: bLog, secret: "two" });
  b.mesh.setPeers([a.member]);
  a.mesh.setPeers([b.member]);
  await aLog.until("a refusal", () => aLog.changes.length > 0);
  assertEquals([aLog.changes, bLog.changes], [["down b: Refused the peer: bad_proof"], []]);
  await a.close();
  await b.close();
});

Deno.test("what dials an address where no peer listens hears why", async () => {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("no such page", { status: 404 }),
  );
  const log = new EventLog();
  const node = await startNode(A, { events: log });
  node.mesh.setPeers([{ id: B, url: `http://127.0.0.1:${server.addr.port}` }]);
  await log.until("a failure", () => log.changes.length > 0);
  assertEquals(log.changes, ["down b: Connection failed: Unexpected server response: 404"]);
  await node.close();
  await server.shutdown();
});
