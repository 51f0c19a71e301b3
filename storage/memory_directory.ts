/**
 * A directory of the memory disk: the names programs see, and those that would survive a power cut.
 *
 * @module
 */

import type { Random } from "@raftkv/core/random";
import type { MemoryInode } from "./memory_inode.ts";

/** A change of names. A rename changes two at once or none. */
export type NameChange =
  | { readonly kind: "link"; readonly name: string; readonly inode: MemoryInode }
  | { readonly kind: "unlink"; readonly name: string }
  | {
    readonly kind: "rename";
    readonly from: string;
    readonly to: string;
    readonly inode: MemoryInode;
  };

/** The names of one directory, with the changes since its last sync. */
export class MemoryDirectory {
  /** Its path. */
  readonly path: string;
  #names = new Map<string, MemoryInode>();
  #durable = new Map<string, MemoryInode>();
  #unsynced: NameChange[] = [];

  /** Starts empty. */
  constructor(path: string) {
    this.path = path;
  }

  /** The names as programs see them. */
  get names(): ReadonlyMap<string, MemoryInode> {
    return this.#names;
  }

  /** Whether a power cut would leave a file under its name and as it is. */
  isSynced(name: string): boolean {
    const inode = this.#names.get(name);
    return inode !== undefined && inode.isSynced && this.#durable.get(name) === inode;
  }

  /** Changes names; not durable yet. */
  change(change: NameChange): void {
    applyTo(this.#names, change);
    this.#unsynced.push(change);
  }

  /** Makes all changes durable. */
  sync(): void {
    for (const change of this.#unsynced) applyTo(this.#durable, change);
    this.#unsynced = [];
  }

  /**
   * Goes back to what is durable, the files included.
   *
   * @param random If given, each un-synced change is kept or lost by chance; else all are lost.
   */
  crash(random: Random | null): void {
    for (const change of this.#unsynced) {
      if (random !== null && random() < 1 / 2) applyTo(this.#durable, change);
    }
    this.#unsynced = [];
    this.#names = new Map(this.#durable);
    for (const inode of new Set(this.#names.values())) inode.crash(random);
  }
}

function applyTo(names: Map<string, MemoryInode>, change: NameChange): void {
  switch (change.kind) {
    case "link":
      names.set(change.name, change.inode);
      return;
    case "unlink":
      names.delete(change.name);
      return;
    case "rename":
      // After a crash the link may be lost and the rename kept: the file then has the new name only.
      if (names.get(change.from) === change.inode) names.delete(change.from);
      names.set(change.to, change.inode);
  }
}
