/**
 * Dials a peer with the `ws` package.
 *
 * @module
 */

// @ts-types="./ws.d.ts"
import { WebSocket } from "ws";
import { FRAME_BYTES_MAX } from "./frame.ts";
import { type PeerSocket, peerSocketOf } from "./peer_socket.ts";

/**
 * Opens a WebSocket on which TCP_NODELAY is on: `ws` sets it as soon as it owns the connection, and
 * a test measures that. The runtime's own `WebSocket` turns it off, and with Nagle's algorithm a
 * leader's second frame waits up to 40 ms for the follower's delayed acknowledgement.
 *
 * @throws {SyntaxError} if `url` is not a WebSocket address
 */
export function dialWs(url: string): PeerSocket {
  const webSocket = new WebSocket(url, {
    perMessageDeflate: false,
    maxPayload: FRAME_BYTES_MAX,
    followRedirects: false,
  });
  return peerSocketOf(webSocket);
}
