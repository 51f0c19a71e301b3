/**
 * Which states were seen: a set of 64-bit fingerprints in 8 bytes each.
 *
 * @module
 */

/** A set of fingerprints. */
export class Visited {
  #keys = new Uint32Array(2 << 16);
  #size = 0;

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  /** Adds one; returns whether it was not there. */
  add(high: number, low: number): boolean {
    // The one fingerprint that means "empty" is taken for its neighbour.
    if (!insert(this.#keys, high, high === 0 && low === 0 ? 1 : low)) return false;
    if (++this.#size * 3 > this.#keys.length) this.#grow();
    return true;
  }

  #grow(): void {
    const larger = new Uint32Array(2 * this.#keys.length);
    for (let at = 0; at < this.#keys.length; at += 2) {
      const high = this.#keys[at] as number;
      const low = this.#keys[at + 1] as number;
      if (high !== 0 || low !== 0) insert(larger, high, low);
    }
    this.#keys = larger;
  }
}

function insert(keys: Uint32Array, high: number, low: number): boolean {
  const mask = keys.length / 2 - 1;
  for (let place = (high ^ Math.imul(low, 2654435761)) & mask;; place = (place + 1) & mask) {
    const at = 2 * place;
    if (keys[at] === 0 && keys[at + 1] === 0) {
      keys[at] = high;
      keys[at + 1] = low;
      return true;
    }
    if (keys[at] === high && keys[at + 1] === low) return false;
  }
}
