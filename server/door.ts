/**
 * Stands between the port and the node, which needs the port's number before it can run.
 *
 * @module
 */

import { KvFailure } from "@raftkv/core";
import type { PeerSocket } from "@raftkv/transport";
import { failureResponse } from "./failures.ts";
import type { ClientSocket } from "./websocket/client_socket.ts";

/** Who answers the port: the node, from the turn on in which the port is open. */
export class Door {
  /** Answers a request. */
  fetch: (request: Request) => Response | Promise<Response> = () =>
    failureResponse(new KvFailure("no_leader"));
  /** Takes over a peer's socket. */
  onPeerSocket: (socket: PeerSocket) => void = (socket) => socket.terminate();
  /** Takes over a client's socket. */
  onClientSocket: (socket: ClientSocket) => void = (socket) => socket.close(1013, "Not yet");
}
