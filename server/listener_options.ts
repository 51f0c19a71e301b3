/**
 * What every listener takes, gives and throws.
 *
 * @module
 */

import type { PeerSocket } from "@raftkv/transport";
import type { Origins } from "./origins.ts";
import type { ClientSocket } from "./websocket/client_socket.ts";

/** An open port. */
export interface Listener {
  /** The address it is bound to. */
  readonly host: string;
  /** The port it is bound to; the one chosen if 0 was asked for. */
  readonly port: number;

  /**
   * Takes no more connections, lets requests under way end, and breaks what is left after
   * `closeMsMax`. The native listener cannot break the connection of a client that does not take an
   * answer, owes the rest of what was answered, or speaks HTTP/2: it keeps the runtime alive until it
   * goes, or the program exits. WebSockets are their owners' to close, before.
   */
  close(): Promise<void>;
}

/** Bounds for what strangers may take of a node. The native listener keeps `closeMsMax` alone. */
export interface ListenerLimits {
  /** Most connections at a time; more are refused at once. */
  readonly connectionsMax: number;
  /** Largest head of a request in bytes. */
  readonly headerBytesMax: number;
  /** Longest time for a request's head to arrive, in milliseconds. */
  readonly headersMsMax: number;
  /** Longest time for a whole request to arrive, in milliseconds. */
  readonly requestMsMax: number;
  /**
   * Longest time for an answer, or a part of one that is made while it is sent, to be taken, in
   * milliseconds.
   */
  readonly answerMsMax: number;
  /** How long a connection without requests is kept, in milliseconds. */
  readonly idleMsMax: number;
  /** How long closing waits for requests under way, in milliseconds. */
  readonly closeMsMax: number;
}

/** The limits that a node has unless told otherwise. */
export const LISTENER_LIMITS: ListenerLimits = {
  connectionsMax: 10_000,
  headerBytesMax: 16_384,
  headersMsMax: 10_000,
  requestMsMax: 60_000,
  answerMsMax: 60_000,
  idleMsMax: 60_000,
  closeMsMax: 5_000,
};

/** What to listen to, and who answers. */
export interface ListenerOptions {
  /** A name or address of this machine. */
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Answers a request; a body that is made while it is sent, with a `streamedResponse`. */
  readonly fetch: (request: Request) => Response | Promise<Response>;
  /** Takes a WebSocket opened at `PEER_PATH`; must listen to it in the same turn. */
  readonly onPeerSocket: (socket: PeerSocket) => void;
  /** Takes a WebSocket opened at `WEBSOCKET_PATH`; must listen to it in the same turn. */
  readonly onClientSocket: (socket: ClientSocket) => void;
  /** Origins of pages that may open WebSockets, beside the node's own; none if not given. */
  readonly origins?: Origins;
  /** What strangers may take. */
  readonly limits: ListenerLimits;
}

/** The port is in use by another program. */
export class PortTakenError extends Error {
  /** The name of the class. */
  override readonly name = "PortTakenError";
  /** The port asked for. */
  readonly port: number;

  /**
   * Builds the message.
   *
   * @param host The address asked for.
   */
  constructor(host: string, port: number) {
    super(`Cannot listen on ${host}:${port}: The port is taken`);
    this.port = port;
  }
}
