/**
 * How far a data directory has been read: a large one takes a while, and whoever waits wants to know.
 *
 * @module
 */

import { sequenceOf } from "./segment.ts";
import { snapshotIndexOf } from "./snapshot_file.ts";
import type { Directory } from "./vfs.ts";

/** How much of a directory has been read. */
export interface ReadProgress {
  /** Bytes of segments and snapshots read, or found not to be needed, so far. */
  readonly bytesRead: number;
  /** Bytes of all of them. */
  readonly bytesTotal: number;
}

/** Counts what is read and reports it. */
export class ProgressMeter {
  readonly #onProgress: (progress: ReadProgress) => void;
  readonly #sizes: ReadonlyMap<string, number>;
  readonly #bytesTotal: number;
  #bytesBefore = 0;

  private constructor(
    sizes: ReadonlyMap<string, number>,
    onProgress: (progress: ReadProgress) => void,
  ) {
    this.#onProgress = onProgress;
    this.#sizes = sizes;
    this.#bytesTotal = sizes.values().reduce((sum, sizeBytes) => sum + sizeBytes, 0);
  }

  /** Measures the segments and snapshots among `names`. */
  static async over(
    directory: Directory,
    { names, onProgress }: {
      readonly names: readonly string[];
      readonly onProgress: (progress: ReadProgress) => void;
    },
  ): Promise<ProgressMeter> {
    const sizes = new Map<string, number>();
    for (const name of names) {
      if (sequenceOf(name) === null && snapshotIndexOf(name) === null) continue;
      const file = await directory.open(name, "read");
      sizes.set(name, await file.sizeBytes());
      file.close();
    }
    return new ProgressMeter(sizes, onProgress);
  }

  /** Of the present file, so much has been read. */
  within(bytesRead: number): void {
    this.#report(this.#bytesBefore + bytesRead);
  }

  /** Nothing more of this file will be read. */
  done(name: string): void {
    this.#bytesBefore += this.#sizes.get(name) ?? 0;
    this.#report(this.#bytesBefore);
  }

  #report(bytesRead: number): void {
    this.#onProgress({ bytesRead, bytesTotal: this.#bytesTotal });
  }
}
