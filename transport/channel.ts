/**
 * A socket on which messages flow: framing, the bounded send buffer, and an ear for silence.
 *
 * @module
 */

import { invariant, LIMITS, unreachable } from "@raftkv/core";
import { encodeMessageFrame, encodePingFrame, parseFrame } from "./frame.ts";
import { Keepalive } from "./keepalive.ts";
import type { MeshLimits } from "./mesh_limits.ts";
import { DEAF, type PeerSocket } from "./peer_socket.ts";
import type { Timers } from "./timers.ts";

/** What a channel reports. */
export interface ChannelEvents {
  /** A message arrived. */
  readonly onMessage: (message: Uint8Array) => void;
  /** The channel has been open for long enough to count as proven. */
  readonly onStable: () => void;
  /** The channel is of no more use, though its socket is still there. Called once, and last. */
  readonly onBroke: (reason: string) => void;
  /** The socket is gone. Called once, and last. */
  readonly onGone: (reason: string) => void;
}

/** What a channel needs. */
export interface ChannelContext {
  /** Sets alarms. */
  readonly timers: Timers;
  /** The bounds. */
  readonly limits: MeshLimits;
}

/** Sends and receives whole messages over a socket that has passed the handshake. */
export class Channel {
  readonly #socket: PeerSocket;
  readonly #context: ChannelContext;
  readonly #events: ChannelEvents;
  readonly #keepalive: Keepalive;
  #ticks = 0;
  #cancelTick: () => void;

  constructor(socket: PeerSocket, events: ChannelEvents, context: ChannelContext) {
    this.#socket = socket;
    this.#events = events;
    this.#context = context;
    this.#keepalive = new Keepalive(context.limits.silentTicksMax);
    this.#cancelTick = this.#nextTick();
    socket.listen({
      ...DEAF,
      onMessage: (frame) => this.#onFrame(frame),
      onClose: (reason) => {
        this.release();
        this.#events.onGone(reason);
      },
    });
  }

  /** Sends a message. Returns false, and drops it, if too much is waiting in the socket. */
  send(message: Uint8Array): boolean {
    invariant(message.length <= LIMITS.messageBytesMax, "a message fits in one frame");
    const waiting = this.#socket.bufferedBytes;
    if (waiting + message.length > this.#context.limits.sendBufferBytesMax) return false;
    this.#socket.send(encodeMessageFrame(message));
    this.#keepalive.onSent();
    return true;
  }

  /** Stops reading and listening; the socket goes back to whoever sees it off. */
  release(): void {
    this.#cancelTick();
    this.#socket.listen(DEAF);
  }

  #onFrame(bytes: Uint8Array): void {
    this.#keepalive.onReceived();
    const frame = parseFrame(bytes);
    switch (frame.kind) {
      case "message":
        return this.#events.onMessage(frame.message);
      case "ping":
        return;
      case "malformed":
        return this.#break(frame.reason);
      default:
        return unreachable(frame);
    }
  }

  #nextTick(): () => void {
    return this.#context.timers.setTimer(this.#context.limits.keepaliveMs, () => this.#onTick());
  }

  #onTick(): void {
    const { keepaliveMs, silentTicksMax, stableTicks } = this.#context.limits;
    const verdict = this.#keepalive.onTick();
    if (verdict === "dead") {
      return this.#break(`Peer was silent for ${keepaliveMs * silentTicksMax} ms`);
    }
    if (verdict === "ping") this.#socket.send(encodePingFrame());
    this.#ticks += 1;
    if (this.#ticks === stableTicks) this.#events.onStable();
    this.#cancelTick = this.#nextTick();
  }

  #break(reason: string): void {
    this.release();
    this.#events.onBroke(reason);
  }
}
