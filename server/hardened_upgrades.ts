/**
 * WebSockets on the hardened listener: the `ws` package, which bounds frames, with a sign of life that
 * every client has to give.
 *
 * @module
 */

import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { LIMITS } from "@raftkv/core";
import { FRAME_BYTES_MAX, peerSocketOf } from "@raftkv/transport";
// @ts-types="./ws.d.ts"
import { type WebSocket, WebSocketServer } from "ws";
import type { ListenerOptions } from "./listener_options.ts";
import { pathOf } from "./request_target.ts";
import { upgradeOf } from "./upgrade.ts";
import { clientSocketOf, SUBPROTOCOL } from "./websocket/client_socket.ts";

/** Takes requests for WebSockets. */
export class Upgrades {
  readonly #options: ListenerOptions;
  readonly #peers = serverOf(FRAME_BYTES_MAX);
  readonly #clients = serverOf(LIMITS.requestBytesMax);
  /** Clients' sockets, and whether each gave a sign of life since it was asked for one. */
  readonly #alive = new Map<WebSocket, boolean>();
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  /** Decides about a request, and hands the socket over. */
  onRequest(incoming: IncomingMessage, socket: Duplex, head: Uint8Array): void {
    // From here on the socket's errors are ours; one that nobody takes would end the process.
    socket.on("error", () => socket.destroy());
    const { origin, host } = incoming.headers;
    const protocols = incoming.headers["sec-websocket-protocol"];
    const asked = upgradeOf({
      path: pathOf(incoming.url ?? "/"),
      origin: origin ?? null,
      host: host ?? null,
      protocols: protocols ?? null,
    }, this.#options.origins);
    switch (asked.kind) {
      case "refused":
        return refuse(socket, asked.status);
      case "peer":
        return this.#peers.handleUpgrade(incoming, socket, head, (webSocket) => {
          this.#options.onPeerSocket(peerSocketOf(webSocket));
        });
      case "client":
        return this.#clients.handleUpgrade(incoming, socket, head, (webSocket) => {
          this.#watchOver(webSocket);
          this.#options.onClientSocket(clientSocketOf(webSocket));
        });
    }
  }

  /** Looks after nobody any more. */
  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    for (const webSocket of this.#alive.keys()) webSocket.terminate();
    this.#alive.clear();
  }

  /** A client whose machine has gone away would otherwise be kept for ever. */
  #watchOver(webSocket: WebSocket): void {
    this.#alive.set(webSocket, true);
    const isAlive = () => {
      if (this.#alive.has(webSocket)) this.#alive.set(webSocket, true);
    };
    webSocket.on("message", isAlive);
    webSocket.on("pong", isAlive);
    webSocket.on("close", () => this.#alive.delete(webSocket));
    this.#timer ??= setInterval(() => this.#askAll(), this.#options.limits.idleMsMax / 2);
  }

  #askAll(): void {
    for (const [webSocket, isAlive] of this.#alive) {
      if (!isAlive) {
        webSocket.terminate();
        continue;
      }
      this.#alive.set(webSocket, false);
      webSocket.ping();
    }
  }
}

function serverOf(maxPayload: number): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    maxPayload,
    perMessageDeflate: false,
    clientTracking: false,
    closeTimeout: CLOSE_MS_MAX,
    handleProtocols: (protocols) => protocols.has(SUBPROTOCOL) ? SUBPROTOCOL : false,
  });
}

/** How long to wait for a peer's farewell; until then it could go on sending, to nobody. */
const CLOSE_MS_MAX = 1_000;

function refuse(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
