/**
 * A WebSocket as the transport sees it, whichever library made it.
 *
 * @module
 */

/** The path under which a node accepts the links of its peers. */
export const PEER_PATH = "/peer/v1";

/** Who listens to a socket. */
export interface PeerSocketHandlers {
  /** The connection is established. */
  readonly onOpen: () => void;
  /** A binary frame arrived; the bytes belong to the receiver. */
  readonly onMessage: (bytes: Uint8Array) => void;
  /** The socket is gone. Called once, and last. */
  readonly onClose: (reason: string) => void;
}

/** A duplex stream of binary frames. */
export interface PeerSocket {
  /** Bytes handed to {@linkcode PeerSocket.send} that have not left the process. */
  readonly bufferedBytes: number;

  /** Makes `handlers` the only listener, in place of any before it. */
  listen(handlers: PeerSocketHandlers): void;

  /** Sends one binary frame. The bytes must not be changed afterwards. */
  send(bytes: Uint8Array<ArrayBuffer>): void;

  /** Starts the closing handshake: what was sent still arrives. */
  close(): void;

  /** Breaks the connection at once, where the library can; else closes it. */
  terminate(): void;
}

/** Opens a socket to a `ws:` or `wss:` address; it reports through its handlers how that went. */
export type DialPeer = (url: string) => PeerSocket;

/** What the standard `WebSocket` and the one of the `ws` package have in common. */
export interface WebSocketLike {
  /** How binary frames are presented; set to `arraybuffer` by {@linkcode peerSocketOf}. */
  binaryType: string;
  /** Bytes waiting to be written. */
  readonly bufferedAmount: number;
  /** 0 until the connection is established. */
  readonly readyState: number;
  /** Sends one frame. */
  send(bytes: Uint8Array<ArrayBuffer>): void;
  /** Starts the closing handshake. */
  close(): void;
  /** Breaks the connection; `ws` has it, the standard does not. */
  terminate?(): void;
  /** Reports that the connection is established. */
  addEventListener(type: "open", listener: () => void): void;
  /** Reports a frame. */
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  /** Reports the end. */
  addEventListener(type: "close", listener: (event: { readonly code: number }) => void): void;
  /** Reports why the end is near. */
  addEventListener(type: "error", listener: (event: { readonly message?: string }) => void): void;
}

/**
 * Adapts a WebSocket that was just made: one upgraded by `Deno.upgradeWebSocket` (with
 * `idleTimeout: 0`, or the runtime closes links that are merely quiet), or one of the `ws` package.
 * Must be called in the turn in which the socket was made, or its first frame is lost.
 */
export function peerSocketOf(webSocket: WebSocketLike): PeerSocket {
  return new WebSocketPeer(webSocket);
}

/** Listens to nothing: for a socket that no longer matters. */
export const DEAF: PeerSocketHandlers = {
  onOpen: () => {},
  onMessage: () => {},
  onClose: () => {},
};

const CONNECTING = 0;

class WebSocketPeer implements PeerSocket {
  readonly #webSocket: WebSocketLike;
  #handlers: PeerSocketHandlers = DEAF;
  #error = "";
  #isUnwanted = false;

  constructor(webSocket: WebSocketLike) {
    this.#webSocket = webSocket;
    // `ws` would otherwise hand out small views into its 64 KiB read buffers: each log entry cut
    // from one would keep the whole buffer alive.
    webSocket.binaryType = "arraybuffer";
    webSocket.addEventListener("open", () => this.#onOpen());
    webSocket.addEventListener("message", (event) => this.#onMessage(event.data));
    webSocket.addEventListener("error", (event) => {
      this.#error = event.message ?? "";
    });
    webSocket.addEventListener("close", (event) => this.#onClose(event.code));
  }

  get bufferedBytes(): number {
    return this.#webSocket.bufferedAmount;
  }

  listen(handlers: PeerSocketHandlers): void {
    this.#handlers = handlers;
  }

  send(bytes: Uint8Array<ArrayBuffer>): void {
    this.#webSocket.send(bytes);
  }

  close(): void {
    // The runtime forgets a close that comes before the socket is open: the peer would wait for us.
    const isForgetful = this.#webSocket.terminate === undefined;
    if (isForgetful && this.#webSocket.readyState === CONNECTING) this.#isUnwanted = true;
    else this.#webSocket.close();
  }

  terminate(): void {
    if (this.#webSocket.terminate === undefined) this.close();
    else this.#webSocket.terminate();
  }

  #onOpen(): void {
    if (this.#isUnwanted) this.#webSocket.close();
    else this.#handlers.onOpen();
  }

  #onMessage(data: unknown): void {
    // A text frame, which no peer sends, goes on as an empty one: malformed everywhere.
    const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array();
    this.#handlers.onMessage(bytes);
  }

  #onClose(code: number): void {
    // The runtime may report the end twice; the second time nobody listens.
    const { onClose } = this.#handlers;
    this.#handlers = DEAF;
    onClose(
      this.#error === "" ? `Connection closed (${code})` : `Connection failed: ${this.#error}`,
    );
  }
}
