/**
 * Links over sockets of one's own, without the WebSockets of a real node: for whoever simulates them.
 *
 * @module
 */

export { type Mesh, type MeshOptions, openMeshOver } from "./mesh.ts";
export type { LinkReport } from "./peer_link.ts";
export type { LinkPhase } from "./link_state.ts";
export type { MeshLimits } from "./mesh_limits.ts";
export type { BackoffLimits } from "./backoff.ts";
export type { Timers } from "./timers.ts";
export { DEAF, type DialPeer, type PeerSocket, type PeerSocketHandlers } from "./peer_socket.ts";
export {
  type ExpectedPeer,
  greetAsAcceptor,
  greetAsDialer,
  type Identity,
  type Judge,
  PROTOCOL_VERSIONS,
  type VersionRange,
} from "./handshake.ts";
export type { Greeting, GreetingHost, GreetingOutcome } from "./conversation.ts";
export {
  encodeHandshake,
  HANDSHAKE_KINDS,
  type HandshakeFrame,
  type HandshakeKind,
  type ParsedHandshake,
  parseHandshake,
  type Refusal,
  REFUSALS,
} from "./handshake_frame.ts";
export { type ProofRole, type Prover, proverOf, type Transcript } from "./proof.ts";
