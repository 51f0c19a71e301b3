/**
 * Which disks a crash may leave: each un-synced write kept, lost or torn at sector ends, each
 * un-synced growth with its bytes or blank, each un-synced change of names kept or lost, in any
 * mixture.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import type { Random } from "@raftkv/core/random";
import { applyToNames, changed, type DiskRecord, type DiskView } from "./recorded_disk.ts";

/** The unit that a disk writes whole. */
const SECTOR_BYTES = 512;

/** At most so many contents of one file, and so many of their mixtures, are tried per crash. */
const OUTCOMES_MAX = 96;

/** Recovery removes these without a look inside; all kept and all lost stand for what they hold. */
const UNREAD_NAMES: ReadonlySet<string> = new Set([
  "wal.new",
  "snapshot.saving",
  "snapshot.staged",
]);

type Change = Extract<DiskRecord, { kind: "write" | "truncate" }>;

interface FileState {
  readonly durable: Uint8Array;
  readonly unsynced: readonly Change[];
}

/** A disk after some records: what is durable, and what is not yet. */
export class UnsyncedDisk {
  #names: ReadonlyMap<string, number>;
  #unsyncedNames: readonly DiskRecord[] = [];
  readonly #files = new Map<number, FileState>();

  /** Starts with a disk of which all is durable. */
  constructor(view: DiskView) {
    this.#names = view.names;
    for (const [file, durable] of view.contents) this.#files.set(file, { durable, unsynced: [] });
  }

  /** The same disk, to go another way from here. */
  clone(): UnsyncedDisk {
    const copy = new UnsyncedDisk({ names: this.#names, contents: new Map() });
    copy.#unsyncedNames = this.#unsyncedNames;
    for (const [file, state] of this.#files) copy.#files.set(file, state);
    return copy;
  }

  /** Takes in what was done next. */
  apply(record: DiskRecord): void {
    switch (record.kind) {
      case "write":
      case "truncate": {
        const { durable, unsynced } = this.#stateOf(record.file);
        this.#files.set(record.file, { durable, unsynced: [...unsynced, record] });
        return;
      }
      case "sync": {
        const { durable, unsynced } = this.#stateOf(record.file);
        this.#files.set(record.file, { durable: unsynced.reduce(changed, durable), unsynced: [] });
        return;
      }
      case "sync_directory":
        this.#names = namesAfter(this.#names, this.#unsyncedNames);
        this.#unsyncedNames = [];
        return;
      default:
        this.#unsyncedNames = [...this.#unsyncedNames, record];
    }
  }

  /** What programs see: everything kept. */
  view(): DiskView {
    const contents = new Map<number, Uint8Array>();
    for (const [file, { durable, unsynced }] of this.#files) {
      contents.set(file, unsynced.reduce(changed, durable));
    }
    return { names: namesAfter(this.#names, this.#unsyncedNames), contents };
  }

  /** The disks that a power cut may leave, each once; a sample of them if they are very many. */
  *afterPowerCut(random: Random): Generator<DiskView> {
    const seen = new Set<string>();
    const outcomes = new Map<number, readonly Content[]>();
    const changes = this.#unsyncedNames;
    for (const kept of combinations(changes.map(() => 2), random)) {
      const names = namesAfter(this.#names, changes.filter((_, place) => kept[place] === 1));
      const options = [...names].map(([name, file]) => {
        if (UNREAD_NAMES.has(name)) return this.#extremesOf(file);
        const contents = outcomes.get(file) ?? contentsOf(this.#stateOf(file), random);
        outcomes.set(file, contents);
        return contents;
      });
      for (const picks of combinations(options.map(({ length }) => length), random)) {
        const chosen = picks.map((pick, place) => options[place]![pick]!);
        const key = [...names.keys()].map((name, place) => `${name}=${chosen[place]!.key}`).join();
        if (seen.has(key)) continue;
        seen.add(key);
        const files = [...names.values()];
        yield {
          names,
          contents: new Map(chosen.map(({ bytes }, place) => [files[place]!, bytes])),
        };
      }
    }
  }

  #extremesOf(file: number): readonly Content[] {
    const { durable, unsynced } = this.#stateOf(file);
    return [contentFrom(durable), contentFrom(unsynced.reduce(changed, durable))];
  }

  #stateOf(file: number): FileState {
    return this.#files.get(file) ?? { durable: new Uint8Array(0), unsynced: [] };
  }
}

interface Content {
  readonly bytes: Uint8Array;
  /** Tells contents apart. */
  readonly key: string;
}

function contentFrom(bytes: Uint8Array): Content {
  return { bytes, key: `${bytes.length}:${crc32(bytes)}` };
}

function namesAfter(
  names: ReadonlyMap<string, number>,
  changes: readonly DiskRecord[],
): Map<string, number> {
  const result = new Map(names);
  for (const change of changes) applyToNames(result, change);
  return result;
}

function contentsOf({ durable, unsynced }: FileState, random: Random): readonly Content[] {
  const found = new Map<string, Content>();
  for (const fates of combinations(unsynced.map(fateCountOf), random)) {
    let bytes = durable;
    for (const [place, change] of unsynced.entries()) {
      bytes = suffered(bytes, change, fates[place]!);
    }
    const content = contentFrom(bytes);
    found.set(content.key, content);
  }
  return [...found.values()];
}

/** Of a write: each set of its sectors, once with and once without the size it was to give. */
function fateCountOf(change: Change): number {
  return change.kind === "truncate" ? 2 : 2 ** (sectorsOf(change).length + 1);
}

function suffered(bytes: Uint8Array, change: Change, fate: number): Uint8Array {
  if (change.kind === "truncate") return fate === 1 ? changed(bytes, change) : bytes;
  let result = bytes;
  for (const [place, [from, to]] of sectorsOf(change).entries()) {
    if ((fate >> (place + 1) & 1) === 0) continue;
    const part = change.bytes.subarray(from, to);
    result = changed(result, { ...change, offsetBytes: change.offsetBytes + from, bytes: part });
  }
  const end = change.offsetBytes + change.bytes.length;
  if ((fate & 1) === 0 || end <= result.length) return result;
  const grown = new Uint8Array(end);
  grown.set(result);
  return grown;
}

function sectorsOf({ offsetBytes, bytes }: Extract<Change, { kind: "write" }>): [number, number][] {
  const sectors: [number, number][] = [];
  for (let from = 0; from < bytes.length;) {
    const to = Math.min(bytes.length, from + SECTOR_BYTES - (offsetBytes + from) % SECTOR_BYTES);
    sectors.push([from, to]);
    from = to;
  }
  return sectors;
}

/** Every way to pick one of each count; if they are too many, both ends and a sample. */
function* combinations(counts: readonly number[], random: Random): Generator<readonly number[]> {
  const total = counts.reduce((product, count) => product * count, 1);
  if (total <= OUTCOMES_MAX) {
    for (let number = 0; number < total; number++) yield digitsOf(number, counts);
    return;
  }
  yield counts.map(() => 0);
  yield counts.map((count) => count - 1);
  for (let n = 0; n < OUTCOMES_MAX; n++) yield counts.map((count) => Math.floor(random() * count));
}

function digitsOf(number: number, counts: readonly number[]): number[] {
  let rest = number;
  return counts.map((count) => {
    const digit = rest % count;
    rest = Math.floor(rest / count);
    return digit;
  });
}
