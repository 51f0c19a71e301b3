/**
 * The store's twin without files, for simulations and tests in which the disk is not the matter.
 *
 * @module
 */

import { invariant, type Store } from "@raftkv/core";
import {
  type DurableState,
  type HardState,
  type LogIndex,
  type LogPosition,
  type PersistBatch,
  POSITION_ZERO,
  type SnapshotChunk,
  type SnapshotMeta,
  type SnapshotPoint,
  type StoredEntry,
  type Term,
  TERM_ZERO,
} from "@raftkv/core/raft";
import { checkBatch } from "./batch_rules.ts";
import { Digest } from "./digest.ts";

interface MemorySnapshot {
  readonly meta: SnapshotMeta;
  readonly state: Uint8Array;
}

/** What survives a crash of a memory store. */
interface Disk {
  hardState: HardState;
  base: LogPosition;
  entries: StoredEntry[];
  /** Newest first. */
  snapshots: MemorySnapshot[];
}

/** A store in memory. A call takes effect, all at once, when it resolves. */
export class MemoryStore implements Store {
  readonly #disk: Disk;
  #staged:
    | { readonly meta: SnapshotMeta; readonly chunks: Uint8Array[]; sizeBytes: number }
    | null = null;
  #recovered: DurableState | null;
  #isOpen = true;

  /** Opens an empty store. */
  constructor() {
    this.#disk = {
      hardState: { term: TERM_ZERO, votedFor: null },
      base: POSITION_ZERO,
      entries: [],
      snapshots: [],
    };
    this.#recovered = recoveredFrom(this.#disk);
  }

  /** Ends this store as a power cut does, and opens its successor on what was durable. */
  crash(): MemoryStore {
    this.#isOpen = false;
    const { base, entries } = recoveredFrom(this.#disk);
    const successor = new MemoryStore();
    Object.assign(successor.#disk, this.#disk, { base, entries: [...entries] });
    successor.#recovered = recoveredFrom(successor.#disk);
    return successor;
  }

  /** What was found when the store was opened. Let go at the first write. */
  get recovered(): DurableState {
    invariant(this.#recovered !== null, "what was recovered is read before the first write");
    return this.#recovered;
  }

  /** Keeps one batch. */
  async append(batch: PersistBatch): Promise<void> {
    await this.#turn();
    const disk = this.#disk;
    const { base, hardState } = disk;
    const last = disk.entries.at(-1) ?? base;
    const termAt = (index: LogIndex) => termIn(disk, index);
    checkBatch(batch, { base, last, hardState, termAt });
    this.#recovered = null;
    const first = batch.entries[0];
    if (first !== undefined) disk.entries.length = first.index - base.index - 1;
    for (const entry of batch.repairs) disk.entries[entry.index - base.index - 1] = entry;
    for (const entry of batch.entries) disk.entries.push(entry);
    if (batch.hardState !== null) disk.hardState = batch.hardState;
  }

  /** Memory is never short. */
  readonly isShortOfRoom = false;

  /** There is always enough. */
  async reclaimRoom(): Promise<boolean> {
    await this.#turn();
    return true;
  }

  /** Lets go of entries up to `through` that the older of two snapshots covers. */
  async compact(through: LogIndex): Promise<void> {
    await this.#turn();
    const disk = this.#disk;
    const limit = Math.min(through, disk.snapshots[1]?.meta.last.index ?? 0);
    const position = disk.entries[limit - disk.base.index - 1];
    if (position === undefined) return;
    disk.entries.splice(0, limit - disk.base.index);
    disk.base = { index: position.index, term: position.term };
  }

  /** Keeps a snapshot of the state machine. */
  async saveSnapshot(point: SnapshotPoint, slices: Iterable<Uint8Array>): Promise<SnapshotMeta> {
    const digest = new Digest();
    const chunks: Uint8Array[] = [];
    for (const slice of slices) {
      digest.update(slice);
      chunks.push(slice.slice());
      await this.#turn();
    }
    await this.#turn();
    const state = concatenated(chunks);
    const { last, configuration } = point;
    const meta = { last, configuration, sizeBytes: state.length, digest: digest.finish() };
    this.#keep({ meta, state });
    return meta;
  }

  /** Reads a slice of a kept snapshot. */
  async readSnapshot(
    index: LogIndex,
    offsetBytes: number,
    maxBytes: number,
  ): Promise<Uint8Array | null> {
    await this.#turn();
    const kept = this.#disk.snapshots.find(({ meta }) => meta.last.index === index);
    return kept?.state.slice(offsetBytes, offsetBytes + maxBytes) ?? null;
  }

  /** Keeps one chunk of a snapshot that a leader is sending. */
  async stageSnapshot({ meta, offsetBytes, data }: SnapshotChunk): Promise<number> {
    await this.#turn();
    if (offsetBytes === 0) this.#staged = { meta, chunks: [], sizeBytes: 0 };
    const staged = this.#staged;
    if (staged === null || !isSameSnapshot(staged.meta, meta)) return 0;
    const knownBytes = staged.sizeBytes - offsetBytes;
    const fits = offsetBytes + data.length <= meta.sizeBytes;
    if (fits && knownBytes >= 0 && knownBytes < data.length) {
      staged.chunks.push(data.slice(knownBytes));
      staged.sizeBytes += data.length - knownBytes;
    }
    return staged.sizeBytes;
  }

  /** Verifies the staged snapshot and makes it the node's own. */
  async installSnapshot(meta: SnapshotMeta): Promise<boolean> {
    await this.#turn();
    this.#recovered = null;
    const staged = this.#staged;
    this.#staged = null;
    if (staged === null || !isSameSnapshot(staged.meta, meta)) return false;
    const state = concatenated(staged.chunks);
    const digest = new Digest();
    digest.update(state);
    if (digest.finish() !== meta.digest) return false;
    const newest = this.#disk.snapshots[0]?.meta.last.index ?? 0;
    if (newest >= meta.last.index) return true;
    this.#keep({ meta, state });
    const { base, entries } = recoveredFrom(this.#disk);
    this.#disk.base = base;
    this.#disk.entries = [...entries];
    return true;
  }

  /** Ends the store. */
  async close(): Promise<void> {
    await this.#turn();
    this.#isOpen = false;
  }

  #keep(snapshot: MemorySnapshot): void {
    const { index } = snapshot.meta.last;
    const others = this.#disk.snapshots.filter(({ meta }) => meta.last.index !== index);
    const all = [...others, snapshot].sort((a, b) => b.meta.last.index - a.meta.last.index);
    this.#disk.snapshots = all.slice(0, KEPT_COUNT);
  }

  /** Lets a crash come between a call and its effect. */
  async #turn(): Promise<void> {
    await Promise.resolve();
    if (!this.#isOpen) throw new Error("Cannot use the store: It is closed");
  }
}

const KEPT_COUNT = 2;

/** The log as it stands beside the newest snapshot: void, if it does not hold its last entry. */
function recoveredFrom(disk: Disk): DurableState {
  const { hardState, base, entries, snapshots } = disk;
  const snapshot = snapshots[0]?.meta ?? null;
  if (snapshot === null) return { hardState, snapshot, base, entries: [...entries] };
  const { index, term } = snapshot.last;
  if (termIn(disk, index) === term) return { hardState, snapshot, base, entries: [...entries] };
  return { hardState, snapshot, base: snapshot.last, entries: [] };
}

function termIn({ base, entries }: Disk, index: LogIndex): Term | null {
  if (index === base.index) return base.term;
  return entries[index - base.index - 1]?.term ?? null;
}

function isSameSnapshot(a: SnapshotMeta, b: SnapshotMeta): boolean {
  return a.last.index === b.last.index && a.last.term === b.last.term &&
    a.digest === b.digest && a.sizeBytes === b.sizeBytes;
}

function concatenated(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
