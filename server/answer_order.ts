/**
 * One answer at a time on each connection of the hardened listener. Node begins all requests that a
 * client sends without waiting, and keeps the answers until they are read: a few kilobytes of
 * requests would fill the memory with answers that nobody takes.
 *
 * @module
 */

import type { Socket } from "node:net";
import { setImmediate } from "node:timers/promises";

/** Most requests of one connection that wait while another is answered; then it is read no further. */
const WAITING_MAX = 64;

interface Line {
  /** Ends with the last answer that was begun, or waits to be. */
  last: Promise<void>;
  waiting: number;
}

/** The lines of requests, one for each connection on which any waits. */
export class AnswerOrder {
  readonly #lines = new WeakMap<Socket, Line>();

  /** Answers when those before on the same connection have been sent. */
  inTurn(socket: Socket, answer: () => Promise<void>): Promise<void> {
    const line = this.#lineOf(socket);
    const answered = line.waiting === 0 ? answer() : inTurnOfItsOwn(line.last, answer);
    line.last = answered;
    if (++line.waiting === WAITING_MAX) socket.pause();
    const onEnd = () => {
      if (line.waiting-- === WAITING_MAX) socket.resume();
    };
    answered.then(onEnd, onEnd);
    return answered;
  }

  #lineOf(socket: Socket): Line {
    const held = this.#lines.get(socket);
    if (held !== undefined) return held;
    const line: Line = { last: Promise.resolve(), waiting: 0 };
    this.#lines.set(socket, line);
    return line;
  }
}

/** Else all that wait would be answered in one turn of the event loop, and nobody else meanwhile. */
async function inTurnOfItsOwn(before: Promise<void>, answer: () => Promise<void>): Promise<void> {
  await before.catch(() => {});
  await setImmediate();
  await answer();
}
