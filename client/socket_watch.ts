/**
 * Watches over a socket, beside the requests.
 *
 * @module
 */

import { isFailure, isWatchMessage } from "./answers.ts";
import { unrecognized } from "./attempt.ts";
import type { Socket, SocketMessage } from "./socket.ts";
import type { SocketPool } from "./socket_pool.ts";
import type { WatchMessage } from "./watch_event.ts";
import { type OpenWatch, WatchBroken, type WatchFields } from "./watch_stream.ts";

/** Messages kept for a consumer that is slow; beyond it the watch is opened anew when it is ready. */
const WAITING_MAX = 1_024;

/** Watches over the sockets of a pool, and otherwise by `fallback`. */
export function socketWatch(pool: SocketPool, fallback: OpenWatch): OpenWatch {
  return async function* (endpoint, fields, signal) {
    const socket = await pool.socketOf(endpoint, signal);
    if (socket === null) yield* fallback(endpoint, fields, signal);
    else yield* new SocketWatch(socket, fields, signal).messages();
  };
}

class SocketWatch {
  readonly #socket: Socket;
  readonly #waiting: (SocketMessage | null)[] = [];
  #wake: () => void = () => {};
  readonly #watch: number | null;
  #isFull = false;

  constructor(socket: Socket, fields: WatchFields, signal: AbortSignal) {
    this.#socket = socket;
    const { prevKv, ...others } = fields;
    const asked = { op: "watch", ...others, ...prevKv === undefined ? {} : { prevKv: true } };
    // The answer and all that follows it come under one id.
    this.#watch = socket.request(asked, (message) => this.#push(message));
    if (this.#watch === null) this.#push(null);
    else socket.follow(this.#watch, (message) => this.#push(message));
    if (signal.aborted) this.#push(null);
    signal.addEventListener("abort", () => this.#push(null), { once: true });
  }

  async *messages(): AsyncGenerator<WatchMessage, void, undefined> {
    try {
      const first = await this.#next();
      if (first === null) throw broken();
      const begun = startOf(first);
      yield begun;
      if (begun.type === "compacted") return;
      for (;;) {
        if (this.#isFull && this.#waiting.length === 0) return;
        const message = await this.#next();
        if (message === null) throw broken();
        if (!isWatchMessage(message)) throw new WatchBroken(unrecognized(200));
        yield message;
      }
    } finally {
      this.#cancel();
    }
  }

  #push(message: SocketMessage | null): void {
    if (this.#isFull) return;
    this.#waiting.push(message);
    if (this.#waiting.length > WAITING_MAX) {
      this.#isFull = true;
      this.#cancel();
    }
    this.#wake();
  }

  async #next(): Promise<SocketMessage | null> {
    if (this.#waiting.length === 0) await new Promise<void>((resolve) => this.#wake = resolve);
    return this.#waiting.shift() ?? null;
  }

  #cancel(): void {
    if (this.#watch === null) return;
    this.#socket.forget(this.#watch);
    if (!this.#socket.isEnded) {
      this.#socket.request({ op: "cancel", watch: this.#watch }, () => {});
    }
  }
}

/** The answer to a watch says where it begins: everything before has been told. */
function startOf({ result, error }: SocketMessage): WatchMessage {
  if (isFailure(error)) {
    const { compactRevision } = error;
    if (error.code === "compacted" && compactRevision !== undefined) {
      return { type: "compacted", compactRevision };
    }
    throw new WatchBroken({ ...error, kind: "answered" });
  }
  const revision = typeof result === "object" && result !== null && "revision" in result
    ? result.revision
    : undefined;
  if (typeof revision !== "number") throw new WatchBroken(unrecognized(200));
  return { type: "bookmark", revision: revision - 1 };
}

function broken(): WatchBroken {
  return new WatchBroken({ kind: "lost", message: "The connection broke" });
}
