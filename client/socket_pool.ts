/**
 * One socket for each node that is spoken to, opened when it is needed first. Where none can be had,
 * HTTP takes its place.
 *
 * @module
 */

import { isFailure } from "./answers.ts";
import {
  type Attempt,
  type AttemptResult,
  type Exchange,
  serverMs,
  unrecognized,
} from "./attempt.ts";
import { isTimed } from "./operation.ts";
import type { ConnectOptions } from "./options.ts";
import { OUT_OF_TIME } from "./request_scope.ts";
import { type OpenSocket, Socket, type SocketMessage } from "./socket.ts";
import type { Timers } from "./timers.ts";

/** What a pool works with. */
export interface SocketPoolParts {
  readonly open: OpenSocket;
  readonly timers: Timers;
  /** Carries what a socket cannot. */
  readonly fallback: Exchange;
}

/** How long to do without a socket that could not be had, in milliseconds. */
const REST_MS = 10_000;
/** How long to wait for a socket before asking over HTTP, in milliseconds. */
const OPEN_MS_MAX = 1_000;
/** How long to wait for the node to agree that a socket has ended, in milliseconds. */
const CLOSE_MS_MAX = 1_000;

interface Place {
  socket: Socket | null;
  /** No other attempt before this time. */
  restsUntilMs: number;
}

/** The sockets of one client. */
export class SocketPool {
  readonly #parts: SocketPoolParts;
  readonly #places = new Map<string, Place>();
  #isClosed = false;

  constructor(parts: SocketPoolParts) {
    this.#parts = parts;
  }

  /** Carries an operation over the endpoint's socket, or over HTTP if there is none. */
  readonly exchange: Exchange = async (endpoint, attempt) => {
    // A node that cannot serve still answers this over HTTP, and over nothing else.
    if (attempt.operation.op === "health") return await this.#parts.fallback(endpoint, attempt);
    const { scope } = attempt;
    const endMs = scope.elapsedMs + attempt.limitMs;
    const socket = await this.socketOf(endpoint, scope.signal, attempt.limitMs);
    const rest = { ...attempt, limitMs: Math.max(1, endMs - scope.elapsedMs) };
    const result = socket === null ? null : await this.#ask(socket, rest);
    return result ?? await this.#parts.fallback(endpoint, rest);
  };

  /** The endpoint's socket once it is open; null if none can be had soon, or before `signal`. */
  async socketOf(
    endpoint: string,
    signal: AbortSignal,
    limitMs = OPEN_MS_MAX,
  ): Promise<Socket | null> {
    let cancel = () => {};
    const late = new Promise<null>((resolve) => {
      const end = () => resolve(null);
      cancel = this.#parts.timers.after(Math.min(limitMs, OPEN_MS_MAX), end);
      signal.addEventListener("abort", end, { once: true });
    });
    try {
      return await Promise.race([this.#opened(endpoint), late]);
    } finally {
      cancel();
    }
  }

  async #opened(endpoint: string): Promise<Socket | null> {
    const { open, timers } = this.#parts;
    const place = this.#places.get(endpoint) ?? { socket: null, restsUntilMs: -Infinity };
    this.#places.set(endpoint, place);
    if (place.socket?.isEnded === true) place.socket = null;
    if (place.socket === null) {
      if (this.#isClosed || timers.nowMs() < place.restsUntilMs) return null;
      place.socket = new Socket(endpoint, open, timers);
    }
    const { socket } = place;
    if (await socket.opened && !socket.isEnded) return socket;
    place.restsUntilMs = timers.nowMs() + REST_MS;
    return null;
  }

  /** Ends all sockets, and resolves once they are gone. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const sockets = [...this.#places.values()].flatMap(({ socket }) => socket ?? []);
    for (const socket of sockets) socket.close();
    // A node that hangs never says goodbye.
    let cancel = () => {};
    const longEnough = new Promise<void>((resolve) => {
      if (sockets.length > 0) cancel = this.#parts.timers.after(CLOSE_MS_MAX, resolve);
    });
    await Promise.race([Promise.all(sockets.map(({ closed }) => closed)), longEnough]);
    cancel();
  }

  /** The answer; null if the request is too large for a socket. */
  async #ask(
    socket: Socket,
    { operation, scope, limitMs }: Attempt,
  ): Promise<AttemptResult | null> {
    const { op, fields } = operation;
    const timeout = isTimed(op) ? { timeout: serverMs(limitMs) } : {};
    const sentMs = this.#parts.timers.nowMs();
    let id: number | null = 0;
    try {
      const answer = await scope.limit(
        limitMs,
        (signal) =>
          new Promise<SocketMessage | null>((resolve, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason), { once: true });
            id = socket.request({ op, ...fields, ...timeout }, resolve);
            if (id === null) resolve(null);
          }),
      );
      if (id === null) return null;
      if (answer === OUT_OF_TIME) {
        // A connection that has said nothing since is taken for dead.
        if (socket.heardMs < sentMs) socket.close();
        return lost(`No answer within ${Math.round(limitMs)} ms`);
      }
      return answer === null ? lost("The connection broke") : understood(answer, socket);
    } finally {
      if (id !== null) socket.forget(id);
    }
  }
}

/** The sockets that the options ask for; null if there are to be none. */
export function poolOf(
  { webSocket, fetch }: ConnectOptions,
  parts: Omit<SocketPoolParts, "open">,
): SocketPool | null {
  if (webSocket === false) return null;
  if (webSocket !== undefined) return new SocketPool({ ...parts, open: webSocket });
  // Who brings a `fetch` of its own wants everything to go through it. Node 20 has no WebSocket.
  if (fetch !== undefined || typeof WebSocket === "undefined") return null;
  return new SocketPool({ ...parts, open: (url, protocol) => new WebSocket(url, protocol) });
}

function understood(answer: SocketMessage, { from }: Socket): AttemptResult {
  const { result, error } = answer;
  if (result !== undefined) return { kind: "success", body: result, status: 200, from };
  const failure = isFailure(error) ? { ...error, kind: "answered" } as const : unrecognized(200);
  return { kind: "failure", failure, from };
}

function lost(message: string): AttemptResult {
  return { kind: "failure", failure: { kind: "lost", message }, from: null };
}
