/**
 * One number for all that happened in a simulation: two runs of one seed must come to the same.
 *
 * @module
 */

/** A running FNV-1a hash over everything that nodes sent and clients were told, with its time. */
export class Trace {
  #hash = 0x811c9dc5;
  #count = 0;

  /** The number so far, as text. */
  get digest(): string {
    return `${this.#count}-${this.#hash.toString(16).padStart(8, "0")}`;
  }

  /** Adds an event. */
  add(description: string, bytes: Uint8Array = NO_BYTES): void {
    this.#count++;
    for (let at = 0; at < description.length; at++) this.#mix(description.charCodeAt(at));
    for (const byte of bytes) this.#mix(byte);
  }

  #mix(value: number): void {
    this.#hash = Math.imul(this.#hash ^ value, 0x01000193) >>> 0;
  }
}

const NO_BYTES = new Uint8Array(0);
