/**
 * Tells a silent link from a dead one. Raft's heartbeats run between leader and followers only, so
 * two followers would never learn that the host between them has vanished without a FIN.
 *
 * @module
 */

/** What a tick asks of the link. */
export type KeepaliveVerdict = "fine" | "ping" | "dead";

/**
 * Counts ticks without traffic. Ticks instead of clock readings, for two reasons: nothing is read
 * on the path of a message, and an event loop that stalled for ten seconds owes one late tick, not
 * ten, so that frames waiting in the kernel are read before their sender is called dead.
 */
export class Keepalive {
  readonly #silentTicksMax: number;
  #silentTicks = 0;
  #spoke = false;

  /** @param silentTicksMax Ticks in a row without a frame received after which the peer is dead. */
  constructor(silentTicksMax: number) {
    this.#silentTicksMax = silentTicksMax;
  }

  /** Notes that a frame arrived. */
  onReceived(): void {
    this.#silentTicks = 0;
  }

  /** Notes that a frame was sent, so that the next tick needs no ping. */
  onSent(): void {
    this.#spoke = true;
  }

  /** One interval has passed: what is to be done? */
  onTick(): KeepaliveVerdict {
    this.#silentTicks += 1;
    if (this.#silentTicks > this.#silentTicksMax) return "dead";
    const spoke = this.#spoke;
    this.#spoke = false;
    return spoke ? "fine" : "ping";
  }
}
