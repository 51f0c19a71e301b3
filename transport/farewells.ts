/**
 * Sockets that are no longer used but not yet gone.
 *
 * @module
 */

import { DEAF, type PeerSocket } from "./peer_socket.ts";
import type { Timers } from "./timers.ts";

/** Sees sockets off, breaks those that do not leave, and knows when all are gone. */
export class Farewells {
  readonly #timers: Timers;
  readonly #graceMs: number;
  readonly #leaving = new Set<PeerSocket>();
  readonly #waiters: (() => void)[] = [];

  /** @param graceMs How long a socket may take to close before it is broken. */
  constructor(timers: Timers, graceMs: number) {
    this.#timers = timers;
    this.#graceMs = graceMs;
  }

  /** Closes a socket politely: what was sent arrives, what it still receives is ignored. */
  bid(socket: PeerSocket): void {
    this.#track(socket);
    socket.close();
  }

  /** Breaks a socket whose other end deserves or answers no closing handshake. */
  expel(socket: PeerSocket): void {
    this.#track(socket);
    socket.terminate();
  }

  /** Resolves once no socket is left, `graceMs` after the last came in at the latest. */
  async allGone(): Promise<void> {
    if (this.#leaving.size === 0) return;
    await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  #track(socket: PeerSocket): void {
    this.#leaving.add(socket);
    const forget = () => {
      cancel();
      socket.listen(DEAF);
      this.#leaving.delete(socket);
      if (this.#leaving.size > 0) return;
      for (const resolve of this.#waiters.splice(0)) resolve();
    };
    const cancel = this.#timers.setTimer(this.#graceMs, () => {
      socket.terminate();
      forget();
    });
    socket.listen({ ...DEAF, onClose: forget });
  }
}
