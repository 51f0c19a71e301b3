/**
 * Small pieces of bytes that live about as long as each other, cut from large ones. A buffer of its
 * own costs each of them more than most hold: the engine allocates it outside of its heap, and visits
 * it with every collection.
 *
 * @module
 */

/** How much is allocated at once, in bytes. */
const SLAB_BYTES = 65_536;

/** A piece larger than this gets a buffer of its own, or much of a slab would be left over. */
const PIECE_BYTES_MAX = 8_192;

/**
 * Hands out bytes, none of them twice. A slab stays in memory as long as any of its pieces does: not
 * for pieces of which a few are kept.
 */
export class ByteSlab {
  #slab: Uint8Array = new Uint8Array(0);
  #used = 0;

  /** Room for `sizeBytesMax`, at least until the next call. What of it is not kept is not gone. */
  reserve(sizeBytesMax: number): Uint8Array {
    if (sizeBytesMax > PIECE_BYTES_MAX) return new Uint8Array(sizeBytesMax);
    if (this.#used + sizeBytesMax > this.#slab.length) {
      this.#slab = new Uint8Array(SLAB_BYTES);
      this.#used = 0;
    }
    return this.#slab.subarray(this.#used, this.#used + sizeBytesMax);
  }

  /** Takes the beginning of what was reserved last, or all of something else, for good. */
  keep(piece: Uint8Array): Uint8Array {
    const isOurs = piece.buffer === this.#slab.buffer && piece.byteOffset === this.#used;
    if (isOurs) this.#used += piece.length;
    return piece;
  }
}
