/**
 * The real file system through Deno: the only file of the store that touches the runtime.
 *
 * @module
 */

import { DirectoryUnusableError } from "./errors.ts";
import { type Directory, type File, type Lock, NoSpaceError, type Vfs } from "./vfs.ts";

/** The file system of the machine. Files are for their owner alone. */
export const denoVfs: Vfs = {
  async openDirectory(path: string): Promise<Directory | null> {
    const kind = await naming(path, () => kindOf(path));
    if (kind === null) return null;
    if (kind !== "directory") throw new DirectoryUnusableError(path, "It is not a directory");
    return new DenoDirectory(path);
  },

  async createDirectory(path: string): Promise<Directory> {
    const existing = await this.openDirectory(path);
    if (existing !== null) return existing;
    await naming(path, () => makeDurably(path));
    return new DenoDirectory(path);
  },
};

const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;

class DenoDirectory implements Directory {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  list(): Promise<readonly string[]> {
    return naming(this.path, async () => {
      const names: string[] = [];
      for await (const { name, isFile } of Deno.readDir(this.path)) {
        if (isFile) names.push(name);
      }
      return names;
    });
  }

  async create(name: string): Promise<File> {
    return new DenoFile(await this.#openFile(name, { read: true, truncate: true, ...CREATING }));
  }

  async open(name: string, mode: "read" | "write"): Promise<File> {
    return new DenoFile(await this.#openFile(name, { read: true, write: mode === "write" }));
  }

  async rename(from: string, to: string): Promise<void> {
    await refusing(() => Deno.rename(join(this.path, from), join(this.path, to)));
  }

  async remove(name: string): Promise<void> {
    await Deno.remove(join(this.path, name));
  }

  async sync(): Promise<void> {
    await syncDirectory(this.path);
  }

  async tryLock(name: string): Promise<Lock | null> {
    const file = await naming(this.path, () => this.#openFile(name, CREATING));
    if (!await file.tryLock(true)) {
      file.close();
      return null;
    }
    return {
      release: () => {
        // Closing alone leaves the lock for as long as a child that is just being started shares the
        // descriptor: for a moment nobody could open the directory again.
        file.unlockSync();
        file.close();
      },
    };
  }

  #openFile(name: string, options: Deno.OpenOptions): Promise<Deno.FsFile> {
    return refusing(() => Deno.open(join(this.path, name), options));
  }
}

const CREATING: Deno.OpenOptions = { write: true, create: true, mode: FILE_MODE };

class DenoFile implements File {
  readonly #file: Deno.FsFile;
  /** Where the system's file position stands: consecutive writes then need no seek. */
  #positionBytes = 0;

  constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  async sizeBytes(): Promise<number> {
    return (await this.#file.stat()).size;
  }

  async readAt(offsetBytes: number, target: Uint8Array): Promise<number> {
    this.#seek(offsetBytes);
    let filled = 0;
    while (filled < target.length) {
      const count = await this.#file.read(target.subarray(filled));
      if (count === null) break;
      filled += count;
      this.#positionBytes += count;
    }
    return filled;
  }

  writeAt(offsetBytes: number, bytes: Uint8Array): void {
    this.#seek(offsetBytes);
    let written = 0;
    while (written < bytes.length) {
      try {
        const count = this.#file.writeSync(bytes.subarray(written));
        written += count;
        this.#positionBytes += count;
      } catch (error) {
        throw refusalOf(error);
      }
    }
  }

  async truncate(sizeBytes: number): Promise<void> {
    await this.#file.truncate(sizeBytes);
  }

  async syncData(): Promise<void> {
    await this.#file.syncData();
  }

  close(): void {
    this.#file.close();
  }

  #seek(offsetBytes: number): void {
    if (offsetBytes === this.#positionBytes) return;
    this.#positionBytes = this.#file.seekSync(offsetBytes, Deno.SeekMode.Start);
  }
}

/** A path's kind, or null if nothing is there. */
async function kindOf(path: string): Promise<"directory" | "other" | null> {
  try {
    return (await Deno.stat(path)).isDirectory ? "directory" : "other";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Each new directory becomes durable only when the one that holds its name is synced. */
async function makeDurably(path: string): Promise<void> {
  const parent = parentOf(path);
  if (parent !== path && await kindOf(parent) === null) await makeDurably(parent);
  try {
    await Deno.mkdir(path, { mode: DIRECTORY_MODE });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  await syncDirectory(parent);
}

async function syncDirectory(path: string): Promise<void> {
  // Windows opens no directory as a file; NTFS journals names by itself.
  if (Deno.build.os === "windows") return;
  const directory = await Deno.open(path, { read: true });
  try {
    await directory.sync();
  } finally {
    directory.close();
  }
}

/** Runs an operation and tells a full disk from other failures. */
async function refusing<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw refusalOf(error);
  }
}

function refusalOf(error: unknown): unknown {
  const code = codeOf(error);
  if (code !== "ENOSPC" && code !== "EDQUOT") return error;
  return new NoSpaceError("No space left on the disk", { cause: error });
}

/** Runs an operation and names the data directory if the system does not let it be used. */
async function naming<T>(path: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === null) throw error;
    throw new DirectoryUnusableError(path, reason, { cause: error });
  }
}

function reasonOf(error: unknown): string | null {
  if (error instanceof Deno.errors.NotCapable) return "Deno was started without the permission";
  if (error instanceof NoSpaceError) return error.message;
  return REASONS[codeOf(error) ?? ""] ?? null;
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "Permission denied",
  EPERM: "Operation not permitted",
  EROFS: "The file system is read-only",
  ENOTDIR: "A part of the path is not a directory",
  ENOENT: "A part of the path cannot be made",
  ENOSPC: "No space left on the disk",
};

function codeOf(error: unknown): string | null {
  if (!(error instanceof Error) || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}

function join(directory: string, name: string): string {
  return directory.endsWith("/") ? directory + name : `${directory}/${name}`;
}

function parentOf(path: string): string {
  const trimmed = path.replace(/[/\\]+$/, "");
  const end = Math.max(trimmed.lastIndexOf("/"), trimmed.lastIndexOf("\\"));
  if (end < 0) return trimmed === "" ? path : ".";
  return end === 0 ? trimmed.slice(0, 1) : trimmed.slice(0, end);
}
