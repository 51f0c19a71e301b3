/**
 * Replicated time: what has passed by the clocks of those who led, as their entries tell it. Leases,
 * sessions and the age of history are counted in it.
 *
 * Two leaders' clocks may be hours apart, so only differences within one term count. What passes
 * between the last entry of a term and the first of the next is left out: a lease may live that much
 * longer, but no leader can end it early by being ahead, or keep it alive by being behind.
 *
 * @module
 */

import type { ByteReader } from "../codec/byte_reader.ts";
import type { ByteWriter } from "../codec/byte_writer.ts";
import type { LeaderTime } from "../replica/state_machine.ts";

/** Time that never goes back and is the same on every replica. */
export class ReplicatedClock {
  #nowMs = 0;
  #last: LeaderTime = { term: 0, timeMs: 0 };

  /** Milliseconds; about those since 1970, by the clock of the first leader. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Goes on to the moment of an entry. */
  advance({ term, timeMs }: LeaderTime): void {
    this.#nowMs = this.at({ term, timeMs });
    this.#last = { term, timeMs };
  }

  /** What this clock would show after an entry of that moment. */
  at({ term, timeMs }: LeaderTime): number {
    if (this.#last.term === 0) return timeMs;
    const passedMs = term === this.#last.term ? timeMs - this.#last.timeMs : 0;
    return this.#nowMs + Math.max(0, passedMs);
  }

  /** Whether an entry of `term` was seen: only then does {@linkcode ReplicatedClock.at} tell time. */
  knows(term: number): boolean {
    return this.#last.term === term;
  }

  /** Writes the clock as it stands in snapshots. */
  writeTo(writer: ByteWriter): void {
    writer.varint(this.#nowMs);
    writer.varint(this.#last.term);
    writer.varint(this.#last.timeMs);
  }

  /** The clock that {@linkcode ReplicatedClock.writeTo} wrote. */
  static readFrom(reader: ByteReader): ReplicatedClock {
    const clock = new ReplicatedClock();
    clock.#nowMs = reader.varint();
    clock.#last = { term: reader.varint(), timeMs: reader.varint() };
    return clock;
  }
}
