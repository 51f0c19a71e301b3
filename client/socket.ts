/**
 * One WebSocket to one node: requests with ids, their answers as they come, and watches
 * (docs/WEBSOCKET.md).
 *
 * @module
 */

import type { Respondent } from "./attempt.ts";
import type { Timers } from "./timers.ts";

/** The part of `WebSocket` that is used; any implementation will do. */
export interface SocketLike {
  /** Sends a text. */
  send(text: string): void;
  /** Begins to end the connection. */
  close(code?: number): void;
  /** Hears of what happens. */
  addEventListener(type: "open" | "close" | "error", listener: () => void): void;
  /** Hears what is said. */
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
}

/** Makes a WebSocket, as `new WebSocket` does. */
export type OpenSocket = (url: string, protocol: string) => SocketLike;

/** A message of the node. */
export type SocketMessage = Readonly<Record<string, unknown>>;

/** Hears what comes under an id, and null when the connection has ended. */
export type Listener = (message: SocketMessage | null) => void;

const PROTOCOL = "raftkv.v1";
/** Messages in one frame, at most. */
const FRAME_MESSAGES_MAX = 1_000;
/**
 * Characters in one frame, each of which is three bytes at most: a node breaks the connection at more
 * than 1,572,864 bytes, and with it all that is under way.
 */
const FRAME_LENGTH_MAX = 520_000;

/** A connection from its first attempt to its end. */
export class Socket {
  /** Resolves with whether it came about: the node has said who it is. */
  readonly opened: Promise<boolean>;
  /** Resolves once nothing is left of it. */
  readonly closed: Promise<void>;
  readonly #timers: Timers;
  readonly #socket: SocketLike;
  readonly #listeners = new Map<number, Listener>();
  readonly #watches = new Map<number, Listener>();
  #outgoing: string[] = [];
  #ids = 0;
  #isEnded = false;
  #heardMs: number;
  #from: Respondent = { nodeId: null, leaderId: null };

  /** Begins to connect to the node at a base URL. */
  constructor(endpoint: string, open: OpenSocket, timers: Timers) {
    this.#timers = timers;
    this.#heardMs = timers.nowMs();
    const socket = open(`${endpoint.replace(/^http/, "ws")}/v1/ws`, PROTOCOL);
    this.#socket = socket;
    let resolveOpened: (isOpen: boolean) => void = () => {};
    let resolveClosed: () => void = () => {};
    this.opened = new Promise((resolve) => resolveOpened = resolve);
    this.closed = new Promise((resolve) => resolveClosed = resolve);
    socket.addEventListener("message", ({ data }) => {
      this.#heardMs = timers.nowMs();
      for (const message of messagesIn(data)) {
        if (message["type"] === "hello") resolveOpened(true);
        this.#onMessage(message);
      }
    });
    // Whatever the error was, the end comes after it.
    socket.addEventListener("error", () => {});
    socket.addEventListener("close", () => {
      this.#end();
      resolveOpened(false);
      resolveClosed();
    });
  }

  /** Whether it can no longer be used. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** The node at the other end, and whom it follows. */
  get from(): Respondent {
    return this.#from;
  }

  /** When the node last said anything, by the timers' clock. */
  get heardMs(): number {
    return this.#heardMs;
  }

  /**
   * Sends a request; `listener` hears its answer, or null.
   *
   * @returns Its id, to be forgotten if nobody wants the answer any more; null if it is too large for
   *   a frame, and was not sent.
   */
  request(fields: Readonly<Record<string, unknown>>, listener: Listener): number | null {
    const id = this.#ids + 1;
    const text = JSON.stringify({ id, ...fields });
    if (text.length > FRAME_LENGTH_MAX) return null;
    this.#ids = id;
    if (this.#isEnded) {
      listener(null);
      return id;
    }
    this.#listeners.set(id, listener);
    this.#outgoing.push(text);
    // What is asked for in one turn goes out in one frame.
    if (this.#outgoing.length === 1) queueMicrotask(() => this.#flush());
    return id;
  }

  /** Passes the messages of a watch to `listener` from now on. */
  follow(watch: number, listener: Listener): void {
    this.#watches.set(watch, listener);
  }

  /** Lets go of a request or a watch. */
  forget(id: number): void {
    this.#listeners.delete(id);
    this.#watches.delete(id);
  }

  /** Ends the connection. */
  close(): void {
    this.#end();
    this.#socket.close(1000);
  }

  #onMessage(message: SocketMessage): void {
    const { type, id, watch } = message;
    if (typeof watch === "number") this.#watches.get(watch)?.(message);
    else if (typeof id === "number") {
      const listener = this.#listeners.get(id);
      this.#listeners.delete(id);
      listener?.(message);
    } else if (type === "hello" || type === "leader") {
      this.#from = {
        nodeId: textIn(message, "nodeId") ?? this.#from.nodeId,
        leaderId: textIn(message, "leaderId"),
      };
    }
  }

  #flush(): void {
    if (this.#isEnded) return;
    const outgoing = this.#outgoing;
    this.#outgoing = [];
    for (const messages of framesOf(outgoing)) {
      const [first = ""] = messages;
      this.#socket.send(messages.length === 1 ? first : `[${messages.join(",")}]`);
    }
  }

  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const listeners = [...this.#listeners.values(), ...this.#watches.values()];
    this.#listeners.clear();
    this.#watches.clear();
    for (const listener of listeners) listener(null);
  }
}

/** Messages in their order, as many in a frame as it may hold. */
function framesOf(messages: readonly string[]): readonly string[][] {
  const frames: string[][] = [];
  let left = 0;
  for (const message of messages) {
    const frame = frames.at(-1);
    left -= message.length + 1;
    if (frame !== undefined && left >= 0 && frame.length < FRAME_MESSAGES_MAX) frame.push(message);
    else {
      frames.push([message]);
      left = FRAME_LENGTH_MAX - message.length;
    }
  }
  return frames;
}

function messagesIn(data: unknown): readonly SocketMessage[] {
  if (typeof data !== "string") return [];
  try {
    const parsed: unknown = JSON.parse(data);
    const all: readonly unknown[] = Array.isArray(parsed) ? parsed : [parsed];
    return all.filter((each): each is SocketMessage => typeof each === "object" && each !== null);
  } catch {
    return [];
  }
}

function textIn(message: SocketMessage, name: string): string | null {
  const value = message[name];
  return typeof value === "string" ? value : null;
}
