/**
 * The seam between the store and a file system: the few operations it needs, so that a disk which
 * tears, loses and refuses can stand in for the real one.
 *
 * What the store assumes of an implementation:
 * - *sync-covers*: after `File.syncData` resolves, the file's bytes and size survive a power cut.
 * - *directory-sync-covers*: after `Directory.sync` resolves, so do all earlier creations, renames
 *   and removals in it.
 * - *atomic-rename*: a crash leaves either the old name or the new one.
 * - *no-neighbours*: a write changes no byte outside its range, whatever happens.
 *
 * @module
 */

/** A file system. */
export interface Vfs {
  /** Opens a directory, or null if there is none. */
  openDirectory(path: string): Promise<Directory | null>;

  /**
   * Opens a directory, and makes it and its parents durable first if there is none.
   *
   * @throws {DirectoryUnusableError} if it cannot be made or is no directory
   */
  createDirectory(path: string): Promise<Directory>;
}

/** A directory and the files in it. */
export interface Directory {
  /** Its path, for messages. */
  readonly path: string;
  /** The names of the files in it, in no order. */
  list(): Promise<readonly string[]>;
  /** Makes an empty file, in place of any other of that name. */
  create(name: string): Promise<File>;
  /** Opens an existing file. */
  open(name: string, mode: "read" | "write"): Promise<File>;
  /** Gives a file another name, in place of any other file that had it. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file. */
  remove(name: string): Promise<void>;
  /** Makes every earlier creation, renaming and removal durable. */
  sync(): Promise<void>;
  /** Takes the exclusive lock that the file `name` stands for, or returns null if it is held. */
  tryLock(name: string): Promise<Lock | null>;
}

/** An open file. */
export interface File {
  /** Its size now. */
  sizeBytes(): Promise<number>;
  /** Reads into the whole of `target`; returns a smaller count only at the file's end. */
  readAt(offsetBytes: number, target: Uint8Array): Promise<number>;
  /**
   * Writes all of `bytes`. Synchronous: an asynchronous write costs fifty times as much as the
   * system call, and the wait that counts is the sync.
   *
   * @throws {NoSpaceError} if the disk is full; a part may have been written
   */
  writeAt(offsetBytes: number, bytes: Uint8Array): void;
  /** Cuts the file. */
  truncate(sizeBytes: number): Promise<void>;
  /** Makes the bytes and the size durable. */
  syncData(): Promise<void>;
  /** Closes it. */
  close(): void;
}

/** A lock on a directory. */
export interface Lock {
  /** Gives it back. */
  release(): void;
}

/** The disk or the quota is full. */
export class NoSpaceError extends Error {
  /** Always `NoSpaceError`. */
  override readonly name = "NoSpaceError";
}

/** Reads a file's first bytes, at most `bytesMax` of them. */
export async function readStart(file: File, bytesMax: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(Math.min(await file.sizeBytes(), bytesMax));
  const count = await file.readAt(0, bytes);
  return bytes.subarray(0, count);
}
