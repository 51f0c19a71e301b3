/**
 * The versions that were replaced or deleted and can still be read. They stand in a tree of their
 * own, so that the present costs nothing for the length of the past, in the order of keys and then
 * of revisions.
 *
 * @module
 */

import type { Address, Arena, ArenaReader } from "./arena.ts";
import { type Key, KEY_FIRST } from "./key.ts";
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

/** A past version where it lies. Never changed once made. */
export interface Past {
  /** Where. */
  readonly address: Address;
  /** The revision that wrote it. */
  readonly modRevision: number;
  /** The first revision at which it was no longer the key's value. */
  readonly endRevision: number;
}

/** Versions of a key that follow each other. Never changed once made. */
export interface Run {
  /** Whose. */
  readonly key: Key;
  /** In the order of their revisions; never empty. */
  readonly pasts: readonly Past[];
}

/**
 * Most keys have few versions: they then stand in one place, which is found again and again. It is
 * copied with each that comes or goes, so it must not grow with the past.
 */
const RUN_PASTS_MAX = 32;

/** What can be asked of the past, now or as it was at some moment. */
export class HistoryReader {
  readonly #tree: TreeReader<Run>;
  readonly #arena: ArenaReader;

  /**
   * Reads from a tree in which each run stands where its first version stood when it was begun, by
   * {@linkcode placeOf}.
   */
  constructor(tree: TreeReader<Run>, arena: ArenaReader) {
    this.#tree = tree;
    this.#arena = arena;
  }

  /** The version of `key` that was in force at `revision`, if it is a past one. */
  at(key: Key, revision: number): StoredRecord | undefined {
    const past = this.last(key, revision);
    return past !== undefined && past.endRevision > revision ? past.record : undefined;
  }

  /** The last version of `key` that was written up to `revision`, if it is a past one. */
  last(key: Key, revision: number): PastRecord | undefined {
    const found = locate(this.#tree, key, { revision });
    return found === null ? undefined : this.#read(found.run.key, found.past);
  }

  /** The first key at or after `key` that has a past. */
  ceilingKey(key: Key): Key | undefined {
    return this.#tree.ceiling(placeOf(key, 0))?.[1].key;
  }

  /** The last key before `key`, or of all if that is null, that has a past. */
  lowerKey(key: Key | null): Key | undefined {
    return this.#tree.lower(key === null ? null : placeOf(key, 0))?.[1].key;
  }

  /** Shows the versions behind the one `after`, in order, until `visit` returns false. */
  scan(after: PastRecord | null, visit: (past: PastRecord) => boolean): void {
    const { key: lastKey = KEY_FIRST, modRevision: lastRevision = 0 } = after?.record ?? {};
    const first = this.#tree.lower(placeOf(lastKey, lastRevision + 1));
    this.#tree.scan(first?.[0] ?? KEY_FIRST, (_, { key, pasts }) =>
      pasts.every((past) => {
        const isSeen = key === lastKey && past.modRevision <= lastRevision;
        return isSeen || visit(this.#read(key, past));
      }));
  }

  #read(key: Key, { address, endRevision }: Past): PastRecord {
    return { record: new StoredRecord(this.#arena.blockOf(address), address, key), endRevision };
  }
}

/** The past as it was at some moment. */
export class HistoryView extends HistoryReader {
  /** How many versions there were. */
  readonly size: number;

  /** Reads what there was. */
  constructor(tree: TreeReader<Run>, arena: ArenaReader, size: number) {
    super(tree, arena);
    this.size = size;
  }
}

/** The past of all keys. */
export class History extends HistoryReader {
  readonly #tree: Tree<Run>;
  readonly #arena: Arena;
  #size = 0;

  /**
   * Begins without a past; its records lie in `arena`.
   *
   * @param tree Where the runs will stand; empty.
   */
  constructor(arena: Arena, tree: Tree<Run> = new Tree<Run>()) {
    super(tree, arena);
    this.#tree = tree;
    this.#arena = arena;
  }

  /** How many versions are kept. */
  get size(): number {
    return this.#size;
  }

  /** Keeps a version that has just ended, after all others of its key. */
  add({ record: { key, address, modRevision }, endRevision }: PastRecord): void {
    const past = { address, modRevision, endRevision };
    const place = placeOf(key, modRevision);
    const before = this.#tree.lower(place);
    const run = before?.[1];
    if (before !== undefined && run?.key === key && run.pasts.length < RUN_PASTS_MAX) {
      this.#tree.set(before[0], { key: run.key, pasts: [...run.pasts, past] });
    } else this.#tree.set(place, { key, pasts: [past] });
    this.#size++;
  }

  /** Where the version lies that has the key and revision of `record`, if it is a past one. */
  find({ key, modRevision }: StoredRecord): Address | undefined {
    const past = locate(this.#tree, key, { revision: modRevision })?.past;
    return past?.modRevision === modRevision ? past.address : undefined;
  }

  /** Says where a past version lies now. */
  move({ key, modRevision }: StoredRecord, address: Address): void {
    const { place, run, at, past } = locate(this.#tree, key, { revision: modRevision }) as Located;
    this.#tree.set(place, { key: run.key, pasts: run.pasts.with(at, { ...past, address }) });
  }

  /** Forgets the version of `key` that `endRevision` ended, if there was one; returns it. */
  drop(key: Key, endRevision: number): StoredRecord | undefined {
    // It is the last one that was written before it ended.
    const found = locate(this.#tree, key, { revision: endRevision - 1 });
    if (found === null || found.past.endRevision !== endRevision) return undefined;
    const { place, run, at, past: { address } } = found;
    const record = new StoredRecord(this.#arena.blockOf(address), address, key);
    if (run.pasts.length === 1) this.#tree.delete(place);
    else this.#tree.set(place, { key: run.key, pasts: run.pasts.toSpliced(at, 1) });
    this.#arena.free(address, record.sizeBytes);
    this.#size--;
    return record;
  }

  /** The past as it is now, whatever is added or forgotten later. Takes constant time. */
  view(): HistoryView {
    return new HistoryView(this.#tree.view(), this.#arena.view(), this.#size);
  }
}

/** A version and where the tree has it. */
interface Located {
  readonly place: Key;
  readonly run: Run;
  readonly at: number;
  readonly past: Past;
}

/** Finds the last version of `key` that was written up to `revision`. */
function locate(
  tree: TreeReader<Run>,
  key: Key,
  { revision }: { readonly revision: number },
): Located | null {
  let found = tree.lower(placeOf(key, revision + 1));
  // The versions of a run that are left may be later ones than that by which it stands.
  for (; found !== undefined && found[1].key === key; found = tree.lower(found[0])) {
    const [place, run] = found;
    for (let at = run.pasts.length - 1; at >= 0; at--) {
      const past = run.pasts[at] as Past;
      if (past.modRevision <= revision) return { place, run, at, past };
    }
  }
  return null;
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
