/**
 * What a connection has to say: collected for a turn of the event loop, sent in one frame, and never
 * more of it in memory than a client may leave unread.
 *
 * @module
 */

import type { ClientSocket } from "./client_socket.ts";
import type { WebSocketLimits } from "./limits.ts";

/** Who is told how the client takes what it is sent. */
export interface OutgoingEvents {
  /** The client takes less than it is sent. */
  readonly onCongested: () => void;
  /** It has taken most of it. */
  readonly onDrained: () => void;
  /** It will not take it: the connection must end. */
  readonly onOverrun: () => void;
}

/** The messages on their way to one client. */
export class Outgoing {
  readonly #socket: ClientSocket;
  readonly #limits: WebSocketLimits;
  readonly #events: OutgoingEvents;
  #messages: string[] = [];
  #collectedBytes = 0;
  #isFlushing = false;
  #isEnded = false;
  /** Looks from time to time whether the client has taken something: the sockets do not tell. */
  #timer: ReturnType<typeof setTimeout> | null = null;
  #leastBytes = Infinity;
  #takenAtMs = 0;
  /** Whether somebody waits until the client has taken what it was sent. */
  #isAwaited = false;

  constructor(socket: ClientSocket, limits: WebSocketLimits, events: OutgoingEvents) {
    this.#socket = socket;
    this.#limits = limits;
    this.#events = events;
  }

  /** Bytes that the client has not taken, about. */
  get unreadBytes(): number {
    return this.#socket.bufferedBytes + this.#collectedBytes;
  }

  /** Whether the client has left more unread than one that just happens to be slow. */
  get isBehind(): boolean {
    return this.unreadBytes > CONGESTED_BYTES;
  }

  /** Whether more had better wait: whoever is told so is told when it is so no longer. */
  get isCongested(): boolean {
    const isCongested = this.#timer !== null || this.isBehind;
    this.#isAwaited ||= isCongested;
    return isCongested;
  }

  /** Says something, before or after all that is collected. */
  say(message: string, place: "first" | "last" = "last"): void {
    if (this.#isEnded) return;
    if (place === "last") this.#messages.push(message);
    else this.#messages.unshift(message);
    this.#collectedBytes += message.length;
    // At once, not at the end of the turn: a turn may end a thousand requests.
    if (this.#collectedBytes > FRAME_BYTES) return this.flush();
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    queueMicrotask(() => {
      this.#isFlushing = false;
      this.flush();
    });
  }

  /** Sends what is collected. */
  flush(): void {
    if (this.#isEnded || this.#messages.length === 0) return;
    const messages = this.#messages;
    this.#messages = [];
    this.#collectedBytes = 0;
    this.#socket.send(messages.length === 1 ? messages[0]! : `[${messages.join(",")}]`);
    const { bufferedBytes } = this.#socket;
    if (bufferedBytes > this.#limits.unreadBytesMax) return this.#events.onOverrun();
    if (bufferedBytes > CONGESTED_BYTES) this.#beginToWait();
    else this.#onDrained();
  }

  /** Nothing will be sent any more. */
  end(): void {
    this.#isEnded = true;
    this.#messages = [];
    this.#collectedBytes = 0;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #beginToWait(): void {
    if (this.#timer !== null) return;
    this.#leastBytes = Infinity;
    // Who is told of the one must be told of the other, asked for or not.
    this.#isAwaited = true;
    this.#events.onCongested();
    this.#wait();
  }

  #wait(): void {
    const { bufferedBytes } = this.#socket;
    if (bufferedBytes < this.#leastBytes) {
      this.#leastBytes = bufferedBytes;
      this.#takenAtMs = performance.now();
    }
    if (performance.now() - this.#takenAtMs > this.#limits.unreadMsMax) {
      return this.#events.onOverrun();
    }
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.#socket.bufferedBytes > CONGESTED_BYTES / 2) this.#wait();
      else this.#onDrained();
    }, LOOK_EVERY_MS);
  }

  #onDrained(): void {
    if (!this.#isAwaited) return;
    this.#isAwaited = false;
    this.#events.onDrained();
  }
}

/** From so many unread bytes on, watches wait: they read what they missed later, from the past. */
const CONGESTED_BYTES = 1_048_576;
/** Answers of one moment go out in one frame, up to about this size. */
const FRAME_BYTES = 262_144;
const LOOK_EVERY_MS = 20;
