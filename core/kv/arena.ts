/**
 * Where the bytes of records lie: in a few large blocks, one behind the other, and not in an object
 * for each. A million of them then cost the garbage collector nothing and the heap no headers.
 *
 * Bytes that were written never change and never move as long as a view may read them: whoever holds
 * an address and the blocks of its time can read it for as long as he likes. A block goes when
 * nothing in it counts any more; one with little left in it is emptied first (`evacuation.ts`).
 *
 * @module
 */

import { invariant } from "../assert.ts";
import type { Branded } from "../raft/ids.ts";

/** Where a record begins: the number of a block, and a place in it. */
export type Address = Branded<number, "Address">;

/** What can be asked of an {@linkcode Arena}, now or as it was at some moment. */
export interface ArenaReader {
  /** The block of an address; not to be changed. */
  blockOf(address: Address): Uint8Array;
}

/** Where in its block an address is. */
export function offsetOf(address: Address): number {
  return address & (SPAN - 1);
}

/** Places in a block, and so the largest size of one that is shared. */
const SPAN = 0x10_0000;

/** A small store takes little; its blocks grow with it. */
const BLOCK_BYTES_MIN = 0x1000;

/** A block is about this part of all: what is left empty at its end stays small beside the rest. */
const BLOCK_SHARE = 8;

/** Blocks kept for the next use. */
const SPARE_MAX = 4;

interface Block {
  readonly number: number;
  readonly bytes: Uint8Array;
  /** Up to here it is written. */
  usedBytes: number;
  /** How much of it counts. */
  liveBytes: number;
}

/** A block that is to be emptied. */
export interface SparseBlock {
  /** The address of its first record. */
  readonly first: Address;
  /** The address behind its last record. */
  readonly end: Address;
}

/** The blocks of one store. */
export class Arena implements ArenaReader {
  #blocks = new Map<number, Block>();
  /** Whether a view reads by the present map: nothing may then be taken out of it. */
  #isViewed = false;
  /** Blocks of lower numbers were there when a view was taken, which may still be read. */
  #viewedBelow = 0;
  /** Memory that is used again: taken and let go by the MiB, it would scatter the process's. */
  readonly #spare: Uint8Array[] = [];
  #open: Block | null = null;
  #numberNext = 0;
  #capacityBytes = 0;
  #liveBytes = 0;
  #writtenBytes = 0;

  /** How much was written since the beginning, whatever became of it. */
  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  /** How much the blocks take. */
  get capacityBytes(): number {
    return this.#capacityBytes;
  }

  /** How much of that counts. */
  get liveBytes(): number {
    return this.#liveBytes;
  }

  /** Whether so little counts of what the blocks take that one should be emptied. */
  get isSparse(): boolean {
    return this.#capacityBytes > SPAN && this.#liveBytes * 3 < this.#capacityBytes * 2;
  }

  /** Makes room for a record, to be written at once, of 1 byte or more. */
  allocate(sizeBytes: number): Address {
    const open = this.#open;
    const block = open !== null && open.bytes.length - open.usedBytes >= sizeBytes
      ? open
      : this.#blockFor(sizeBytes);
    const address = block.number * SPAN + block.usedBytes;
    block.usedBytes += sizeBytes;
    block.liveBytes += sizeBytes;
    this.#liveBytes += sizeBytes;
    this.#writtenBytes += sizeBytes;
    return address as Address;
  }

  /** Writes a record that is there as bytes. */
  add(bytes: Uint8Array): Address {
    const address = this.allocate(bytes.length);
    this.blockOf(address).set(bytes, offsetOf(address));
    return address;
  }

  /** Says that a record counts no more. Views still read it. */
  free(address: Address, sizeBytes: number): void {
    const block = this.#find(address);
    block.liveBytes -= sizeBytes;
    this.#liveBytes -= sizeBytes;
    invariant(block.liveBytes >= 0, "a record is freed once", () => ({ address, sizeBytes }));
    this.#removeIfDead(block);
  }

  /** The block of an address. */
  blockOf(address: Address): Uint8Array {
    return this.#find(address).bytes;
  }

  /** Whether the block of an address is still there. */
  has(address: Address): boolean {
    return this.#blocks.has(numberOf(address));
  }

  /** Of the blocks that are written to their ends, the one of which the smallest part counts. */
  sparsest(): SparseBlock | null {
    let found: Block | null = null;
    let share = 1;
    for (const block of this.#blocks.values()) {
      if (block === this.#open || block.liveBytes >= share * block.bytes.length) continue;
      found = block;
      share = block.liveBytes / block.bytes.length;
    }
    if (found === null) return null;
    const first = found.number * SPAN;
    return { first: first as Address, end: first + found.usedBytes as Address };
  }

  /** The blocks as they are now, whatever is freed later. Takes constant time. */
  view(): ArenaReader {
    this.#isViewed = true;
    this.#viewedBelow = this.#numberNext;
    const blocks = this.#blocks;
    return { blockOf: (address) => blocks.get(numberOf(address))!.bytes };
  }

  #find(address: Address): Block {
    const block = this.#blocks.get(numberOf(address));
    invariant(block !== undefined, "an address is of a block that is there", () => ({ address }));
    return block;
  }

  #blockFor(sizeBytes: number): Block {
    // A large record has a block to itself, which ends with it and has nothing left over.
    if (sizeBytes > SPAN / BLOCK_SHARE) return this.#addBlock(sizeBytes);
    const before = this.#open;
    let bytes = BLOCK_BYTES_MIN;
    while (bytes < SPAN && bytes < Math.max(sizeBytes, this.#capacityBytes / BLOCK_SHARE)) {
      bytes *= 2;
    }
    this.#open = this.#addBlock(bytes);
    if (before !== null) this.#removeIfDead(before);
    return this.#open;
  }

  #addBlock(sizeBytes: number): Block {
    const number = this.#numberNext++;
    const spare = sizeBytes === SPAN ? this.#spare.pop() : undefined;
    const bytes = spare ?? new Uint8Array(sizeBytes);
    const block = { number, bytes, usedBytes: 0, liveBytes: 0 };
    this.#blocks.set(number, block);
    this.#capacityBytes += sizeBytes;
    return block;
  }

  #removeIfDead(block: Block): void {
    if (block.liveBytes > 0 || block === this.#open) return;
    if (this.#isViewed) {
      this.#blocks = new Map(this.#blocks);
      this.#isViewed = false;
    }
    this.#blocks.delete(block.number);
    this.#capacityBytes -= block.bytes.length;
    const isUnseen = block.number >= this.#viewedBelow;
    const isOfUse = block.bytes.length === SPAN && this.#spare.length < SPARE_MAX;
    if (isUnseen && isOfUse) this.#spare.push(block.bytes);
  }
}

function numberOf(address: Address): number {
  return (address - offsetOf(address)) / SPAN;
}
