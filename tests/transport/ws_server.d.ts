// The part of the `ws` package's server that the tests use.

import type { WebSocketLike } from "../../transport/peer_socket.ts";

export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly perMessageDeflate: boolean;
  readonly maxPayload: number;
}

export declare class WebSocketServer {
  constructor(options: ServerOptions);
  address(): { readonly port: number };
  close(done: () => void): void;
  on(type: "connection", listener: (socket: WebSocketLike) => void): this;
  on(type: "listening", listener: () => void): this;
}
