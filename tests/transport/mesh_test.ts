import { assertEquals } from "@std/assert";
import { MESH_LIMITS, openMesh } from "@raftkv/transport";
import { EventLog } from "@raftkv/transport/testing";
import {
  encodeHandshake,
  type HandshakeFrame,
  parseHandshake,
} from "../../transport/handshake_frame.ts";
import { PROTOCOL_VERSIONS } from "../../transport/handshake.ts";
import { memberOf, nodeId, settle, VirtualNet, type VirtualNode } from "./virtual.ts";

const A = nodeId("a");
const B = nodeId("b");
const C = nodeId("c");

interface Pair {
  readonly net: VirtualNet;
  readonly a: VirtualNode;
  readonly b: VirtualNode;
}

/** Two nodes with an open link, which `a` dialed. */
async function linkedPair(): Promise<Pair> {
  const net = new VirtualNet();
  const [a, b] = [net.start(A), net.start(B)];
  b.mesh.setPeers([memberOf(A)]);
  a.mesh.setPeers([memberOf(B)]);
  await net.timers.advance(0);
  assertEquals([a.log.changes, b.log.changes], [["up b"], ["up a"]]);
  return { net, a, b };
}

/** Closes the meshes and demands that nothing is left of them. */
async function closeAll(net: VirtualNet, ...nodes: readonly VirtualNode[]): Promise<void> {
  const closing = Promise.all(nodes.map((node) => node.mesh.close()));
  await net.timers.advance(MESH_LIMITS.closeMsMax);
  await closing;
  assertEquals(net.timers.pending, 0);
}

function helloOf(fields: Partial<HandshakeFrame>): Uint8Array<ArrayBuffer> {
  return encodeHandshake({
    kind: "hello",
    versionMin: PROTOCOL_VERSIONS.min,
    versionMax: PROTOCOL_VERSIONS.max,
    refusal: null,
    clusterId: "test",
    from: A,
    to: B,
    nonce: new Uint8Array(32),
    proof: new Uint8Array(32),
    incarnation: null,
    ...fields,
  });
}

function answersOf(sent: readonly Uint8Array[]): string[] {
  return sent.map((bytes) => {
    const parsed = parseHandshake(bytes);
    return parsed.ok
      ? `${parsed.frame.kind} ${parsed.frame.refusal ?? ""}`.trimEnd()
      : parsed.reason;
  });
}

Deno.test("of each pair only the node with the smaller id dials, so there is one link", async () => {
  const { net, a, b } = await linkedPair();
  await net.timers.advance(60_000);
  assertEquals(net.dials.map(({ url }) => url), ["ws://b.test/peer/v1"]);
  assertEquals([a.log.changes, b.log.changes], [["up b"], ["up a"]]);
  await closeAll(net, a, b);
});

Deno.test("a peer that comes back with another directory is refused by both who dial and who listen", async () => {
  const [first, second] = ["1a".repeat(16), "2b".repeat(16)];
  for (const [wiped, other] of [[A, B], [B, A]] as const) {
    const net = new VirtualNet();
    const witness = net.start(other);
    const before = net.start(wiped, { incarnation: first });
    const known = { ...memberOf(wiped), incarnation: first };
    witness.mesh.setPeers([known]);
    before.mesh.setPeers([memberOf(other)]);
    await net.timers.advance(0);
    assertEquals(witness.log.changes, [`up ${wiped}`]);
    assertEquals(witness.log.incarnations, [first]);
    const closing = before.mesh.close();
    await net.timers.advance(MESH_LIMITS.closeMsMax);
    await closing;
    const after = net.start(wiped, { incarnation: second });
    after.mesh.setPeers([memberOf(other)]);
    await net.timers.advance(10_000);
    const told = wiped === A ? "Peer refused: other_incarnation" : "";
    assertEquals(after.log.changes, told === "" ? [] : [`down ${other}: ${told}`]);
    assertEquals([witness.mesh.isUp(wiped), after.mesh.isUp(other)], [false, false]);
    await closeAll(net, witness, after);
  }
});

Deno.test("a link ends when the peer at its other end turns out to have lost its directory", async () => {
  const net = new VirtualNet();
  const a = net.start(A);
  const b = net.start(B, { incarnation: "2b".repeat(16) });
  a.mesh.setPeers([memberOf(B)]);
  b.mesh.setPeers([memberOf(A)]);
  await net.timers.advance(0);
  a.mesh.setPeers([{ ...memberOf(B), incarnation: "2b".repeat(16) }]);
  assertEquals(a.mesh.isUp(B), true);
  a.mesh.setPeers([{ ...memberOf(B), incarnation: "1a".repeat(16) }]);
  assertEquals(a.log.changes, ["up b", "down b: Refused the peer: other_incarnation"]);
  await net.timers.advance(10_000);
  assertEquals([a.mesh.isUp(B), b.mesh.isUp(A)], [false, false]);
  await closeAll(net, a, b);
});

Deno.test("a peer that is away is dialed with growing delays, and reported once", async () => {
  const net = new VirtualNet();
  const a = net.start(A);
  a.mesh.setPeers([memberOf(B)]);
  // Half of 50, 100, 200, 200, 200: the generator always draws the middle.
  const countAt: [ms: number, dials: number][] = [];
  for (const ms of [0, 25, 50, 100, 100, 100]) {
    await net.timers.advance(ms);
    countAt.push([ms, net.dials.length]);
  }
  assertEquals(countAt.map(([, dials]) => dials), [1, 2, 3, 4, 5, 6]);
  assertEquals(a.log.changes, ["down b: Connection failed: refused"]);
  await closeAll(net, a);
});

Deno.test("an address that cannot be dialed at all is an attempt that failed", async () => {
  const timers = new VirtualNet().timers;
  const log = new EventLog();
  const mesh = openMesh({ clusterId: "test", nodeId: A, events: log, random: () => 0.5, timers });
  mesh.setPeers([{ id: B, url: "no address" }]);
  assertEquals(log.changes.length, 1);
  assertEquals(mesh.links()[0]?.phase, "waiting");
  mesh.setPeers([]);
  await mesh.close();
  assertEquals(timers.pending, 0);
});

Deno.test("a link that was open for a while starts its backoff over, one that was not does not", async () => {
  const { net, a, b } = await linkedPair();
  const breakAfter = async (openMs: number) => {
    await net.timers.advance(openMs);
    net.dials.at(-1)?.near.terminate();
    await settle();
    const before = net.dials.length;
    await net.timers.advance(26);
    return net.dials.length - before;
  };
  assertEquals(await breakAfter(0), 1); // After 25 ms: the first failure.
  assertEquals(await breakAfter(0), 0); // After 50 ms: the second.
  await net.timers.advance(100);
  assertEquals(await breakAfter(MESH_LIMITS.keepaliveMs * MESH_LIMITS.stableTicks), 1);
  await closeAll(net, a, b);
});

Deno.test("a quiet link between two living peers stays up for good", async () => {
  const { net, a, b } = await linkedPair();
  await net.timers.advance(3_600_000);
  assertEquals([a.log.changes, b.log.changes], [["up b"], ["up a"]]);
  await closeAll(net, a, b);
});

Deno.test("a peer whose host vanished without a word is noticed by its silence, at both ends", async () => {
  const { net, a, b } = await linkedPair();
  const [link] = net.dials;
  if (link === undefined) throw new Error("A link was expected");
  net.blackHoles.add(B);
  link.near.isSilent = true;
  link.far.isSilent = true;
  await net.timers.advance(MESH_LIMITS.keepaliveMs * MESH_LIMITS.silentTicksMax);
  assertEquals([a.log.changes, b.log.changes], [["up b"], ["up a"]]);
  await net.timers.advance(MESH_LIMITS.keepaliveMs);
  assertEquals(a.log.changes, ["up b", "down b: Peer was silent for 3000 ms"]);
  assertEquals(b.log.changes, ["up a", "down a: Peer was silent for 3000 ms"]);
  await closeAll(net, a, b);
});

Deno.test("a peer that comes back before its old link was missed gets a new one in its place", async () => {
  const { net, a, b } = await linkedPair();
  const [old] = net.dials;
  if (old === undefined) throw new Error("A link was expected");
  // The dialer's host lost power: the acceptor's end knows nothing of it.
  old.far.isSilent = true;
  const again = net.start(A);
  again.mesh.setPeers([memberOf(B)]);
  await net.timers.advance(0);
  assertEquals(b.log.changes, ["up a", "down a: Peer opened a newer link", "up a"]);
  b.mesh.send(A, Uint8Array.of(1));
  await settle();
  assertEquals(again.log.messages.length, 1);
  old.far.receive(Uint8Array.of(0x11, 9));
  assertEquals(b.log.messages.length, 0);
  await net.timers.advance(MESH_LIMITS.closeMsMax);
  assertEquals(old.far.isClosed, true);
  await closeAll(net, a, b, again);
});

Deno.test("an attempt that was given up long ago does not push out the link that came after it", async () => {
  const net = new VirtualNet();
  const b = net.start(B);
  b.mesh.setPeers([memberOf(A)]);
  const [late, prompt] = [net.knock(B), net.knock(B)];
  for (const socket of [late, prompt]) socket.send(helloOf({}));
  await settle();
  for (const socket of [prompt, late]) {
    socket.send(helloOf({ kind: "confirm" }));
    await settle();
  }
  assertEquals(b.log.changes, ["up a"]);
  assertEquals([late.isClosed, prompt.isClosed], [true, false]);
  await closeAll(net, b);
});

Deno.test("a host that removes a peer on hearing that it was replaced hears no more of it", async () => {
  const { net, a, b } = await linkedPair();
  const { onPeerDown } = b.log;
  b.log.onPeerDown = (peer, reason) => {
    onPeerDown(peer, reason);
    b.mesh.setPeers([]);
  };
  const again = net.start(A);
  again.mesh.setPeers([memberOf(B)]);
  await net.timers.advance(0);
  assertEquals(b.log.changes, ["up a", "down a: Peer opened a newer link"]);
  await closeAll(net, a, b, again);
});

Deno.test("a refusal is reported once however often it is repeated, and again when it changes", async () => {
  const net = new VirtualNet();
  const a = net.start(A);
  let b = net.start(B, { clusterId: "other" });
  a.mesh.setPeers([memberOf(B)]);
  await net.timers.advance(10_000);
  assertEquals(a.log.changes, ["down b: Peer refused: wrong_cluster"]);
  await b.mesh.close();
  b = net.start(B);
  await net.timers.advance(10_000);
  assertEquals(a.log.changes.slice(1), ["down b: Peer refused: not_a_member"]);
  await closeAll(net, a, b);
});

Deno.test("a stranger hears why it is refused, and the host hears nothing", async () => {
  const net = new VirtualNet();
  const b = net.start(B);
  b.mesh.setPeers([memberOf(A), memberOf(C)]);
  const cases: readonly (readonly [Partial<HandshakeFrame>, string])[] = [
    [{ clusterId: "other" }, "refuse wrong_cluster"],
    [{ to: C }, "refuse wrong_node"],
    [{ from: "d" }, "refuse not_a_member"],
    [{ from: B }, "refuse not_a_member"],
    [{ from: C }, "refuse wrong_direction"],
    [{ versionMin: PROTOCOL_VERSIONS.max + 1, versionMax: 9 }, "refuse protocol_unsupported"],
    // Before the answers to questions for a read index named what they rest on.
    [{ versionMin: 1, versionMax: 1 }, "refuse protocol_unsupported"],
  ];
  for (const [fields, answer] of cases) {
    const received: Uint8Array[] = [];
    const socket = net.knock(B);
    socket.listen({ onOpen() {}, onMessage: (bytes) => received.push(bytes), onClose() {} });
    socket.send(helloOf(fields));
    await settle();
    assertEquals([answersOf(received), socket.isClosed], [[answer], true]);
  }
  assertEquals(b.log.count("up") + b.log.count("down a"), 0);
  await closeAll(net, b);
});

Deno.test("whoever says nothing, too little or nonsense is shut out within the time limit", async () => {
  const net = new VirtualNet();
  const b = net.start(B);
  b.mesh.setPeers([memberOf(A)]);
  const [mute, short, slow] = [net.knock(B), net.knock(B), net.knock(B)];
  short.send(helloOf({}).slice(0, 100));
  slow.send(helloOf({}));
  await settle();
  assertEquals([mute.isClosed, short.isClosed, slow.isClosed], [false, true, false]);
  await net.timers.advance(MESH_LIMITS.handshakeMsMax);
  assertEquals([mute.isClosed, slow.isClosed], [true, true]);
  await closeAll(net, b);
});

Deno.test("a peer that accepts and then says nothing is dialed again after the time limit", async () => {
  const net = new VirtualNet();
  const a = net.start(A);
  net.blackHoles.add(B);
  a.mesh.setPeers([memberOf(B)]);
  await net.timers.advance(MESH_LIMITS.handshakeMsMax - 1);
  assertEquals([net.dials.length, a.log.changes.length], [1, 0]);
  await net.timers.advance(26);
  assertEquals(net.dials.length, 2);
  assertEquals(a.log.changes, ["down b: Peer did not answer within 3000 ms"]);
  await closeAll(net, a);
});

Deno.test("a flood of sockets that say nothing keeps few of them, and no peer out", async () => {
  const net = new VirtualNet();
  const b = net.start(B);
  b.mesh.setPeers([memberOf(A)]);
  const flood = Array.from({ length: 1_000 }, () => net.knock(B));
  await settle();
  assertEquals(flood.filter((socket) => !socket.isClosed).length, MESH_LIMITS.pendingHandshakesMax);
  const a = net.start(A);
  a.mesh.setPeers([memberOf(B)]);
  await net.timers.advance(0);
  assertEquals(b.log.changes, ["up a"]);
  await closeAll(net, a, b);
  assertEquals(flood.filter((socket) => !socket.isClosed).length, 0);
});

Deno.test("a malformed frame ends the link with its reason, and the link comes back", async () => {
  const { net, a, b } = await linkedPair();
  net.dials[0]?.near.send(Uint8Array.of(0x99, 1));
  await net.timers.advance(1_000);
  assertEquals(b.log.changes, ["up a", "down a: Frame has unknown version 9", "up a"]);
  assertEquals(a.log.count("up b"), 2);
  await closeAll(net, a, b);
});

Deno.test("a message beyond the send buffer is dropped and counted, and the link stays", async () => {
  const { net, a, b } = await linkedPair();
  const socket = net.dials[0]?.near;
  if (socket === undefined) throw new Error("A link was expected");
  socket.bufferedBytes = MESH_LIMITS.sendBufferBytesMax - 10;
  assertEquals(a.mesh.send(B, new Uint8Array(11)), false);
  assertEquals(a.mesh.send(B, new Uint8Array(10)), true);
  assertEquals(a.mesh.links(), [{ peer: B, phase: "open", droppedCount: 1, lastFailure: null }]);
  await closeAll(net, a, b);
});

Deno.test("a peer that moved is dialed at its new address once the old link breaks", async () => {
  const { net, a, b } = await linkedPair();
  a.mesh.setPeers([{ id: B, url: "https://new.test" }]);
  assertEquals(a.mesh.isUp(B), true);
  net.dials[0]?.near.terminate();
  await net.timers.advance(1_000);
  assertEquals(net.dials[1]?.url, "wss://new.test/peer/v1");
  await closeAll(net, a, b);
});

Deno.test("a mesh can be closed in any phase, and nothing is left of it", async () => {
  for (const steps of [0, 1, 2, 3, 4, 5, 6, 8, 12]) {
    const net = new VirtualNet();
    const [a, b] = [net.start(A), net.start(B)];
    b.mesh.setPeers([memberOf(A)]);
    a.mesh.setPeers([memberOf(B), memberOf(C)]);
    for (let i = 0; i < steps; i++) await Promise.resolve();
    const heard = a.log.changes.length;
    const closing = a.mesh.close();
    net.knock(A);
    await net.timers.advance(MESH_LIMITS.closeMsMax);
    await closing;
    assertEquals(a.log.changes.length, heard);
    assertEquals(net.dials.every(({ near }) => near.isClosed), true);
    await closeAll(net, b);
  }
});

Deno.test("a mesh whose peer does not answer the closing handshake closes all the same", async () => {
  const { net, a, b } = await linkedPair();
  for (const { near, far } of net.dials) {
    near.isSilent = true;
    far.isSilent = true;
  }
  let closed = false;
  const closing = a.mesh.close().then(() => closed = true);
  await net.timers.advance(MESH_LIMITS.closeMsMax - 1);
  assertEquals(closed, false);
  await net.timers.advance(1);
  await closing;
  assertEquals(net.dials[0]?.near.isClosed, true);
  await closeAll(net, b);
});

Deno.test("an id that does not fit into the handshake is refused before anything is dialed", () => {
  const options = { clusterId: "test", nodeId: A, events: new EventLog(), random: () => 0.5 };
  const complaint = (body: () => void): string => {
    try {
      body();
      return "none";
    } catch (error) {
      return error instanceof RangeError ? "RangeError" : String(error);
    }
  };
  const tooLong = nodeId("x".repeat(65));
  assertEquals(complaint(() => openMesh({ ...options, clusterId: "" })), "RangeError");
  assertEquals(complaint(() => openMesh({ ...options, nodeId: tooLong })), "RangeError");
  const mesh = openMesh(options);
  assertEquals(complaint(() => mesh.setPeers([memberOf(tooLong)])), "RangeError");
  assertEquals(mesh.links(), []);
});
