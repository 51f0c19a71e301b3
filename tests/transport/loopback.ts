/**
 * Meshes over real sockets of this machine's loopback, for tests.
 *
 * @module
 */

import type { Member, NodeId, TransportEvents } from "@raftkv/core";
import {
  type DialPeer,
  FRAME_BYTES_MAX,
  type Mesh,
  openMesh,
  type PeerSocket,
  peerSocketOf,
} from "@raftkv/transport";
// @ts-types="./ws_server.d.ts"
import { WebSocketServer } from "ws";
import { dialWs } from "../../transport/dial_ws.ts";

/** A listener for peers. */
export interface PeerListener {
  readonly port: number;
  close(): Promise<void>;
}

/** Starts a listener on loopback; port 0 takes a free one. */
export type ListenPeers = (
  onSocket: (socket: PeerSocket) => void,
  port: number,
) => Promise<PeerListener>;

/** The runtime's own listener. */
export const listenNative: ListenPeers = (onSocket, port) => {
  const server = Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
    onSocket(peerSocketOf(socket));
    return response;
  });
  return Promise.resolve({ port: server.addr.port, close: () => server.shutdown() });
};

/** The hardened listener: `ws` under `node:http`. */
export const listenWs: ListenPeers = async (onSocket, port) => {
  const server = new WebSocketServer({
    host: "127.0.0.1",
    port,
    perMessageDeflate: false,
    maxPayload: FRAME_BYTES_MAX,
  });
  server.on("connection", (socket) => onSocket(peerSocketOf(socket)));
  await new Promise<void>((resolve) => server.on("listening", resolve));
  return {
    port: server.address().port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
};

/** A mesh with a listener of its own. */
export interface LoopbackNode {
  readonly mesh: Mesh;
  readonly member: Member;
  readonly port: number;
  /** Accepted and dialed sockets, so that a test may break them. */
  readonly sockets: Set<PeerSocket>;
  /** Ends mesh and listener. */
  close(): Promise<void>;
}

/** What a test may set. */
export interface LoopbackOptions {
  readonly events: TransportEvents;
  readonly port?: number;
  readonly listen?: ListenPeers;
  readonly secret?: string;
  readonly dial?: DialPeer;
}

/** Starts a node. */
export async function startNode(id: NodeId, options: LoopbackOptions): Promise<LoopbackNode> {
  const { port = 0, listen = listenNative, dial = dialWs, ...rest } = options;
  const sockets = new Set<PeerSocket>();
  const seen = (socket: PeerSocket): PeerSocket => {
    sockets.add(socket);
    return socket;
  };
  const mesh = openMesh({
    clusterId: "test",
    nodeId: id,
    random: () => 0.5,
    ...rest,
    dial: (url) => seen(dial(url)),
  });
  const listener = await listen((socket) => mesh.acceptPeer(seen(socket)), port);
  return {
    mesh,
    member: { id, url: `http://127.0.0.1:${listener.port}` },
    port: listener.port,
    sockets,
    async close() {
      await mesh.close();
      await listener.close();
    },
  };
}
