/**
 * The bounds of a mesh, once, and the relations between them.
 *
 * @module
 */

import { invariant, LIMITS } from "@raftkv/core";
import type { BackoffLimits } from "./backoff.ts";

/** How long a mesh waits and how much it holds. */
export interface MeshLimits extends BackoffLimits {
  /** Longest time from dialing, or from an accepted socket, to the end of the handshake. */
  readonly handshakeMsMax: number;
  /** Most accepted sockets that have not yet proven who they are. */
  readonly pendingHandshakesMax: number;
  /** The interval at which an open link is looked at, in milliseconds. */
  readonly keepaliveMs: number;
  /** Intervals in a row without a frame received after which a link is dead. */
  readonly silentTicksMax: number;
  /** Intervals after which an open link has proven itself and its backoff starts over. */
  readonly stableTicks: number;
  /** Most bytes waiting in one link's socket; a message beyond them is dropped. */
  readonly sendBufferBytesMax: number;
  /** Longest time a socket may take to close, in milliseconds. */
  readonly closeMsMax: number;
}

/** The limits that suit Raft's default timeouts. */
export const MESH_LIMITS: MeshLimits = {
  delayMsBase: 50,
  // A peer that comes back is linked up at once: until then it is no part of any quorum.
  delayMsMax: 200,
  handshakeMsMax: 3_000,
  pendingHandshakesMax: 16,
  keepaliveMs: 500,
  silentTicksMax: 6,
  stableTicks: 10,
  sendBufferBytesMax: 8_388_608,
  closeMsMax: 1_000,
};

invariant(
  MESH_LIMITS.sendBufferBytesMax > LIMITS.messageBytesMax,
  "an empty send buffer takes any message",
);
