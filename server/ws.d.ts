// The part of the `ws` package that the listener uses, so that checking it needs no second package
// of declarations.

import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { WebSocketLike } from "@raftkv/transport";

export interface ServerOptions {
  readonly noServer: true;
  readonly maxPayload: number;
  readonly perMessageDeflate: false;
  readonly clientTracking: false;
}

export declare class WebSocketServer {
  constructor(options: ServerOptions);
  handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Uint8Array,
    onSocket: (webSocket: WebSocketLike) => void,
  ): void;
}
