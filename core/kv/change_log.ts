/**
 * Which keys each revision changed. Compaction walks along it, and so does whoever follows the store
 * from a revision on.
 *
 * @module
 */

import type { Key } from "./key.ts";

/** No key, one, or several without order: most revisions change one, and need no array for it. */
type Changed = Key | Key[] | undefined;

/** The changed keys of every revision after the last one forgotten. */
export class ChangeLog {
  readonly #chunks = new Map<number, Changed[]>();

  /** Says that `revision` changed `key`. */
  add(revision: number, key: Key): void {
    const place = revision % CHUNK_REVISIONS;
    const number = (revision - place) / CHUNK_REVISIONS;
    let chunk = this.#chunks.get(number);
    if (chunk === undefined) {
      chunk = new Array<Changed>(CHUNK_REVISIONS).fill(undefined);
      this.#chunks.set(number, chunk);
    }
    const before = chunk[place];
    if (before === undefined) chunk[place] = key;
    else if (typeof before === "string") chunk[place] = [before, key];
    else before.push(key);
  }

  /** The keys that `revision` changed, in the order of their bytes. */
  keysAt(revision: number): readonly Key[] {
    const place = revision % CHUNK_REVISIONS;
    const changed = this.#chunks.get((revision - place) / CHUNK_REVISIONS)?.[place];
    if (changed === undefined) return NONE;
    if (typeof changed === "string") return [changed];
    return changed.sort(compareKeys);
  }

  /** Lets go of `revision`; to be called for each, in order. */
  forget(revision: number): void {
    const place = revision % CHUNK_REVISIONS;
    const number = (revision - place) / CHUNK_REVISIONS;
    if (place === CHUNK_REVISIONS - 1) this.#chunks.delete(number);
    else this.#chunks.get(number)?.fill(undefined, place, place + 1);
  }
}

function compareKeys(a: Key, b: Key): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const CHUNK_REVISIONS = 1_024;
const NONE: readonly Key[] = [];
