/**
 * The production store under a simulated node: the real log and the real snapshots, on a disk in
 * memory that can be crashed, filled and made to fail at any operation.
 *
 * @module
 */

import { invariant, type Random, StorageFullError, type Store } from "@raftkv/core";
import type {
  DurableState,
  LogIndex,
  NodeId,
  PersistBatch,
  SnapshotChunk,
  SnapshotMeta,
} from "@raftkv/core/raft";
import type { StateCapture, StateRestorer } from "@raftkv/core/replica";
import { openStore } from "@raftkv/storage";
import { type DiskOperation, MemoryVfs } from "@raftkv/storage/memory";
import { checkRecovered, noteDamage } from "./check_recovered.ts";
import type { SimulatedDisk } from "./disk.ts";
import type { EventQueue } from "./event_queue.ts";
import type { NodeStorage, StorageEvents } from "./node_storage.ts";
import { type BitPlace, StoredFiles } from "./stored_files.ts";
import { CLUSTER_ID } from "./stranger.ts";
import { virtualVfs } from "./virtual_vfs.ts";

/** What a file storage is made of. */
export interface FileStorageParts {
  /** Whose it is. */
  readonly id: NodeId;
  /** What is durable, kept beside the files and compared with them at each start. */
  readonly ledger: SimulatedDisk;
  /** Names the life of the directory. */
  readonly incarnation: string;
  /** What is to happen. */
  readonly queue: EventQueue;
  /** Decides what survives a crash. */
  readonly random: Random;
  /** How long the next sync takes, in milliseconds. */
  readonly syncMs: () => number;
  /** Size at which a log segment is closed. */
  readonly segmentBytesMax: number;
  /** Size of what is read of a snapshot at once. */
  readonly snapshotChunkBytes: number;
  /** Whom to tell. */
  readonly events: StorageEvents;
}

/** How long to wait before asking a full disk again: what the pump of a real process does. */
const STORAGE_FULL_RETRY_MS = 500;

/** What is held back for the time in which a disk is full. */
const RESERVE_BYTES = 2_000;

const PATH = "data";

/** The production store in virtual time. */
export class FileStorage implements NodeStorage {
  /** The disk, for whoever damages or fills it. */
  readonly vfs: MemoryVfs = new MemoryVfs();
  /** What is on it, behind the store's back. */
  readonly files: StoredFiles = new StoredFiles(this.vfs, PATH);
  /** Called before each operation; what it throws, the operation throws. */
  beforeOperation: (operation: DiskOperation) => void = () => {};
  readonly #parts: FileStorageParts;
  #store: Store | null = null;
  #life = 0;
  #isShortOfRoom = false;
  /** Batch or snapshot on its way: a crash may keep it or not. */
  #writing: PersistBatch | null = null;
  #installing: SnapshotMeta | null = null;
  /** Whether bits have turned over since the last start. */
  #isDamaged = false;
  /** Calls that the store takes one at a time, and those that move chunks, in order. */
  #exclusive: Promise<void> = Promise.resolve();
  #chunks: Promise<void> = Promise.resolve();
  /** How much of each segment a later batch says was durable before it. */
  #provenBytes: ReadonlyMap<string, number> = new Map();
  /** What the disk would have come to, had it not hung. */
  #stuck: (() => void)[] | null = null;

  /** Begins with an empty disk. */
  constructor(parts: FileStorageParts) {
    this.#parts = parts;
    this.vfs.beforeOperation = (operation) => this.beforeOperation(operation);
  }

  /** Names the life of the directory. */
  get incarnation(): string {
    return this.#parts.incarnation;
  }

  open(restorer: () => StateRestorer, done: (recovered: DurableState) => void): void {
    const { id, segmentBytesMax, ledger, events } = this.#parts;
    const before = this.files.segmentBytes;
    const open = async () => {
      const store = await openStore(PATH, {
        clusterId: CLUSTER_ID,
        nodeId: id,
        segmentBytesMax,
        reserveBytes: RESERVE_BYTES,
        vfs: virtualVfs(this.vfs, (kind) => this.#wait(kind)),
        pause: () => Promise.resolve(),
      });
      const { recovered } = store;
      const unsynced = this.files.unsynced();
      if (recovered.snapshot !== null) await this.#restore(store, recovered.snapshot, restorer());
      return { store, recovered, unsynced };
    };
    this.#begin(open, ({ store, recovered, unsynced }) => {
      this.#store = store;
      this.#demandSynced("start", unsynced);
      const sizes = this.files.segmentBytes;
      const isCut = before.entries().some(([name, size]) => (sizes.get(name) ?? size) < size);
      if (isCut) events.onEvent("torn_tail_cut");
      this.files.onOpened();
      const underWay = {
        writing: this.#writing,
        installing: this.#installing,
        isDamaged: this.#isDamaged,
      };
      const found = checkRecovered(ledger, recovered, underWay);
      this.#writing = null;
      this.#installing = null;
      this.#isDamaged = false;
      if (found.batch !== null) events.onPersisted(found.batch);
      ledger.regain(recovered);
      noteDamage(ledger, recovered);
      this.#isShortOfRoom = false;
      done(recovered);
      this.#maybeReportRoom();
    });
  }

  append(batch: PersistBatch, done: () => void): void {
    this.#writing = batch;
    let provenBytes: ReadonlyMap<string, number> = new Map();
    const append = () => {
      provenBytes = this.files.segmentBytes;
      return this.#inTurn(async () => {
        await this.#withRoom(() => this.#opened.append(batch));
        return this.files.unsynced("log");
      });
    };
    this.#begin(append, (unsynced) => {
      this.#demandSynced("append", unsynced);
      this.#writing = null;
      this.#provenBytes = provenBytes;
      this.#parts.events.onPersisted(batch);
      this.#maybeReportRoom();
      done();
    });
  }

  compact(through: LogIndex): void {
    this.#parts.ledger.compact(through);
    this.#begin(() => this.#inTurn(() => this.#opened.compact(through)), () => {});
  }

  saveSnapshot(
    { point, slices }: StateCapture,
    done: (meta: SnapshotMeta | null) => void,
  ): void {
    const save = async () => {
      try {
        const meta = await this.#opened.saveSnapshot(point, slices);
        return { meta, unsynced: this.files.unsynced("snapshot") };
      } catch (error) {
        if (error instanceof StorageFullError) return { meta: null, unsynced: [] };
        throw error;
      }
    };
    this.#begin(save, ({ meta, unsynced }) => {
      this.#demandSynced("snapshot", unsynced);
      done(meta);
    });
  }

  readChunk(
    { index, offsetBytes, bytesMax }: Parameters<NodeStorage["readChunk"]>[0],
    done: (data: Uint8Array | null) => void,
  ): void {
    const read = () => this.#opened.readSnapshot(index, offsetBytes, bytesMax);
    this.#begin(() => this.#afterChunks(read), done);
  }

  stage(chunk: SnapshotChunk, done: (nextOffsetBytes: number) => void): void {
    const stage = () => this.#withRoom(() => this.#opened.stageSnapshot(chunk));
    this.#begin(() => this.#afterChunks(stage), done);
  }

  install(meta: SnapshotMeta, restorer: StateRestorer, done: (isSound: boolean) => void): void {
    const install = async () => {
      this.#installing = meta;
      const store = this.#opened;
      const isSound = await this.#withRoom(() => store.installSnapshot(meta));
      const unsynced = isSound ? this.files.unsynced() : [];
      if (isSound) await this.#restore(store, meta, restorer);
      return { isSound, unsynced };
    };
    this.#begin(() => this.#inTurn(install), ({ isSound, unsynced }) => {
      this.#demandSynced("installation", unsynced);
      this.#installing = null;
      if (isSound) this.#parts.ledger.adopt(meta);
      done(isSound);
    });
  }

  crash(): void {
    const { random } = this.#parts;
    this.#life++;
    this.#store = null;
    this.#stuck = null;
    this.#exclusive = Promise.resolve();
    this.#chunks = Promise.resolve();
    // A process that is killed leaves what it wrote in the cache; a power cut does not.
    if (random() < 1 / 2) this.vfs.kill();
    else this.vfs.crash(random);
  }

  hang(): void {
    this.#stuck ??= [];
  }

  mend(): void {
    const stuck = this.#stuck ?? [];
    this.#stuck = null;
    for (const goOn of stuck) goOn();
  }

  /** What the ledger takes for durable must be so: a crash that shows it may be long in coming. */
  #demandSynced(what: string, unsynced: readonly string[]): void {
    invariant(
      unsynced.length === 0,
      "I33 what the store calls durable is synced",
      () => ({ id: this.#parts.id, what, unsynced }),
    );
  }

  /** Ends all failures that are not damage: there is room again, and no operation fails. */
  repair(): void {
    this.beforeOperation = () => {};
    this.vfs.capacityBytes = Number.POSITIVE_INFINITY;
  }

  /**
   * Turns a bit over in what is stored, while the node is down; bytes of the last batch are spared.
   *
   * @returns Where, or null if there is nothing to damage
   */
  flipBit(random: Random): BitPlace | null {
    const place = this.files.flipBit(random, this.#provenBytes);
    if (place !== null) this.#isDamaged = true;
    return place;
  }

  get #opened(): Store {
    if (this.#store === null) throw new Error("Cannot use the store: It is not open");
    return this.#store;
  }

  /**
   * Makes a call in an event of its own, and hands its end over in another: a crash may come before,
   * between and after, and what throws is seen by whoever runs the events.
   */
  #begin<T>(call: () => Promise<T>, done: (value: T) => void): void {
    const { queue, events } = this.#parts;
    const life = this.#life;
    const ifAlive = (work: () => void) => () => {
      if (this.#life === life) work();
    };
    queue.after(
      0,
      ifAlive(() => {
        queue.owesTurn = true;
        call().then(
          (value) => queue.after(0, ifAlive(() => done(value))),
          (error) => queue.after(0, ifAlive(() => events.onFailed(error))),
        );
      }),
    );
  }

  /** Tells the node, and asks the disk again and again until there is room: as the pump does. */
  #maybeReportRoom(): void {
    if (this.#isShortOfRoom || !this.#opened.isShortOfRoom) return;
    this.#isShortOfRoom = true;
    this.#parts.events.onRoom(true);
    this.#reclaimLater();
  }

  #reclaimLater(): void {
    const reclaim = async () => {
      await this.#sleep(STORAGE_FULL_RETRY_MS);
      return await this.#inTurn(() => this.#opened.reclaimRoom());
    };
    this.#begin(reclaim, (hasRoom) => {
      if (!hasRoom) return this.#reclaimLater();
      this.#isShortOfRoom = false;
      this.#parts.events.onRoom(false);
      this.#parts.events.onEvent("room_again");
    });
  }

  #inTurn<T>(call: () => Promise<T>): Promise<T> {
    const result = this.#exclusive.then(call);
    this.#exclusive = result.then(() => {}, () => {});
    return result;
  }

  #afterChunks<T>(call: () => Promise<T>): Promise<T> {
    const result = this.#chunks.then(call);
    this.#chunks = result.then(() => {}, () => {});
    return result;
  }

  async #withRoom<T>(call: () => Promise<T>): Promise<T> {
    for (let isFull = false;;) {
      try {
        const value = await call();
        if (isFull) this.#parts.events.onEvent("room_again");
        return value;
      } catch (error) {
        if (!(error instanceof StorageFullError)) throw error;
        isFull = true;
        await this.#sleep(STORAGE_FULL_RETRY_MS);
      }
    }
  }

  async #restore(store: Store, meta: SnapshotMeta, restorer: StateRestorer): Promise<void> {
    const { snapshotChunkBytes } = this.#parts;
    for (let offset = 0; offset < meta.sizeBytes;) {
      const slice = await store.readSnapshot(meta.last.index, offset, snapshotChunkBytes);
      if (slice === null || slice.length === 0) {
        throw new Error(`Cannot read the snapshot at ${meta.last.index}: It ends at ${offset}`);
      }
      restorer.push(slice);
      offset += slice.length;
    }
    restorer.finish();
  }

  #wait(kind: "read" | "change" | "sync"): Promise<void> {
    const { syncMs } = this.#parts;
    return this.#sleep(kind === "sync" ? syncMs() : kind === "change" ? syncMs() / 10 : 0);
  }

  /** Never resolves once the node has ended. */
  #sleep(ms: number): Promise<void> {
    const { queue } = this.#parts;
    const life = this.#life;
    return new Promise((resolve) => {
      const goOn = () => {
        queue.owesTurn = true;
        resolve();
      };
      queue.after(ms, () => {
        if (this.#life !== life) return;
        if (this.#stuck === null) goOn();
        else this.#stuck.push(goOn);
      });
    });
  }
}
