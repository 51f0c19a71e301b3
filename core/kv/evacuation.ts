/**
 * What keeps the store's memory in proportion to what is in it: blocks of which little counts any
 * more are emptied into new ones, a little with each entry. Nothing that the store answers depends
 * on where its records lie.
 *
 * @module
 */

import type { Address, Arena, SparseBlock } from "./arena.ts";
import type { History } from "./history.ts";
import type { RecordTable } from "./record_table.ts";
import { StoredRecord } from "./stored_record.ts";

/**
 * How many bytes are looked through for each one written. At least a third of them is gained, so
 * that it is more than what is written.
 */
const BYTES_PER_BYTE = 4;

/** Records looked at after one entry: about a millisecond of work. */
const STEPS_MAX = 1_024;

/** Where the records of present and past lie, and who knows it. */
export interface Evacuated {
  readonly arena: Arena;
  readonly records: RecordTable;
  readonly history: History;
}

/** The emptying of one block after the other. */
export class Evacuation {
  #block: SparseBlock | null = null;
  #next = 0;
  #writtenBytes = 0;
  #budgetBytes = 0;

  /** Goes on by as much as what was written since the last time asks for. */
  advance(of: Evacuated): void {
    const { arena } = of;
    this.#budgetBytes += (arena.writtenBytes - this.#writtenBytes) * BYTES_PER_BYTE;
    for (let steps = 0; steps < STEPS_MAX && this.#budgetBytes > 0; steps++) {
      if (this.#block === null && !this.#begin(arena)) {
        this.#budgetBytes = 0;
        break;
      }
      this.#step(of);
    }
    // What was moved is not counted: moving would ask for moving.
    this.#writtenBytes = arena.writtenBytes;
  }

  #begin(arena: Arena): boolean {
    if (!arena.isSparse) return false;
    this.#block = arena.sparsest();
    if (this.#block === null) return false;
    this.#next = this.#block.first;
    return true;
  }

  #step(of: Evacuated): void {
    const { arena } = of;
    const { end } = this.#block as SparseBlock;
    const address = this.#next as Address;
    // The block goes with the last record in it that counted.
    if (address >= end || !arena.has(address)) {
      this.#block = null;
      return;
    }
    const record = new StoredRecord(arena.blockOf(address), address);
    this.#next += record.sizeBytes;
    this.#budgetBytes -= record.sizeBytes;
    move(of, record);
  }
}

/** Moves a record out of its block, if it is one of the present or of the past. */
function move({ arena, records, history }: Evacuated, record: StoredRecord): void {
  const { key, address, sizeBytes } = record;
  const isPresent = records.find(key) === address;
  if (!isPresent && history.find(record) !== address) return;
  const moved = arena.add(record.bytes);
  if (isPresent) records.place(key, moved);
  else history.move(record, moved);
  arena.free(address, sizeBytes);
}
