// Methods are async so that what they throw becomes a rejection.
// deno-lint-ignore-file require-await

/**
 * A disk in memory that can be crashed, filled and made to fail: the store runs on it unchanged in
 * tests and in the simulator.
 *
 * A power cut loses what was not synced, file content and directory entries alike. With a generator
 * of chance, each un-synced write is kept, lost or torn at sector ends and each un-synced change of
 * names is kept or lost, in any mixture: more than most file systems do, all that POSIX allows.
 *
 * @module
 */

import type { Random } from "@raftkv/core/random";
import { MemoryDirectory } from "./memory_directory.ts";
import { MemoryInode } from "./memory_inode.ts";
import { type Directory, type File, type Lock, NoSpaceError, type Vfs } from "./vfs.ts";

/** An operation that changes the disk or makes a change durable. */
export interface DiskOperation {
  /** What is done. */
  readonly kind:
    | "create"
    | "rename"
    | "remove"
    | "write"
    | "truncate"
    | "sync"
    | "sync_directory";
  /** The file's name (the new one, for a rename); empty for the directory itself. */
  readonly name: string;
}

/** A file system in memory. */
export class MemoryVfs implements Vfs {
  /** Called before each operation takes effect; what it throws, the operation throws. */
  beforeOperation: (operation: DiskOperation) => void = () => {};
  /** Room for the content of all files. */
  capacityBytes: number = Number.POSITIVE_INFINITY;
  readonly #directories = new Map<string, MemoryDirectory>();
  #machine = new Machine(this);

  /** Opens a directory, or null if there is none. */
  openDirectory(path: string): Promise<Directory | null> {
    const directory = this.#directories.get(path);
    if (directory === undefined) return Promise.resolve(null);
    return Promise.resolve(new DirectoryHandle(this.#machine, directory));
  }

  /** Opens a directory, and makes it first if there is none; it is durable at once. */
  createDirectory(path: string): Promise<Directory> {
    return Promise.resolve(new DirectoryHandle(this.#machine, this.#directory(path)));
  }

  /** Ends every program that uses the disk, as `kill -9` does: nothing is lost, locks are free. */
  kill(): void {
    this.#machine.isOn = false;
    this.#machine = new Machine(this);
  }

  /**
   * Cuts the power and brings it back.
   *
   * @param random If given, chance decides what becomes of un-synced changes; else all are lost.
   */
  crash(random: Random | null = null): void {
    this.kill();
    for (const directory of this.#directories.values()) directory.crash(random);
  }

  /** The bytes all files take together. */
  get usedBytes(): number {
    let sum = 0;
    for (const { names } of this.#directories.values()) {
      for (const inode of names.values()) sum += inode.sizeBytes;
    }
    return sum;
  }

  /** The names of the files in a directory, sorted. */
  fileNames(path: string): string[] {
    return [...this.#directory(path).names.keys()].sort();
  }

  /** The names of the files of which a power cut could take something, sorted. */
  unsyncedNames(path: string): string[] {
    const directory = this.#directory(path);
    return this.fileNames(path).filter((name) => !directory.isSynced(name));
  }

  /** The size of a file without the blank bytes at its end. */
  writtenBytes(path: string, name: string): number {
    const { bytes } = inodeOf(this.#directory(path), name);
    let end = bytes.length;
    while (end > 0 && bytes[end - 1] === 0) end--;
    return end;
  }

  /** A copy of a file's bytes. */
  readFile(path: string, name: string): Uint8Array {
    return inodeOf(this.#directory(path), name).bytes.slice();
  }

  /** Puts a durable file in place, behind every program's back. */
  writeFile(path: string, { name, bytes }: { name: string; bytes: Uint8Array }): void {
    const directory = this.#directory(path);
    const inode = new MemoryInode();
    inode.write(0, bytes);
    inode.sync();
    directory.change({ kind: "link", name, inode });
    directory.sync();
  }

  /** Takes a file away durably, behind every program's back. */
  removeFile(path: string, name: string): void {
    const directory = this.#directory(path);
    directory.change({ kind: "unlink", name });
    directory.sync();
  }

  #directory(path: string): MemoryDirectory {
    let directory = this.#directories.get(path);
    if (directory === undefined) {
      directory = new MemoryDirectory(path);
      this.#directories.set(path, directory);
    }
    return directory;
  }
}

/** The time between two crashes: what was opened in it works only as long as it lasts. */
class Machine {
  isOn = true;
  readonly locks = new Set<string>();
  readonly #disk: MemoryVfs;

  constructor(disk: MemoryVfs) {
    this.#disk = disk;
  }

  run(kind: DiskOperation["kind"], name: string): void {
    this.check();
    this.#disk.beforeOperation({ kind, name });
    this.check();
  }

  check(): void {
    if (!this.isOn) throw new Error("Cannot reach the disk: The program was ended");
  }

  get freeBytes(): number {
    return Math.max(0, this.#disk.capacityBytes - this.#disk.usedBytes);
  }
}

class DirectoryHandle implements Directory {
  readonly path: string;
  readonly #machine: Machine;
  readonly #directory: MemoryDirectory;

  constructor(machine: Machine, directory: MemoryDirectory) {
    this.path = directory.path;
    this.#machine = machine;
    this.#directory = directory;
  }

  async list(): Promise<readonly string[]> {
    this.#machine.check();
    return [...this.#directory.names.keys()];
  }

  async create(name: string): Promise<File> {
    this.#machine.run("create", name);
    const inode = new MemoryInode();
    this.#directory.change({ kind: "link", name, inode });
    return new FileHandle(this.#machine, inode, name);
  }

  async open(name: string): Promise<File> {
    this.#machine.check();
    return new FileHandle(this.#machine, inodeOf(this.#directory, name), name);
  }

  async rename(from: string, to: string): Promise<void> {
    this.#machine.run("rename", to);
    this.#directory.change({ kind: "rename", from, to, inode: inodeOf(this.#directory, from) });
  }

  async remove(name: string): Promise<void> {
    this.#machine.run("remove", name);
    inodeOf(this.#directory, name);
    this.#directory.change({ kind: "unlink", name });
  }

  async sync(): Promise<void> {
    this.#machine.run("sync_directory", "");
    this.#directory.sync();
  }

  async tryLock(name: string): Promise<Lock | null> {
    this.#machine.check();
    const { locks } = this.#machine;
    const path = `${this.path}/${name}`;
    if (locks.has(path)) return null;
    locks.add(path);
    return { release: () => locks.delete(path) };
  }
}

class FileHandle implements File {
  readonly #machine: Machine;
  readonly #inode: MemoryInode;
  readonly #name: string;

  constructor(machine: Machine, inode: MemoryInode, name: string) {
    this.#machine = machine;
    this.#inode = inode;
    this.#name = name;
  }

  async sizeBytes(): Promise<number> {
    this.#machine.check();
    return this.#inode.sizeBytes;
  }

  async readAt(offsetBytes: number, target: Uint8Array): Promise<number> {
    this.#machine.check();
    const bytes = this.#inode.bytes.subarray(offsetBytes, offsetBytes + target.length);
    target.set(bytes);
    return bytes.length;
  }

  writeAt(offsetBytes: number, bytes: Uint8Array): void {
    this.#machine.run("write", this.#name);
    const growth = Math.max(0, offsetBytes + bytes.length - this.#inode.sizeBytes);
    const lacking = Math.max(0, growth - this.#machine.freeBytes);
    this.#inode.write(offsetBytes, bytes.subarray(0, bytes.length - lacking));
    if (lacking > 0) throw new NoSpaceError("No space left on the disk");
  }

  async truncate(sizeBytes: number): Promise<void> {
    this.#machine.run("truncate", this.#name);
    this.#inode.truncate(sizeBytes);
  }

  async syncData(): Promise<void> {
    this.#machine.run("sync", this.#name);
    this.#inode.sync();
  }

  close(): void {}
}

function inodeOf(directory: MemoryDirectory, name: string): MemoryInode {
  const inode = directory.names.get(name);
  if (inode === undefined) throw new Error(`Cannot find a file: ${directory.path}/${name}`);
  return inode;
}
