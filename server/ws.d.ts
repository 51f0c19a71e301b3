// The part of the `ws` package that the listener uses, so that checking it needs no second package
// of declarations.

import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { WebSocketLike as PeerSocketLike } from "@raftkv/transport";
import type { WebSocketLike as ClientSocketLike } from "./websocket/client_socket.ts";

export interface ServerOptions {
  readonly noServer: true;
  readonly maxPayload: number;
  readonly perMessageDeflate: false;
  readonly clientTracking: false;
  readonly closeTimeout: number;
  readonly handleProtocols: (protocols: ReadonlySet<string>) => string | false;
}

export type WebSocket = PeerSocketLike & ClientSocketLike & {
  on(event: "message" | "pong" | "close", listener: () => void): void;
  ping(): void;
  terminate(): void;
};

export declare class WebSocketServer {
  constructor(options: ServerOptions);
  handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Uint8Array,
    onSocket: (webSocket: WebSocket) => void,
  ): void;
}
