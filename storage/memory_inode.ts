/**
 * A file of the memory disk: what it holds, and what of that would survive a power cut.
 *
 * @module
 */

import type { Random } from "@raftkv/core/random";

/** The unit that a disk writes whole; a write of several may come out in any mixture. */
export const SECTOR_BYTES = 512;

type Change =
  | { readonly kind: "write"; readonly offsetBytes: number; readonly bytes: Uint8Array }
  | { readonly kind: "truncate"; readonly sizeBytes: number };

/** The content of one file, with the changes since its last sync. */
export class MemoryInode {
  #content = new Content();
  #durable = new Content();
  #unsynced: Change[] = [];

  /** The size as programs see it. */
  get sizeBytes(): number {
    return this.#content.sizeBytes;
  }

  /** The bytes as programs see them; must not be changed. */
  get bytes(): Uint8Array {
    return this.#content.bytes;
  }

  /** Whether a power cut would leave it as it is. */
  get isSynced(): boolean {
    return this.#unsynced.length === 0;
  }

  /** Writes; not durable yet. */
  write(offsetBytes: number, bytes: Uint8Array): void {
    this.#apply({ kind: "write", offsetBytes, bytes: bytes.slice() });
  }

  /** Cuts; not durable yet. */
  truncate(sizeBytes: number): void {
    this.#apply({ kind: "truncate", sizeBytes });
  }

  /** Makes all changes durable. */
  sync(): void {
    for (const change of this.#unsynced) applyTo(this.#durable, change);
    this.#unsynced = [];
  }

  /**
   * Goes back to what is durable.
   *
   * @param random If given, each un-synced change is kept, lost or torn by chance; else all are lost.
   */
  crash(random: Random | null): void {
    if (random !== null) {
      for (const change of this.#unsynced) applyByChance(this.#durable, change, random);
    }
    this.#unsynced = [];
    this.#content = this.#durable.clone();
  }

  #apply(change: Change): void {
    applyTo(this.#content, change);
    this.#unsynced.push(change);
  }
}

/** Bytes that grow by doubling. */
class Content {
  #buffer = new Uint8Array(0);
  sizeBytes = 0;

  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.sizeBytes);
  }

  write(offsetBytes: number, bytes: Uint8Array): void {
    const end = offsetBytes + bytes.length;
    if (end > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(end, this.#buffer.length * 2));
      grown.set(this.bytes);
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, offsetBytes);
    this.sizeBytes = Math.max(this.sizeBytes, end);
  }

  truncate(sizeBytes: number): void {
    if (sizeBytes >= this.sizeBytes) return;
    this.#buffer.fill(0, sizeBytes, this.sizeBytes);
    this.sizeBytes = sizeBytes;
  }

  clone(): Content {
    const copy = new Content();
    copy.write(0, this.bytes);
    return copy;
  }
}

function applyTo(content: Content, change: Change): void {
  if (change.kind === "write") content.write(change.offsetBytes, change.bytes);
  else content.truncate(change.sizeBytes);
}

function applyByChance(content: Content, change: Change, random: Random): void {
  const fate = random();
  if (fate < 1 / 3) return;
  if (fate < 2 / 3 || change.kind === "truncate") return applyTo(content, change);
  const { offsetBytes, bytes } = change;
  for (let from = 0; from < bytes.length;) {
    const toSectorEnd = SECTOR_BYTES - (offsetBytes + from) % SECTOR_BYTES;
    const sector = bytes.subarray(from, from + toSectorEnd);
    if (random() < 1 / 2) content.write(offsetBytes + from, sector);
    from += sector.length;
  }
}
