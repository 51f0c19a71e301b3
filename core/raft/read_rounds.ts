/**
 * Linearizable reads on a leader (thesis §6.4): before a read is answered, a quorum must confirm,
 * after the read arrived, that this node still leads. All reads that wait share one round.
 *
 * @module
 */

import type { LogIndex, ReadRound } from "./ids.ts";
import type { ReadIndex } from "./message.ts";

/** A read that has become safe: answer it once the state machine has applied `index`. */
export interface ReadGrant<Token> extends ReadIndex {
  /** The read, as the host named it. */
  readonly token: Token;
}

interface Round<Token> {
  readonly round: ReadRound;
  readonly index: LogIndex;
  readonly tokens: readonly Token[];
}

/** The rounds of one leadership. A new leadership starts with a new object. */
export class ReadRounds<Token> {
  #waiting: Token[] = [];
  #current: Round<Token> | null = null;
  #last = 0;

  /** The round that wants answers; 0 if none does. */
  get round(): ReadRound {
    return this.#current?.round ?? 0 as ReadRound;
  }

  /** Whether reads wait for a round to begin. */
  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Whether a round is under way. */
  get isOpen(): boolean {
    return this.#current !== null;
  }

  /** Adds a read. It never joins a round that has begun: answers to it may be older than the read. */
  add(token: Token): void {
    this.#waiting.push(token);
  }

  /**
   * Begins a round with a number of its own for all that wait. The caller sends it to every peer.
   *
   * @param index The commit index now: everything acknowledged before any of these reads is in it.
   */
  begin(index: LogIndex): void {
    this.#current = { round: ++this.#last as ReadRound, index, tokens: this.#waiting };
    this.#waiting = [];
  }

  /** Ends the round if a quorum has answered it. */
  maybeConfirm(quorumRound: number): readonly ReadGrant<Token>[] {
    const current = this.#current;
    if (current === null || quorumRound < current.round) return [];
    this.#current = null;
    return current.tokens.map((token) => ({ token, index: current.index, proof: "quorum" }));
  }

  /** Everything it holds, as plain data. */
  toJSON(): object {
    return { waiting: this.#waiting, current: this.#current, last: this.#last };
  }

  /** Leadership is over: every read that was not granted. */
  abandon(): readonly Token[] {
    const all = [...(this.#current?.tokens ?? []), ...this.#waiting];
    this.#current = null;
    this.#waiting = [];
    return all;
  }
}
