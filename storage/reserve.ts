/**
 * Room on the disk that is held back for the time when there is no other: a file that is given up
 * when a batch finds no room, so that what frees some can still be written down.
 *
 * The file holds chance, because some file systems give blank bytes no room. What is in it, and
 * whether it is there after a crash, is of no consequence.
 *
 * @module
 */

import { type Directory, type File, NoSpaceError } from "./vfs.ts";

/** The name of the room that is held back. */
export const RESERVE_NAME = "reserve";

/** Its name in the making. */
export const UNFINISHED_RESERVE_NAME = "reserve.new";

/** The room of one open directory. Its methods are called one at a time. */
export class Reserve {
  readonly #directory: Directory;
  readonly #sizeBytes: number;
  readonly #pause: () => Promise<void>;
  #isHeld = false;

  private constructor(
    directory: Directory,
    { sizeBytes, pause }: { readonly sizeBytes: number; readonly pause: () => Promise<void> },
  ) {
    this.#directory = directory;
    this.#sizeBytes = sizeBytes;
    this.#pause = pause;
  }

  /**
   * Takes over the room that an earlier run held back, or holds some back if there is any.
   *
   * @param options `sizeBytes`: how much, nothing if 0; `pause` lets everything else run between two
   *   writes.
   */
  static async open(
    directory: Directory,
    options: { readonly sizeBytes: number; readonly pause: () => Promise<void> },
  ): Promise<Reserve> {
    const reserve = new Reserve(directory, options);
    await reserve.#takeOver();
    return reserve;
  }

  /** Whether the room is held back; if not, nearly none is left. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Gives the room away; returns whether there was any. */
  async giveUp(): Promise<boolean> {
    if (!this.#isHeld || this.#sizeBytes === 0) return false;
    this.#isHeld = false;
    await this.#directory.remove(RESERVE_NAME);
    return true;
  }

  /** Holds room back again, if there is as much again beside it; returns whether it is held. */
  async maybeHold(): Promise<boolean> {
    if (this.#isHeld) return true;
    const file = await this.#directory.create(UNFINISHED_RESERVE_NAME);
    try {
      await this.#fill(file);
      await this.#directory.rename(UNFINISHED_RESERVE_NAME, RESERVE_NAME);
      this.#isHeld = true;
    } catch (error) {
      await this.#directory.remove(UNFINISHED_RESERVE_NAME);
      if (!(error instanceof NoSpaceError)) throw error;
    } finally {
      file.close();
    }
    return this.#isHeld;
  }

  async #takeOver(): Promise<void> {
    const names = await this.#directory.list();
    if (names.includes(UNFINISHED_RESERVE_NAME)) {
      await this.#directory.remove(UNFINISHED_RESERVE_NAME);
    }
    if (names.includes(RESERVE_NAME)) {
      const isWhole = await this.#sizeOf(RESERVE_NAME) === this.#sizeBytes;
      if (!isWhole || this.#sizeBytes === 0) await this.#directory.remove(RESERVE_NAME);
      else this.#isHeld = true;
    }
    if (this.#sizeBytes === 0) this.#isHeld = true;
    else await this.maybeHold();
  }

  /** Writes twice as much as is kept: else the next batch would need the room at once. */
  async #fill(file: File): Promise<void> {
    const block = new Uint8Array(BLOCK_BYTES);
    const endBytes = 2 * this.#sizeBytes;
    for (let at = 0; at < endBytes; at += block.length) {
      crypto.getRandomValues(block);
      file.writeAt(at, block.subarray(0, Math.min(block.length, endBytes - at)));
      if (at % PAUSE_BYTES === 0) await this.#pause();
    }
    // Some file systems find out only now.
    await file.syncData();
    await file.truncate(this.#sizeBytes);
  }

  async #sizeOf(name: string): Promise<number> {
    const file = await this.#directory.open(name, "read");
    try {
      return await file.sizeBytes();
    } finally {
      file.close();
    }
  }
}

const BLOCK_BYTES = 65_536;
const PAUSE_BYTES = 1_048_576;
