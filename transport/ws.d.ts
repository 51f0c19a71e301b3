// The part of the `ws` package that the transport uses, so that checking it needs no second
// package of declarations.

import type { WebSocketLike } from "./peer_socket.ts";

export interface ClientOptions {
  readonly perMessageDeflate: boolean;
  readonly maxPayload: number;
  readonly followRedirects: boolean;
}

export declare class WebSocket implements WebSocketLike {
  constructor(url: string, options: ClientOptions);
  binaryType: string;
  readonly bufferedAmount: number;
  readonly readyState: number;
  send(bytes: Uint8Array<ArrayBuffer>): void;
  close(): void;
  terminate(): void;
  addEventListener: WebSocketLike["addEventListener"];
}
