/**
 * The files of a simulated node, seen and damaged behind the back of the store that keeps them.
 *
 * @module
 */

import type { Random } from "@raftkv/core";
import type { MemoryVfs } from "@raftkv/storage/memory";

/** Where a bit turned over. */
export interface BitPlace {
  /** In which file. */
  readonly name: string;
  /** In which byte of it. */
  readonly offsetBytes: number;
}

const SUFFIXES = { log: ".log", snapshot: ".bin" } as const;

/** At least as much as a commit record takes: its last bytes may be zeros that are not blank room. */
const COMMIT_BYTES_MAX = 64;

/** What stands in a data directory. */
export class StoredFiles {
  readonly #vfs: MemoryVfs;
  readonly #path: string;
  /** Where the blank room of a segment began in which a bit turned over since the last start. */
  readonly #blankFrom = new Map<string, number>();

  /** Looks at a directory, which need not be there yet. */
  constructor(vfs: MemoryVfs, path: string) {
    this.#vfs = vfs;
    this.#path = path;
  }

  /** How far each segment of the log is written; a bit that turned over behind that is no writing. */
  get segmentBytes(): ReadonlyMap<string, number> {
    const sizes = this.#named("log").map((name) => {
      const writtenBytes = this.#vfs.writtenBytes(this.#path, name);
      return [name, Math.min(writtenBytes, this.#blankFrom.get(name) ?? Infinity)] as const;
    });
    return new Map(sizes);
  }

  /** The store has looked through its files, and cut off what it did not know: it writes on. */
  onOpened(): void {
    this.#blankFrom.clear();
  }

  /** The first entry that belongs into the newest segment; 0 while there is none. */
  get newestSegmentBegan(): number {
    const newest = this.#named("log").at(-1);
    return Number(newest?.slice(0, -SUFFIXES.log.length).split("-").at(-1) ?? 0);
  }

  /** Segments, snapshots, or both, of which a power cut could take something now. */
  unsynced(kind?: "log" | "snapshot"): string[] {
    const names = kind === undefined
      ? [...this.#named("log"), ...this.#named("snapshot")]
      : this.#named(kind);
    const unsynced = this.#vfs.unsyncedNames(this.#path);
    return names.filter((name) => unsynced.includes(name));
  }

  /**
   * Turns a bit over in what is stored. Bytes of the last batch are spared: if they are damaged,
   * nobody can tell whether they were ever promised (storage/FORMAT.md).
   *
   * @param provenBytes How much of each segment a later batch says was durable before it.
   * @returns Where, or null if there is nothing to damage
   */
  flipBit(random: Random, provenBytes: ReadonlyMap<string, number>): BitPlace | null {
    const segments = this.#named("log").map((name) => {
      const end = Math.min(provenBytes.get(name) ?? 0, this.#length(name));
      return { name, begin: 0, end };
    });
    const snapshots = this.#named("snapshot").map((name) => {
      return { name, begin: 0, end: this.#length(name) };
    });
    return this.#flipIn([...segments, ...snapshots], random);
  }

  /**
   * Turns a bit over in room that is written ahead: nothing stands there that could be lost.
   *
   * @returns Where, or null if there is no such room
   */
  flipBlankBit(random: Random): BitPlace | null {
    const written = this.segmentBytes;
    const rooms = [...written].map(([name, writtenBytes]) => {
      return { name, begin: writtenBytes + COMMIT_BYTES_MAX, end: this.#length(name) };
    });
    const place = this.#flipIn(rooms, random);
    if (place !== null) this.#blankFrom.set(place.name, written.get(place.name)!);
    return place;
  }

  #flipIn(
    ranges: readonly { readonly name: string; readonly begin: number; readonly end: number }[],
    random: Random,
  ): BitPlace | null {
    const some = ranges.filter(({ begin, end }) => begin < end);
    const chosen = some[Math.floor(random() * some.length)];
    if (chosen === undefined) return null;
    const { name, begin, end } = chosen;
    const offsetBytes = begin + Math.floor(random() * (end - begin));
    const bytes = this.#vfs.readFile(this.#path, name);
    bytes[offsetBytes]! ^= 1 << Math.floor(random() * 8);
    this.#vfs.writeFile(this.#path, { name, bytes });
    return { name, offsetBytes };
  }

  #named(kind: keyof typeof SUFFIXES): string[] {
    return this.#vfs.fileNames(this.#path).filter((name) => name.endsWith(SUFFIXES[kind]));
  }

  #length(name: string): number {
    return this.#vfs.readFile(this.#path, name).length;
  }
}
