/**
 * Persistent WebSocket links between the nodes of a cluster.
 *
 * {@linkcode openMesh} gives a node its transport; the host's listener hands every socket that was
 * upgraded under {@linkcode PEER_PATH} to {@linkcode Mesh.acceptPeer}. The bytes are in PROTOCOL.md.
 *
 * @module
 */

export type { Mesh } from "./mesh.ts";
export { type MeshOptions, openMesh } from "./open_mesh.ts";
export type { LinkReport } from "./peer_link.ts";
export type { LinkPhase } from "./link_state.ts";
export { MESH_LIMITS, type MeshLimits } from "./mesh_limits.ts";
export type { BackoffLimits } from "./backoff.ts";
export { FRAME_BYTES_MAX } from "./frame.ts";
export {
  type DialPeer,
  PEER_PATH,
  type PeerSocket,
  type PeerSocketHandlers,
  peerSocketOf,
  type WebSocketLike,
} from "./peer_socket.ts";
export { systemTimers, type Timers } from "./timers.ts";
