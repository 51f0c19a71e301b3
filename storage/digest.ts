/**
 * The digest of a snapshot's state.
 *
 * @module
 */

import { createHash, type Hash } from "node:crypto";

/** SHA-256, fed piece by piece. */
export class Digest {
  readonly #hash: Hash = createHash("sha256");

  /** Takes in the next bytes. */
  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  /** The digest as 64 lower-case hex digits. Nothing can be taken in afterwards. */
  finish(): string {
    return this.#hash.digest("hex");
  }
}

/** The digest of no bytes at all, which stands where none is known yet. */
export const DIGEST_OF_NOTHING: string = new Digest().finish();
