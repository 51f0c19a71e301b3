/**
 * The records of the present: a tree of keys, each with where its record lies.
 *
 * @module
 */

import type { Address, Arena, ArenaReader } from "./arena.ts";
import type { Key } from "./key.ts";
import { type NewRecord, store, StoredRecord } from "./stored_record.ts";
import { type Pair, Tree, type TreeReader, type Visit } from "./tree.ts";

/** What can be asked of the present, now or as it was at some moment. */
export class RecordReader implements TreeReader<StoredRecord> {
  readonly #tree: TreeReader<Address>;
  readonly #arena: ArenaReader;

  /** Reads what `tree` points to. */
  constructor(tree: TreeReader<Address>, arena: ArenaReader) {
    this.#tree = tree;
    this.#arena = arena;
  }

  /** How many keys there are. */
  get size(): number {
    return this.#tree.size;
  }

  /** The record of `key`, or undefined. */
  get(key: Key): StoredRecord | undefined {
    const address = this.#tree.get(key);
    return address === undefined ? undefined : this.#read(key, address);
  }

  /** Shows the records from `start` on, as {@linkcode TreeReader} says. */
  scan(start: Key, visit: Visit<StoredRecord>): void {
    this.#tree.scan(start, (key, address) => visit(key, this.#read(key, address)));
  }

  /** The first record at or after `key`, or undefined. */
  ceiling(key: Key): Pair<StoredRecord> | undefined {
    return this.#pair(this.#tree.ceiling(key));
  }

  /** The last record before `key`, or of all if that is null; or undefined. */
  lower(key: Key | null): Pair<StoredRecord> | undefined {
    return this.#pair(this.#tree.lower(key));
  }

  /** How many keys lie from `start` on and before `end`, if that is not null. */
  count(start: Key, end: Key | null): number {
    return this.#tree.count(start, end);
  }

  #pair(pair: Pair<Address> | undefined): Pair<StoredRecord> | undefined {
    return pair === undefined ? undefined : [pair[0], this.#read(pair[0], pair[1])];
  }

  #read(key: Key, address: Address): StoredRecord {
    return new StoredRecord(this.#arena.blockOf(address), address, key);
  }
}

/** The present. */
export class RecordTable extends RecordReader {
  readonly #tree: Tree<Address>;
  readonly #arena: Arena;

  /** Begins without records; those to come will lie in `arena`. */
  constructor(arena: Arena) {
    const tree = new Tree<Address>();
    super(tree, arena);
    this.#tree = tree;
    this.#arena = arena;
  }

  /** Where the record of `key` lies, or undefined. */
  find(key: Key): Address | undefined {
    return this.#tree.get(key);
  }

  /** Stores a record in the place of that of its key. The one before stays where it lies. */
  write(record: NewRecord): void {
    this.#tree.set(record.key, store(this.#arena, record));
  }

  /** Says where the record of `key` lies. */
  place(key: Key, address: Address): void {
    this.#tree.set(key, address);
  }

  /** Takes `key` out. Its record stays where it lies. */
  delete(key: Key): void {
    this.#tree.delete(key);
  }

  /** The present as it is now, whatever is written later. Takes constant time. */
  view(): RecordReader {
    return new RecordReader(this.#tree.view(), this.#arena.view());
  }
}
