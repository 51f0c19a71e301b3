/**
 * A disk in virtual time: what was synced survives a crash, what was being written does not. The
 * fast stand-in for the real storage; it obeys the same contract.
 *
 * @module
 */

import type { Random } from "@raftkv/core";
import type {
  DurableState,
  HardState,
  LogIndex,
  LogPosition,
  PersistBatch,
  SnapshotChunk,
  SnapshotMeta,
  SnapshotPoint,
  StoredEntry,
  Term,
} from "@raftkv/core/raft";

interface StoredSnapshot {
  readonly meta: SnapshotMeta;
  readonly bytes: Uint8Array;
}

const EMPTY_POSITION = { index: 0, term: 0 } as LogPosition;

/** The durable half of a simulated node. Every change here is already synced. */
export class SimulatedDisk {
  #hardState: HardState = { term: EMPTY_POSITION.term, votedFor: null };
  #base: LogPosition = EMPTY_POSITION;
  #entries: StoredEntry[] = [];
  #snapshots: StoredSnapshot[] = [];
  #staged: { meta: SnapshotMeta; bytes: Uint8Array[]; size: number } | null = null;

  /** The durable term and vote. */
  get hardState(): HardState {
    return this.#hardState;
  }

  /** The last durable entry, or the last that a snapshot covers. */
  get lastIndex(): LogIndex {
    return (this.#base.index + this.#entries.length) as LogIndex;
  }

  /** The durable term at `index`; null if it is compacted away or not there. */
  termAt(index: LogIndex): Term | null {
    if (index === this.#base.index) return this.#base.term;
    return this.#entries[index - this.#base.index - 1]?.term ?? null;
  }

  /** The last entry that is let go; 0 if none is. */
  get baseIndex(): LogIndex {
    return this.#base.index;
  }

  /** The last entry that a kept snapshot covers; of those in files, what was received. */
  get snapshotIndex(): LogIndex {
    return this.#snapshots.at(-1)?.meta.last.index ?? EMPTY_POSITION.index;
  }

  /** Whether `index` is compacted away. */
  isCompacted(index: LogIndex): boolean {
    return index < this.#base.index;
  }

  /** Whether what stood at `index` was lost to damage. */
  isLost(index: LogIndex): boolean {
    return this.#entries[index - this.#base.index - 1]?.kind === "lost";
  }

  /** Whether every snapshot that reaches the log was lost to damage. */
  isStateLost = false;

  /** Whether nothing of it is lost to damage. */
  get isWhole(): boolean {
    return !this.isStateLost && this.#entries.every(({ kind }) => kind !== "lost");
  }

  /** What a restart finds. */
  recover(): DurableState {
    return {
      hardState: this.#hardState,
      snapshot: this.#snapshots.at(-1)?.meta ?? null,
      base: this.#base,
      entries: [...this.#entries],
    };
  }

  /** Files let go of a log in large pieces: a start finds more than was to be let go of. */
  regain({ base, entries }: DurableState): void {
    if (base.index >= this.#base.index) return;
    this.#entries.unshift(...entries.slice(0, this.#base.index - base.index));
    this.#base = base;
  }

  /** A durable entry rots: what it said is gone, what it was is known by its neighbours. */
  lose(index: LogIndex): void {
    const entry = this.#entries[index - this.#base.index - 1];
    if (entry === undefined) throw new RangeError(`Cannot lose entry ${index}: It is not there`);
    const { term } = entry;
    this.#entries[index - this.#base.index - 1] = { kind: "lost", index, term };
  }

  /** All snapshots rot: what stood before the log is lost. */
  loseSnapshots(): void {
    if (this.#base.index === 0) throw new RangeError("Cannot lose the state: The log begins at 0");
    this.#snapshots = [];
    this.isStateLost = true;
  }

  /** An entry that was lost is there again. */
  restore(entry: StoredEntry): void {
    if (this.isLost(entry.index)) this.#entries[entry.index - this.#base.index - 1] = entry;
  }

  /** Whether the entry at `index` is neither compacted away nor beyond the end. */
  #holds(index: LogIndex): boolean {
    return index > this.#base.index && index <= this.lastIndex;
  }

  /** Some entry that is held, drawn by chance; null if there is none. */
  anyIndex(random: Random): LogIndex | null {
    if (this.#entries.length === 0) return null;
    return (this.#base.index + 1 + Math.floor(random() * this.#entries.length)) as LogIndex;
  }

  /** A batch has reached the disk. */
  append(batch: PersistBatch): void {
    if (batch.hardState !== null) this.#hardState = batch.hardState;
    for (const entry of batch.repairs) {
      if (this.#holds(entry.index)) this.#entries[entry.index - this.#base.index - 1] = entry;
    }
    const first = batch.entries[0];
    if (first === undefined) return;
    this.#entries.length = first.index - this.#base.index - 1;
    this.#entries.push(...batch.entries);
  }

  /** Lets go of entries up to `through`. */
  compact(through: LogIndex): void {
    const last = this.#entries[through - this.#base.index - 1];
    if (last === undefined) return;
    this.#entries = this.#entries.slice(through - this.#base.index);
    this.#base = { index: last.index, term: last.term };
  }

  /** Keeps a snapshot of the own state machine, and the one before it. */
  saveSnapshot(
    point: SnapshotPoint,
    slices: Iterable<Uint8Array>,
  ): SnapshotMeta {
    const bytes = concat([...slices]);
    const meta = { ...point, sizeBytes: bytes.length, digest: digestOf(bytes) };
    this.#keep({ meta, bytes });
    return meta;
  }

  /** A slice of a kept snapshot, or null if it is gone. */
  readSnapshot(
    index: LogIndex,
    offset: number,
    bytesMax: number,
  ): Uint8Array | null {
    const found = this.#snapshots.find(({ meta }) => meta.last.index === index);
    return found?.bytes.subarray(offset, offset + bytesMax) ?? null;
  }

  /** Takes the first chunk, or the next one; returns the offset that is wanted now. */
  stageSnapshot({ meta, offsetBytes, data }: SnapshotChunk): number {
    const isSame = this.#staged?.meta.digest === meta.digest &&
      this.#staged.meta.last.index === meta.last.index;
    if (offsetBytes === 0) this.#staged = { meta, bytes: [], size: 0 };
    if (this.#staged === null || (offsetBytes > 0 && !isSame)) return 0;
    if (offsetBytes === this.#staged.size) {
      this.#staged.bytes.push(data);
      this.#staged.size += data.length;
    }
    return this.#staged.size;
  }

  /** Makes the staged snapshot the node's own, unless its bytes are not what was promised. */
  installSnapshot(meta: SnapshotMeta): boolean {
    const bytes = concat(this.#staged?.bytes ?? []);
    this.#staged = null;
    if (digestOf(bytes) !== meta.digest) return false;
    this.#install({ meta, bytes });
    return true;
  }

  /** A snapshot whose bytes are kept elsewhere has become the node's own. */
  adopt(meta: SnapshotMeta): void {
    this.#install({ meta, bytes: new Uint8Array() });
  }

  #install(snapshot: StoredSnapshot): void {
    const { last } = snapshot.meta;
    // The log may have been let go beyond it meanwhile.
    if (last.index >= this.#base.index) {
      const held = this.#entries[last.index - this.#base.index - 1];
      const keeps = last.index === this.#base.index || held?.term === last.term;
      this.#entries = keeps ? this.#entries.slice(last.index - this.#base.index) : [];
      this.#base = last;
    }
    this.#keep(snapshot);
  }

  /** A snapshot that was being saved while a later one was installed comes second. */
  #keep(snapshot: StoredSnapshot): void {
    this.isStateLost = false;
    this.#snapshots = [...this.#snapshots, snapshot]
      .sort((a, b) => a.meta.last.index - b.meta.last.index)
      .slice(-2);
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(
    parts.reduce((size, part) => size + part.length, 0),
  );
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** FNV-1a: enough to tell damaged bytes from whole ones where nobody forges them. */
function digestOf(bytes: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < bytes.length; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  hash >>>= 0;
  return hash.toString(16).padStart(64, "0");
}
