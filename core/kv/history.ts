/**
 * The versions that were replaced or deleted and can still be read. They stand in a tree of their
 * own, so that the present costs nothing for the length of the past, in the order of keys and then
 * of revisions.
 *
 * @module
 */

import { type Key, keyAfter } from "./key.ts";
import { numberKey } from "./number_key.ts";
import type { StoredRecord } from "./record.ts";
import { Tree, type TreeReader } from "./tree.ts";

/** A version and the revision that ended it, by another value or by deletion. */
export interface PastRecord {
  /** The version. */
  readonly record: StoredRecord;
  /** The first revision at which it was no longer the key's value. */
  readonly endRevision: number;
}

/** What can be asked of the past, now or as it was at some moment. */
export class HistoryReader {
  readonly #tree: TreeReader<PastRecord>;

  /** Reads from `tree`, whose keys are those of {@linkcode placeOf}. */
  constructor(tree: TreeReader<PastRecord>) {
    this.#tree = tree;
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
    return past?.record.key === key ? past : undefined;
  }

  /** The first key at or after `key` that has a past. */
  ceilingKey(key: Key): Key | undefined {
    return this.#tree.ceiling(placeOf(key, 0))?.[1].record.key;
  }

  /** The last key before `key`, or of all if that is null, that has a past. */
  lowerKey(key: Key | null): Key | undefined {
    return this.#tree.lower(key === null ? null : placeOf(key, 0))?.[1].record.key;
  }

  /** Shows the versions behind the one `after`, in order, until `visit` returns false. */
  scan(after: PastRecord | null, visit: (past: PastRecord) => boolean): void {
    const start = after === null ? placeOf("" as Key, 0) : keyAfter(placeOfPast(after));
    this.#tree.scan(start, (_, past) => visit(past));
  }
}

/** The past of all keys. */
export class History extends HistoryReader {
  readonly #tree: Tree<PastRecord>;

  /** Begins without a past. */
  constructor() {
    const tree = new Tree<PastRecord>();
    super(tree);
    this.#tree = tree;
  }

  /** Keeps a version that has just ended. */
  add(past: PastRecord): void {
    this.#tree.set(placeOfPast(past), past);
  }

  /** Forgets the version of `key` that `endRevision` ended, if there was one; returns it. */
  drop(key: Key, endRevision: number): PastRecord | undefined {
    const found = this.#tree.lower(placeOf(key, endRevision));
    if (found === undefined) return undefined;
    const [place, past] = found;
    if (past.record.key !== key || past.endRevision !== endRevision) return undefined;
    this.#tree.delete(place);
    return past;
  }

  /** The past as it is now, whatever is added or forgotten later. Takes constant time. */
  view(): HistoryReader {
    return new HistoryReader(this.#tree.view());
  }
}

function placeOfPast({ record }: PastRecord): Key {
  return placeOf(record.key, record.modRevision);
}

/**
 * Where a version stands: by its key, then by its revision. A zero byte within a key is followed by
 * 0xff, and two zero bytes end it, so that a key's versions stand before those of every later key,
 * also of one that it begins.
 */
function placeOf(key: Key, revision: number): Key {
  const escaped = key.includes("\0") ? key.replaceAll("\0", "\0\xff") : key;
  return `${escaped}\0\0${numberKey(revision)}` as Key;
}
