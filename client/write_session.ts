/**
 * The session under which this client writes: each write gets a sequence number of it, and the
 * server answers a repeated number with the first result instead of writing twice.
 *
 * @module
 */

import type { RequestScope } from "./request_scope.ts";

/**
 * Sequence numbers from the oldest unanswered one on that may be in use at once. The server keeps
 * the answers of so many numbers and no more: one that trails further behind could not be repeated.
 */
export const SESSION_WINDOW: number = 64;

/** The right to send one write; released once its fate is known or the caller has given up. */
export interface WriteTicket {
  /** The session it belongs to. */
  readonly session: string;
  /** The value of the `Idempotency-Key` header. */
  readonly idempotencyKey: string;
  /** Makes room for another write. */
  release(): void;
}

interface OpenSession {
  readonly id: string;
  nextSequence: number;
  /** In ascending order, for numbers are added in order. */
  readonly unanswered: Set<number>;
}

/** Called with a ticket, or with null when the session is gone and the waiter must ask again. */
type Waiter = (ticket: WriteTicket | null) => void;

/** Hands out tickets of one session, opened at the first write and shared by all. */
export class WriteSession {
  #current: OpenSession | null = null;
  #opening: Promise<void> | null = null;
  readonly #waiters: Waiter[] = [];

  /**
   * Waits for a place in the window, opening a session first if there is none. Requests under way
   * share one opening; if that fails for the one who does it, the next one tries with its own time.
   *
   * @param open Asks the server for a session; its failure is thrown to this caller.
   * @returns null if the caller's time ended first.
   * @throws The caller's reason if the caller gave up.
   */
  async take(scope: RequestScope, open: () => Promise<string>): Promise<WriteTicket | null> {
    while (scope.remainingMs > 0) {
      const session = this.#current;
      if (session === null) {
        await this.#open(scope, open);
      } else if (this.#waiters.length === 0 && hasRoom(session)) {
        return this.#ticketOf(session);
      } else {
        const ticket = await this.#waitInTurn(scope);
        if (ticket !== null) return ticket;
      }
    }
    return null;
  }

  /** Gives the session up, because the server no longer knows it. A newer one is left alone. */
  forget(session: string): void {
    if (this.#current?.id !== session) return;
    this.#current = null;
    for (const waiter of this.#waiters.splice(0)) waiter(null);
  }

  async #open(scope: RequestScope, open: () => Promise<string>): Promise<void> {
    const underWay = this.#opening;
    if (underWay !== null) {
      await scope.limit(scope.remainingMs, (signal) => Promise.race([underWay, aborted(signal)]));
      return;
    }
    const opening = this.#begin(open);
    this.#opening = opening.catch(() => {});
    try {
      await opening;
    } finally {
      this.#opening = null;
    }
  }

  async #begin(open: () => Promise<string>): Promise<void> {
    const id = await open();
    this.#current = { id, nextSequence: 1, unanswered: new Set() };
  }

  async #waitInTurn(scope: RequestScope): Promise<WriteTicket | null> {
    const turn: { ticket: WriteTicket | null } = { ticket: null };
    try {
      await scope.limit(scope.remainingMs, (signal) =>
        new Promise<void>((resolve) => {
          const waiter: Waiter = (ticket) => {
            turn.ticket = ticket;
            resolve();
          };
          this.#waiters.push(waiter);
          signal.addEventListener("abort", () => {
            const place = this.#waiters.indexOf(waiter);
            if (place >= 0) this.#waiters.splice(place, 1);
            resolve();
          }, { once: true });
        }));
    } catch (error) {
      // The turn came in the moment in which the caller gave up: the next one must not miss it.
      turn.ticket?.release();
      throw error;
    }
    return turn.ticket;
  }

  #ticketOf(session: OpenSession): WriteTicket {
    const sequence = session.nextSequence;
    session.nextSequence += 1;
    session.unanswered.add(sequence);
    return {
      session: session.id,
      idempotencyKey: `${session.id}/${sequence}`,
      release: () => {
        session.unanswered.delete(sequence);
        if (session === this.#current) this.#admit(session);
      },
    };
  }

  #admit(session: OpenSession): void {
    while (hasRoom(session)) {
      const waiter = this.#waiters.shift();
      if (waiter === undefined) return;
      waiter(this.#ticketOf(session));
    }
  }
}

function hasRoom(session: OpenSession): boolean {
  const [oldest = session.nextSequence] = session.unanswered;
  return session.nextSequence - oldest < SESSION_WINDOW;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
