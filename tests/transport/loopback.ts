/**
 * Meshes over real sockets of this machine's loopback, for tests.
 *
 * @module
 */

import type { Member, NodeId, TransportEvents } from "@raftkv/core";
import {
  type Mesh,
  type MeshOptions,
  openMesh,
  type PeerSocket,
  peerSocketOf,
} from "@raftkv/transport";
import { dialWs } from "../../transport/dial_ws.ts";

/** A mesh with a listener of its own. */
export interface LoopbackNode {
  readonly mesh: Mesh;
  readonly member: Member;
  /** Accepted and dialed sockets, so that a test may break them. */
  readonly sockets: Set<PeerSocket>;
  /** Ends mesh and listener. */
  close(): Promise<void>;
}

/** What a test may set. */
export type LoopbackOptions =
  & { readonly events: TransportEvents; readonly port?: number }
  & Partial<Omit<MeshOptions, "events" | "nodeId">>;

/** Upgrades every request of a listener on a free port and hands the socket on. */
export function listenPeers(
  onSocket: (socket: PeerSocket) => void,
  port = 0,
): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
    onSocket(peerSocketOf(socket));
    return response;
  });
}

/** Starts a node. */
export function startNode(id: NodeId, options: LoopbackOptions): LoopbackNode {
  const sockets = new Set<PeerSocket>();
  const { port = 0, ...rest } = options;
  const mesh = openMesh({
    clusterId: "test",
    nodeId: id,
    random: () => 0.5,
    ...rest,
    dial: (url) => {
      const socket = (rest.dial ?? dialWs)(url);
      sockets.add(socket);
      return socket;
    },
  });
  const server = listenPeers((socket) => {
    sockets.add(socket);
    mesh.acceptPeer(socket);
  }, port);
  return {
    mesh,
    member: { id, url: `http://127.0.0.1:${server.addr.port}` },
    sockets,
    async close() {
      await mesh.close();
      await server.shutdown();
    },
  };
}
