/**
 * What can go wrong with a data directory, one class per thing an operator does about it.
 *
 * @module
 */

import type { NodeIdentity } from "./identity.ts";

/** What is damaged, and where. */
export interface DamagedPlace {
  /** The file's name in the data directory; the directory's own path if a file is missing. */
  readonly file: string;
  /** The first byte that is wrong, or null if no single byte is. */
  readonly offsetBytes: number | null;
  /** What is wrong, without the place. */
  readonly reason: string;
}

/**
 * A file does not hold what was once made durable in it. Opening changed nothing: the files are left
 * as they were found.
 */
export class CorruptLogError extends Error {
  /** The name of the class. */
  override readonly name: string = "CorruptLogError";
  /** The file's name in the data directory; the directory's own path if a file is missing. */
  readonly file: string;
  /** The first byte that is wrong, or null if no single byte is. */
  readonly offsetBytes: number | null;
  /** What is wrong, without the place. */
  readonly reason: string;

  /** Builds the message from its parts. */
  constructor(damage: DamagedPlace) {
    super(messageOf(damage));
    this.file = damage.file;
    this.offsetBytes = damage.offsetBytes;
    this.reason = damage.reason;
  }
}

/**
 * The directory may have lost the end of its log or its last vote, and nothing in it says what they
 * were. A node that went on could break what it promised: it must be replaced by another.
 */
export class LostLogError extends CorruptLogError {
  /** The name of the class. */
  override readonly name = "LostLogError";

  /** Builds the message from its parts. */
  constructor(damage: DamagedPlace) {
    super(damage);
    this.message += "; the node may have forgotten what it promised and must be replaced";
  }
}

function messageOf({ file, offsetBytes, reason }: DamagedPlace): string {
  const place = offsetBytes === null ? "" : ` at byte ${offsetBytes}`;
  return `Cannot open "${file}"${place}: ${reason}`;
}

/** The directory belongs to another cluster or another node. */
export class IdentityMismatchError extends Error {
  /** Always `IdentityMismatchError`. */
  override readonly name = "IdentityMismatchError";
  /** The file that says so. */
  readonly file: string;
  /** Who wanted to open it. */
  readonly expected: NodeIdentity;
  /** Whose it is. */
  readonly found: NodeIdentity;

  /** Builds the message from its parts. */
  constructor(
    mismatch: {
      readonly file: string;
      readonly expected: NodeIdentity;
      readonly found: NodeIdentity;
    },
  ) {
    const { file, expected, found } = mismatch;
    super(
      `Cannot open "${file}" as node "${expected.nodeId}" of cluster "${expected.clusterId}": ` +
        `It belongs to node "${found.nodeId}" of cluster "${found.clusterId}"`,
    );
    this.file = file;
    this.expected = expected;
    this.found = found;
  }
}

/** The file was written by a later release, in a format this one does not know. */
export class UnsupportedFormatError extends Error {
  /** Always `UnsupportedFormatError`. */
  override readonly name = "UnsupportedFormatError";
  /** The file's name in the data directory. */
  readonly file: string;
  /** The format version it claims. */
  readonly version: number;

  /**
   * Builds the message from its parts.
   *
   * @param versionMax The newest version this release reads.
   */
  constructor(file: string, { version, versionMax }: { version: number; versionMax: number }) {
    super(
      `Cannot open "${file}": Its format is ${version}, the newest known here is ${versionMax}`,
    );
    this.file = file;
    this.version = version;
  }
}

/** Another process has the directory open. */
export class DirectoryInUseError extends Error {
  /** Always `DirectoryInUseError`. */
  override readonly name = "DirectoryInUseError";
  /** The data directory. */
  readonly directory: string;

  /**
   * Names the directory.
   *
   * @param directory Its path.
   */
  constructor(directory: string) {
    super(`Cannot open data directory "${directory}": Another process has it open`);
    this.directory = directory;
  }
}

/** The directory cannot be made, read or written. */
export class DirectoryUnusableError extends Error {
  /** Always `DirectoryUnusableError`. */
  override readonly name = "DirectoryUnusableError";
  /** The data directory. */
  readonly directory: string;
  /** What the system says. */
  readonly reason: string;

  /**
   * Names the directory and the reason.
   *
   * @param reason What the system says, with a capital and without a full stop.
   */
  constructor(directory: string, reason: string, options?: ErrorOptions) {
    super(`Cannot use data directory "${directory}": ${reason}`, options);
    this.directory = directory;
    this.reason = reason;
  }
}

/**
 * A write or sync failed earlier, so nobody knows what the disk holds; the store promises nothing
 * any more and its node must end. `cause` is the first failure.
 */
export class StoreFailedError extends Error {
  /** Always `StoreFailedError`. */
  override readonly name = "StoreFailedError";

  /**
   * Repeats the reason of the first failure.
   *
   * @param cause The first failure.
   */
  constructor(cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`Cannot go on with the data directory: ${reason}`, { cause });
  }
}
