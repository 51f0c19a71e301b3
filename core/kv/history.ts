/**
 * The versions that were replaced or deleted and can still be read. They stand in a tree of their
 * own, so that the present costs nothing for the length of the past, in the order of keys and then
 * of revisions.
 *
 * @module
 */

import type { Address, Arena, ArenaReader } from "./arena.ts";
import { type Key, keyAfter } from "./key.ts";
import { endingIn } from "./number_key.ts";
import { StoredRecord } from "./stored_record.ts";
import { Tree, type TreeReader } from "./tree.ts";

/** A version and the revision that ended it, by another value or by deletion. */
export interface PastRecord {
  /** The version. */
  readonly record: StoredRecord;
  /** The first revision at which it was no longer the key's value. */
  readonly endRevision: number;
}

/** A past record where it lies. */
interface Past {
  readonly address: Address;
  readonly endRevision: number;
}

/** What can be asked of the past, now or as it was at some moment. */
export class HistoryReader {
  readonly #tree: TreeReader<Past>;
  readonly #arena: ArenaReader;

  /** Reads what `tree` points to, whose keys are those of {@linkcode placeOf}. */
  constructor(tree: TreeReader<Past>, arena: ArenaReader) {
    this.#tree = tree;
    this.#arena = arena;
  }

  /** How many versions are kept. */
  get size(): number {
    return this.#tree.size;
  }

  /** The version of `key` that was in force at `revision`, if it is a past one. */
  at(key: Key, revision: number): StoredRecord | undefined {
    const past = this.last(key, revision);
    return past !== undefined && past.endRevision > revision ? past.record : undefined;
  }

  /** The last version of `key` that was written up to `revision`, if it is a past one. */
  last(key: Key, revision: number): PastRecord | undefined {
    const past = this.#tree.lower(placeOf(key, revision + 1))?.[1];
    if (past === undefined) return undefined;
    const record = this.#read(past);
    return record.key === key ? { record, endRevision: past.endRevision } : undefined;
  }

  /** The first key at or after `key` that has a past. */
  ceilingKey(key: Key): Key | undefined {
    const pair = this.#tree.ceiling(placeOf(key, 0));
    return pair && this.#read(pair[1]).key;
  }

  /** The last key before `key`, or of all if that is null, that has a past. */
  lowerKey(key: Key | null): Key | undefined {
    const pair = this.#tree.lower(key === null ? null : placeOf(key, 0));
    return pair && this.#read(pair[1]).key;
  }

  /** Shows the versions behind the one `after`, in order, until `visit` returns false. */
  scan(after: PastRecord | null, visit: (past: PastRecord) => boolean): void {
    const start = after === null ? placeOf("" as Key, 0) : keyAfter(placeOfRecord(after.record));
    this.#tree.scan(start, (_, past) => {
      return visit({ record: this.#read(past), endRevision: past.endRevision });
    });
  }

  #read({ address }: Past): StoredRecord {
    return new StoredRecord(this.#arena.blockOf(address), address);
  }
}

/** The past of all keys. */
export class History extends HistoryReader {
  readonly #tree: Tree<Past>;
  readonly #arena: Arena;

  /** Begins without a past; its records lie in `arena`. */
  constructor(arena: Arena) {
    const tree = new Tree<Past>();
    super(tree, arena);
    this.#tree = tree;
    this.#arena = arena;
  }

  /** Keeps a version that has just ended. */
  add({ record, endRevision }: PastRecord): void {
    this.#tree.set(placeOfRecord(record), { address: record.address, endRevision });
  }

  /** Where the version lies that has the key and revision of `record`, if it is a past one. */
  find(record: StoredRecord): Address | undefined {
    return this.#tree.get(placeOfRecord(record))?.address;
  }

  /** Says where a past version lies now. */
  move(record: StoredRecord, address: Address): void {
    const place = placeOfRecord(record);
    const { endRevision } = this.#tree.get(place) as Past;
    this.#tree.set(place, { address, endRevision });
  }

  /** Forgets the version of `key` that `endRevision` ended, if there was one; returns it. */
  drop(key: Key, endRevision: number): StoredRecord | undefined {
    const found = this.#tree.lower(placeOf(key, endRevision));
    if (found === undefined) return undefined;
    const [place, past] = found;
    if (past.endRevision !== endRevision) return undefined;
    const { address } = past;
    const record = new StoredRecord(this.#arena.blockOf(address), address);
    if (record.key !== key) return undefined;
    this.#tree.delete(place);
    this.#arena.free(address, record.sizeBytes);
    return record;
  }

  /** The past as it is now, whatever is added or forgotten later. Takes constant time. */
  view(): HistoryReader {
    return new HistoryReader(this.#tree.view(), this.#arena.view());
  }
}

function placeOfRecord({ key, modRevision }: StoredRecord): Key {
  return placeOf(key, modRevision);
}

/**
 * Where a version stands: by its key, then by its revision. A zero byte within a key is followed by
 * 0xff, and two zero bytes end it, so that a key's versions stand before those of every later key,
 * also of one that it begins.
 */
function placeOf(key: Key, revision: number): Key {
  const escaped = key.includes("\0") ? key.replaceAll("\0", "\0\xff") : key;
  return endingIn(`${escaped}\0\0`, revision) as Key;
}
