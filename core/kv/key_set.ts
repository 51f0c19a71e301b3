/**
 * A set of keys.
 *
 * @module
 */

import type { Key } from "./key.ts";

const SLOTS_MIN = 16;

/**
 * Finds keys by a hash of its own. A string that is put into a `Set` or `Map` of the language becomes
 * one of V8's names: each of a million keys that a transaction once wrote would then stand in its
 * table of names, which every full collection goes through while everything waits.
 */
export class KeySet {
  /** A power of two of places, at most half of them taken. */
  #slots: (Key | undefined)[] = emptySlots(SLOTS_MIN);
  #size = 0;

  /** Whether it has the key. */
  has(key: Key): boolean {
    return this.#slots[this.#placeOf(key)] !== undefined;
  }

  /** Adds a key, unless it has it. */
  add(key: Key): void {
    const at = this.#placeOf(key);
    if (this.#slots[at] !== undefined) return;
    this.#slots[at] = key;
    this.#size++;
    if (this.#size * 2 > this.#slots.length) this.#grow();
  }

  /** The keys, in no order. */
  keys(): Key[] {
    return this.#slots.filter((key) => key !== undefined);
  }

  #grow(): void {
    const keys = this.keys();
    this.#slots = emptySlots(this.#slots.length * 2);
    for (const key of keys) this.#slots[this.#placeOf(key)] = key;
  }

  /** Where the key is, or where it would be put. */
  #placeOf(key: Key): number {
    const slots = this.#slots;
    const last = slots.length - 1;
    let at = hashOf(key) & last;
    while (slots[at] !== undefined && slots[at] !== key) at = (at + 1) & last;
    return at;
  }
}

function emptySlots(count: number): (Key | undefined)[] {
  return new Array<Key | undefined>(count).fill(undefined);
}

/** FNV-1a. Who looks for keys of one hash gains little: a commit has few. */
function hashOf(key: Key): number {
  let hash = 0x811c_9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x0100_0193);
  return hash ^ (hash >>> 15);
}
