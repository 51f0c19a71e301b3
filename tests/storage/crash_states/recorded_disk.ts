// Methods are async so that what they throw becomes a rejection.
// deno-lint-ignore-file require-await

/**
 * A disk that writes down every operation with its bytes, so that the disks a crash may leave can be
 * worked out afterwards. It shares no code with `MemoryVfs`: two models of a crash check each other.
 *
 * @module
 */

import { type Directory, type File, type Lock, NoSpaceError, type Vfs } from "@raftkv/storage";

/** A change to a disk, or what makes changes durable. Files go by number: names come and go. */
export type DiskRecord =
  | { readonly kind: "create"; readonly name: string; readonly file: number }
  | { readonly kind: "rename"; readonly from: string; readonly to: string; readonly file: number }
  | { readonly kind: "remove"; readonly name: string }
  | { readonly kind: "sync_directory" }
  | WriteRecord
  | { readonly kind: "truncate"; readonly file: number; readonly sizeBytes: number }
  | { readonly kind: "sync"; readonly file: number };

/** Bytes written to a file. */
export interface WriteRecord {
  readonly kind: "write";
  readonly file: number;
  readonly offsetBytes: number;
  readonly bytes: Uint8Array;
}

/** What programs see of a disk. */
export interface DiskView {
  readonly names: ReadonlyMap<string, number>;
  readonly contents: ReadonlyMap<number, Uint8Array>;
}

/** A disk with one directory. */
export class RecordedDisk implements Vfs, Directory {
  readonly path = "data";
  readonly records: DiskRecord[] = [];
  /** Room for the content of all files. */
  capacityBytes: number = Number.POSITIVE_INFINITY;
  readonly #names: Map<string, number>;
  readonly #contents: Map<number, Uint8Array>;
  #isLocked = false;

  constructor(view: DiskView = { names: new Map(), contents: new Map() }) {
    this.#names = new Map(view.names);
    this.#contents = new Map(view.contents);
  }

  get usedBytes(): number {
    let sum = 0;
    for (const file of this.#names.values()) sum += this.contentOf(file).length;
    return sum;
  }

  get names(): string[] {
    return [...this.#names.keys()];
  }

  contentOf(file: number): Uint8Array {
    return this.#contents.get(file) ?? NOTHING;
  }

  /** Applies a change and writes it down. */
  note(record: DiskRecord): void {
    this.records.push(record);
    switch (record.kind) {
      case "write":
      case "truncate":
        this.#contents.set(record.file, changed(this.contentOf(record.file), record));
        return;
      default:
        applyToNames(this.#names, record);
    }
  }

  async openDirectory(): Promise<Directory> {
    return this;
  }

  async createDirectory(): Promise<Directory> {
    return this;
  }

  async list(): Promise<readonly string[]> {
    return this.names;
  }

  async create(name: string): Promise<File> {
    const file = Math.max(0, ...this.#contents.keys()) + 1;
    this.#contents.set(file, NOTHING);
    this.note({ kind: "create", name, file });
    return new RecordedFile(this, file);
  }

  async open(name: string): Promise<File> {
    return new RecordedFile(this, this.#numberOf(name));
  }

  async rename(from: string, to: string): Promise<void> {
    this.note({ kind: "rename", from, to, file: this.#numberOf(from) });
  }

  async remove(name: string): Promise<void> {
    this.#numberOf(name);
    this.note({ kind: "remove", name });
  }

  async sync(): Promise<void> {
    this.note({ kind: "sync_directory" });
  }

  async tryLock(): Promise<Lock | null> {
    if (this.#isLocked) return null;
    this.#isLocked = true;
    return { release: () => this.#isLocked = false };
  }

  #numberOf(name: string): number {
    const file = this.#names.get(name);
    if (file === undefined) throw new Error(`Cannot find a file: ${name}`);
    return file;
  }
}

class RecordedFile implements File {
  readonly #disk: RecordedDisk;
  readonly #file: number;

  constructor(disk: RecordedDisk, file: number) {
    this.#disk = disk;
    this.#file = file;
  }

  async sizeBytes(): Promise<number> {
    return this.#content.length;
  }

  async readAt(offsetBytes: number, target: Uint8Array): Promise<number> {
    const bytes = this.#content.subarray(offsetBytes, offsetBytes + target.length);
    target.set(bytes);
    return bytes.length;
  }

  writeAt(offsetBytes: number, bytes: Uint8Array): void {
    const growthBytes = Math.max(0, offsetBytes + bytes.length - this.#content.length);
    const freeBytes = Math.max(0, this.#disk.capacityBytes - this.#disk.usedBytes);
    const lackingBytes = Math.max(0, growthBytes - freeBytes);
    const written = bytes.slice(0, bytes.length - lackingBytes);
    if (written.length > 0) {
      this.#disk.note({ kind: "write", file: this.#file, offsetBytes, bytes: written });
    }
    if (lackingBytes > 0) throw new NoSpaceError("No space left on the disk");
  }

  async truncate(sizeBytes: number): Promise<void> {
    this.#disk.note({ kind: "truncate", file: this.#file, sizeBytes });
  }

  async syncData(): Promise<void> {
    this.#disk.note({ kind: "sync", file: this.#file });
  }

  close(): void {}

  get #content(): Uint8Array {
    return this.#disk.contentOf(this.#file);
  }
}

/** A file's bytes after a change; `bytes` itself stays as it is. */
export function changed(
  bytes: Uint8Array,
  change: Extract<DiskRecord, { kind: "write" | "truncate" }>,
): Uint8Array {
  if (change.kind === "truncate") return bytes.slice(0, change.sizeBytes);
  const end = change.offsetBytes + change.bytes.length;
  const result = new Uint8Array(Math.max(bytes.length, end));
  result.set(bytes);
  result.set(change.bytes, change.offsetBytes);
  return result;
}

/** Carries out a change of names; other records change none. */
export function applyToNames(names: Map<string, number>, record: DiskRecord): void {
  switch (record.kind) {
    case "create":
      names.set(record.name, record.file);
      return;
    case "remove":
      names.delete(record.name);
      return;
    case "rename":
      // The creation under the old name may be lost and the rename kept.
      if (names.get(record.from) === record.file) names.delete(record.from);
      names.set(record.to, record.file);
  }
}

const NOTHING = new Uint8Array(0);
