/**
 * A client's WebSocket, whichever of the two servers carries it.
 *
 * @module
 */

/** What the owner of a socket is told. */
export interface ClientSocketHandlers {
  /** The socket can send. */
  readonly onOpen: () => void;
  /** A frame came; null for one that is not text. */
  readonly onMessage: (text: string | null) => void;
  /** It ended, however. Called once. */
  readonly onClose: () => void;
}

/** One socket of one client. */
export interface ClientSocket {
  /** Bytes that are sent but not yet taken by the network. */
  readonly bufferedBytes: number;

  /** Takes over; to be called once, in the turn in which the socket was made. */
  listen(handlers: ClientSocketHandlers): void;

  /** Sends one text frame; nothing if the socket has ended. */
  send(text: string): void;

  /** Ends the socket with a status code (RFC 6455, section 7.4). */
  close(code: number, reason: string): void;

  /** Breaks the connection if the server can do so; else ends it. */
  terminate(): void;

  /** Reads no more until {@linkcode ClientSocket.resume}, where the server can do so. */
  pause(): void;

  /** Reads on. */
  resume(): void;
}

/** What the standard `WebSocket` and the one of the `ws` package have in common. */
export interface WebSocketLike {
  /** Bytes waiting to be written. */
  readonly bufferedAmount: number;
  /** 0 until it is open, then 1. */
  readonly readyState: number;
  /** Sends one text frame. */
  send(text: string): void;
  /** Starts the closing handshake. */
  close(code: number, reason: string): void;
  /** Breaks the connection; `ws` has it, the standard does not. */
  terminate?(): void;
  /** Stops reading; `ws` has it, the standard does not. */
  pause?(): void;
  /** Reads on; `ws` has it, the standard does not. */
  resume?(): void;
  /** Reports that the connection is established. */
  addEventListener(type: "open", listener: () => void): void;
  /** Reports a frame. */
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  /** Reports the end. */
  addEventListener(type: "close", listener: () => void): void;
  /** Reports why the end is near. */
  addEventListener(type: "error", listener: () => void): void;
}

/** The sub-protocol, and its version. */
export const SUBPROTOCOL = "raftkv.v1";

/** The path of the door. */
export const WEBSOCKET_PATH = "/v1/ws";

/** Adapts a WebSocket that was just made. */
export function clientSocketOf(webSocket: WebSocketLike): ClientSocket {
  let isEnded = false;
  // The runtime forgets a close that comes before the socket is open.
  const onceOpen = (close: () => void) => {
    if (webSocket.readyState === CONNECTING) webSocket.addEventListener("open", close);
    else close();
  };
  return {
    get bufferedBytes() {
      return webSocket.bufferedAmount;
    },
    listen: ({ onOpen, onMessage, onClose }) => {
      webSocket.addEventListener("message", ({ data }) => {
        if (!isEnded) onMessage(typeof data === "string" ? data : null);
      });
      const end = () => {
        // The runtime may report it twice.
        if (isEnded) return;
        isEnded = true;
        onClose();
      };
      // After an error the socket may take its time to close, but brings nothing more.
      webSocket.addEventListener("error", end);
      webSocket.addEventListener("close", end);
      if (webSocket.readyState === OPEN) onOpen();
      else webSocket.addEventListener("open", onOpen);
    },
    send: (text) => {
      if (webSocket.readyState === OPEN) webSocket.send(text);
    },
    close: (code, reason) => {
      if (webSocket.readyState <= OPEN) onceOpen(() => webSocket.close(code, reason));
    },
    terminate: () => {
      if (webSocket.terminate !== undefined) webSocket.terminate();
      else onceOpen(() => webSocket.close(1008, "The answers are not read"));
    },
    pause: () => webSocket.pause?.(),
    resume: () => webSocket.resume?.(),
  };
}

const CONNECTING = 0;
const OPEN = 1;
