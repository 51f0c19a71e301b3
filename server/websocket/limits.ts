/**
 * What one client may take through a WebSocket.
 *
 * @module
 */

import { LIMITS } from "@raftkv/core";

/** The bounds of one socket, as its client is told of them. */
export interface WebSocketLimits {
  /** Largest frame from the client in bytes. */
  readonly messageBytesMax: number;
  /** Most requests that may be under way; more are refused as `overloaded`. */
  readonly requestsMax: number;
  /** Most bytes of requests that may be under way, unless it is one; more are refused likewise. */
  readonly requestBytesMax: number;
  /** Most watches. */
  readonly watchesMax: number;
  /** Most bytes of answers that the client has not taken: with more, the socket is closed. */
  readonly unreadBytesMax: number;
}

/** The limits that a node has unless told otherwise. */
export const WEBSOCKET_LIMITS: WebSocketLimits = {
  messageBytesMax: LIMITS.requestBytesMax,
  requestsMax: 1_024,
  requestBytesMax: 16_777_216,
  watchesMax: 1_024,
  unreadBytesMax: 16_777_216,
};

/** From so many unread bytes on, watches wait: they read what they missed later, from the past. */
export const CONGESTED_BYTES = 1_048_576;

/** Answers of one moment go out in one frame, up to about this size. */
export const FRAME_BYTES = 262_144;
