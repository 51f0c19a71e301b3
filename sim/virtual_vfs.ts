/**
 * A file system in virtual time: the memory disk of the storage member, whose operations take as long
 * as the simulation says and end only if nothing comes between.
 *
 * @module
 */

import type { Directory, File, Vfs } from "@raftkv/storage";
import type { MemoryVfs } from "@raftkv/storage/memory";

/** Resolves when the disk has come to an operation; never, if the program that asked has ended. */
export type DiskWait = (kind: "read" | "change" | "sync") => Promise<void>;

/** Makes every operation but a write, which ends at once in a cache, wait its time. */
export function virtualVfs(disk: MemoryVfs, wait: DiskWait): Vfs {
  return {
    async openDirectory(path) {
      const directory = await disk.openDirectory(path);
      return directory === null ? null : new VirtualDirectory(directory, wait);
    },
    async createDirectory(path) {
      return new VirtualDirectory(await disk.createDirectory(path), wait);
    },
  };
}

class VirtualDirectory implements Directory {
  readonly path: string;
  readonly list: Directory["list"];
  readonly tryLock: Directory["tryLock"];
  readonly #directory: Directory;
  readonly #wait: DiskWait;

  constructor(directory: Directory, wait: DiskWait) {
    this.path = directory.path;
    this.list = () => directory.list();
    this.tryLock = (name) => directory.tryLock(name);
    this.#directory = directory;
    this.#wait = wait;
  }

  async create(name: string): Promise<File> {
    await this.#wait("change");
    return new VirtualFile(await this.#directory.create(name), this.#wait);
  }

  async open(name: string, mode: "read" | "write"): Promise<File> {
    return new VirtualFile(await this.#directory.open(name, mode), this.#wait);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#wait("change");
    return await this.#directory.rename(from, to);
  }

  async remove(name: string): Promise<void> {
    await this.#wait("change");
    return await this.#directory.remove(name);
  }

  async sync(): Promise<void> {
    await this.#wait("sync");
    return await this.#directory.sync();
  }
}

class VirtualFile implements File {
  readonly sizeBytes: File["sizeBytes"];
  readonly writeAt: File["writeAt"];
  readonly close: File["close"];
  readonly #file: File;
  readonly #wait: DiskWait;

  constructor(file: File, wait: DiskWait) {
    this.sizeBytes = () => file.sizeBytes();
    this.writeAt = (offsetBytes, bytes) => file.writeAt(offsetBytes, bytes);
    this.close = () => file.close();
    this.#file = file;
    this.#wait = wait;
  }

  async readAt(offsetBytes: number, target: Uint8Array): Promise<number> {
    await this.#wait("read");
    return await this.#file.readAt(offsetBytes, target);
  }

  async truncate(sizeBytes: number): Promise<void> {
    await this.#wait("change");
    return await this.#file.truncate(sizeBytes);
  }

  async syncData(): Promise<void> {
    await this.#wait("sync");
    return await this.#file.syncData();
  }
}
