/**
 * The fast stand-in for the real storage: a ledger of what is durable, and virtual time. What was
 * synced survives a crash; the batch that was being written survives it by chance, as a whole.
 *
 * @module
 */

import type { Random } from "@raftkv/core";
import type { LogIndex, PersistBatch, SnapshotChunk, SnapshotMeta } from "@raftkv/core/raft";
import type { StateCapture, StateRestorer } from "@raftkv/core/replica";
import type { SimulatedDisk } from "./disk.ts";
import type { EventQueue } from "./event_queue.ts";
import type { NodeStorage, StorageEvents } from "./node_storage.ts";

/** What a ledger's storage is made of. */
export interface LedgerStorageParts {
  /** What is durable. */
  readonly ledger: SimulatedDisk;
  /** Names the life of the directory. */
  readonly incarnation: string;
  /** What is to happen. */
  readonly queue: EventQueue;
  /** Decides what survives a crash. */
  readonly random: Random;
  /** How long the next sync takes, in milliseconds. */
  readonly syncMs: () => number;
  /** Whom to tell. */
  readonly events: StorageEvents;
}

/** A disk that obeys the store's contract in virtual time. */
export class LedgerStorage implements NodeStorage {
  readonly #parts: LedgerStorageParts;
  #life = 0;
  #writing: PersistBatch | null = null;
  /** What the disk would have finished, had it not hung. */
  #stuck: (() => void)[] | null = null;

  /** Begins with what the ledger holds. */
  constructor(parts: LedgerStorageParts) {
    this.#parts = parts;
  }

  /** Names the life of the directory. */
  get incarnation(): string {
    return this.#parts.incarnation;
  }

  open(
    restorer: () => StateRestorer,
    done: Parameters<NodeStorage["open"]>[1],
  ): void {
    const { ledger } = this.#parts;
    const recovered = ledger.recover();
    if (recovered.snapshot !== null) this.#restore(recovered.snapshot, restorer());
    done(recovered);
  }

  append(batch: PersistBatch, done: () => void): void {
    this.#writing = batch;
    this.#after(this.#parts.syncMs(), () => {
      this.#writing = null;
      this.#parts.events.onPersisted(batch);
      done();
    });
  }

  compact(through: LogIndex): void {
    this.#parts.ledger.compact(through);
  }

  saveSnapshot({ point, slices }: StateCapture, done: (meta: SnapshotMeta) => void): void {
    this.#after(10 * this.#parts.syncMs(), () => {
      done(this.#parts.ledger.saveSnapshot(point, slices));
    });
  }

  readChunk(
    { index, offsetBytes, bytesMax }: Parameters<NodeStorage["readChunk"]>[0],
    done: (data: Uint8Array | null) => void,
  ): void {
    this.#after(0, () => done(this.#parts.ledger.readSnapshot(index, offsetBytes, bytesMax)));
  }

  stage(chunk: SnapshotChunk, done: (nextOffsetBytes: number) => void): void {
    this.#after(this.#parts.syncMs(), () => done(this.#parts.ledger.stageSnapshot(chunk)));
  }

  install(meta: SnapshotMeta, restorer: StateRestorer, done: (isSound: boolean) => void): void {
    this.#after(this.#parts.syncMs(), () => {
      const isSound = this.#parts.ledger.installSnapshot(meta);
      if (isSound) this.#restore(meta, restorer);
      done(isSound);
    });
  }

  crash(): void {
    const { random, events } = this.#parts;
    if (this.#writing !== null && random() < 1 / 2) events.onPersisted(this.#writing);
    this.#writing = null;
    this.#stuck = null;
    this.#life++;
  }

  hang(): void {
    this.#stuck ??= [];
  }

  mend(): void {
    const stuck = this.#stuck ?? [];
    this.#stuck = null;
    for (const finish of stuck) finish();
  }

  /** Ends an operation in `ms`, unless the disk hangs by then or the node has crashed. */
  #after(ms: number, finish: () => void): void {
    const life = this.#life;
    this.#parts.queue.after(ms, () => {
      if (this.#life !== life) return;
      if (this.#stuck === null) finish();
      else this.#stuck.push(finish);
    });
  }

  #restore({ last, sizeBytes }: SnapshotMeta, restorer: StateRestorer): void {
    const { ledger } = this.#parts;
    restorer.push(ledger.readSnapshot(last.index, 0, sizeBytes) ?? new Uint8Array());
    restorer.finish();
  }
}
