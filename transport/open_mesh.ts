/**
 * The mesh of a real node, over WebSockets.
 *
 * @module
 */

import { dialWs } from "./dial_ws.ts";
import { type Mesh, type MeshOptions as SocketMeshOptions, openMeshOver } from "./mesh.ts";
import type { DialPeer } from "./peer_socket.ts";

/** What a mesh over WebSockets needs. */
export interface MeshOptions extends Omit<SocketMeshOptions, "dial"> {
  /** Opens sockets; with the `ws` package if not given. */
  readonly dial?: DialPeer;
}

/**
 * Opens a mesh without links; `setPeers` begins them.
 *
 * @throws {RangeError} if an id is empty, longer than 64 bytes or ill-formed, the incarnation is none,
 *   or the secret is empty
 */
export function openMesh(options: MeshOptions): Mesh {
  return openMeshOver({ dial: dialWs, ...options });
}
