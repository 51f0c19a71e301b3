/**
 * Which requests of which senders have arrived: a network may repeat a message, also much later,
 * and what is forwarded must count once.
 *
 * @module
 */

/** Most senders remembered; each run of a peer's process is one. */
const SENDERS_MAX = 1_000;

/** Most requests remembered one by one for each sender. */
const NUMBERS_MAX = 1_024;

interface Seen {
  /** All numbers up to here count as seen, whether or not they came. */
  floor: number;
  /** The numbers above the floor that came, oldest first. */
  readonly above: Set<number>;
}

/** Remembers what has arrived; forgets only in the direction of refusing too much. */
export class SeenRequests {
  readonly #senders = new Map<string, Seen>();

  /** Notes a request; returns whether it is the first with this number from this sender. */
  isFirst(sender: string, requestId: number): boolean {
    const seen = this.#senders.get(sender) ?? { floor: 0, above: new Set() };
    if (requestId <= seen.floor || seen.above.has(requestId)) return false;
    seen.above.add(requestId);
    if (seen.above.size > NUMBERS_MAX) raiseFloor(seen);
    this.#remember(sender, seen);
    return true;
  }

  #remember(sender: string, seen: Seen): void {
    this.#senders.delete(sender);
    this.#senders.set(sender, seen);
    const [longestSilent] = this.#senders.keys();
    if (this.#senders.size > SENDERS_MAX && longestSilent !== undefined) {
      this.#senders.delete(longestSilent);
    }
  }
}

function raiseFloor(seen: Seen): void {
  const [oldest = 0] = seen.above;
  seen.above.delete(oldest);
  seen.floor = Math.max(seen.floor, oldest);
}
