/**
 * Ports for processes that must be told theirs before they start.
 *
 * @module
 */

/**
 * Below what systems hand out to outgoing connections and to those who ask for any port, so that
 * only another test could want one of these.
 */
const PORT_FIRST = 20_000;
const PORT_END = 32_000;
const BLOCK_PORTS = 10;

/** A few ports of 127.0.0.1 that are this test's alone until it gives them back. */
export class Ports implements Disposable {
  /** Free when they were reserved, and not reserved by anyone else. */
  readonly numbers: readonly number[];
  readonly #reservation: Deno.Listener;

  /** Reserves a block: whoever listens on its first port owns the others. */
  constructor() {
    const blocks = (PORT_END - PORT_FIRST) / BLOCK_PORTS;
    const start = Math.floor(Math.random() * blocks);
    for (let offset = 0; offset < blocks; offset++) {
      const first = PORT_FIRST + ((start + offset) % blocks) * BLOCK_PORTS;
      const reservation = listenAt(first);
      const numbers = Array.from({ length: BLOCK_PORTS - 1 }, (_, index) => first + 1 + index);
      if (reservation !== null && numbers.every(isFree)) {
        this.#reservation = reservation;
        this.numbers = numbers;
        return;
      }
      reservation?.close();
    }
    throw new Error(`Cannot reserve ports from ${PORT_FIRST} to ${PORT_END}: All are taken`);
  }

  [Symbol.dispose](): void {
    this.#reservation.close();
  }
}

function isFree(port: number): boolean {
  const listener = listenAt(port);
  listener?.close();
  return listener !== null;
}

function listenAt(port: number): Deno.Listener | null {
  try {
    return Deno.listen({ hostname: "127.0.0.1", port });
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return null;
    throw error;
  }
}
