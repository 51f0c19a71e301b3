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
  /** Most messages in a frame from the client. */
  readonly frameMessagesMax: number;
  /** Most requests that may be under way; more are refused as `overloaded`. */
  readonly requestsMax: number;
  /** Most bytes of requests that may be under way, unless it is one; more are refused likewise. */
  readonly requestBytesMax: number;
  /** Most watches. */
  readonly watchesMax: number;
  /**
   * Most bytes that the client may leave unread: with more, the connection is broken. With a quarter
   * of it, requests are refused as `overloaded`, and reads that are under way likewise.
   */
  readonly unreadBytesMax: number;
  /** How long a client that has much to read may read nothing, in milliseconds. */
  readonly unreadMsMax: number;
}

/**
 * Most bytes that all clients together may leave unread before those who leave much are refused reads:
 * some dozens, each within its own bounds, could else take gigabytes.
 */
export const ALL_UNREAD_BYTES_MAX = 268_435_456;

/** The limits that a node has unless told otherwise. */
export const WEBSOCKET_LIMITS: WebSocketLimits = {
  messageBytesMax: LIMITS.requestBytesMax,
  frameMessagesMax: 1_024,
  requestsMax: 1_024,
  requestBytesMax: 16_777_216,
  watchesMax: 1_024,
  unreadBytesMax: 67_108_864,
  unreadMsMax: 30_000,
};
