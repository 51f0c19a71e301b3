/**
 * A file system under which the process dies at a named operation, as if `kill -9` had struck there.
 *
 * @module
 */

import type { Directory, File, Vfs } from "@raftkv/storage";

/** The kinds of operations at which a process can die. */
export const DEATH_KINDS = [
  "create",
  "rename",
  "remove",
  "write",
  "truncate",
  "sync",
  "sync_directory",
] as const;

type DeathKind = (typeof DEATH_KINDS)[number];

/** Where a process dies. */
export interface Death {
  readonly moment: "before" | "after";
  readonly kind: DeathKind;
  /** At which of these operations, from 1. */
  readonly number: number;
}

/** Reads `before:sync:3`. */
export function parseDeath(text: string): Death {
  const [moment, kindText, number] = text.split(":");
  const kind = DEATH_KINDS.find((each) => each === kindText);
  if ((moment !== "before" && moment !== "after") || kind === undefined) {
    throw new RangeError(`Cannot tell where to die: ${text}`);
  }
  return { moment, kind, number: Number(number) };
}

/** Wraps a file system. */
export function dyingVfs(vfs: Vfs, death: Death): Vfs {
  const reaper = new Reaper(death);
  return {
    openDirectory: async (path) => {
      const directory = await vfs.openDirectory(path);
      return directory === null ? null : wrapDirectory(directory, reaper);
    },
    createDirectory: async (path) => wrapDirectory(await vfs.createDirectory(path), reaper),
  };
}

class Reaper {
  readonly #death: Death;
  #count = 0;

  constructor(death: Death) {
    this.#death = death;
  }

  async around<T>(kind: DeathKind, work: () => Promise<T>): Promise<T> {
    this.enter(kind);
    const result = await work();
    this.leave(kind);
    return result;
  }

  enter(kind: DeathKind): void {
    if (kind === this.#death.kind) this.#count++;
    this.#strike("before", kind);
  }

  leave(kind: DeathKind): void {
    this.#strike("after", kind);
  }

  #strike(moment: Death["moment"], kind: DeathKind): void {
    const { moment: fatal, kind: fatalKind, number } = this.#death;
    if (moment !== fatal || kind !== fatalKind || this.#count !== number) return;
    Deno.kill(Deno.pid, "SIGKILL");
  }
}

function wrapDirectory(directory: Directory, reaper: Reaper): Directory {
  return {
    path: directory.path,
    list: () => directory.list(),
    create: async (name) =>
      wrapFile(await reaper.around("create", () => directory.create(name)), reaper),
    open: async (name, mode) => wrapFile(await directory.open(name, mode), reaper),
    rename: (from, to) => reaper.around("rename", () => directory.rename(from, to)),
    remove: (name) => reaper.around("remove", () => directory.remove(name)),
    sync: () => reaper.around("sync_directory", () => directory.sync()),
    tryLock: (name) => directory.tryLock(name),
  };
}

function wrapFile(file: File, reaper: Reaper): File {
  return {
    sizeBytes: () => file.sizeBytes(),
    readAt: (offsetBytes, target) => file.readAt(offsetBytes, target),
    writeAt: (offsetBytes, bytes) => {
      reaper.enter("write");
      file.writeAt(offsetBytes, bytes);
      reaper.leave("write");
    },
    truncate: (sizeBytes) => reaper.around("truncate", () => file.truncate(sizeBytes)),
    syncData: () => reaper.around("sync", () => file.syncData()),
    close: () => file.close(),
  };
}
