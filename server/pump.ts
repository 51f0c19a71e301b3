/**
 * Carries out what the replica decides: inputs in batches, one outbox per batch, one sync per outbox.
 * It has no opinions of its own; everything that arrives while a sync is under way forms the next
 * batch.
 *
 * @module
 */

import { type Instant, LIMITS, StorageFullError, type Store, type Transport } from "@raftkv/core";
import { encodeMessage } from "@raftkv/core/codec";
import type { Envelope, PersistBatch, SnapshotMeta } from "@raftkv/core/raft";
import type { HostTask, Input, Outbox, Replica, Reply } from "@raftkv/core/replica";
import { setImmediate } from "node:timers";

/** What a pump joins. */
export interface PumpOptions<Result> {
  readonly replica: Replica<Result>;
  readonly store: Store;
  readonly transport: Transport;
  readonly now: () => Instant;
  /** A client's request has ended. */
  readonly onReply: (reply: Reply<Result>) => void;
  /** The replica has taken its inputs: its role or leader may have changed. */
  readonly onTurn: () => void;
  /** The node must end: its disk or its own invariants failed. Called once. */
  readonly onFatal: (error: unknown) => void;
}

/** How long to wait before asking a full disk again, in milliseconds. */
const STORAGE_FULL_RETRY_MS = 500;

const NOTHING: Uint8Array = new Uint8Array(0);

/** The loop that drives one replica. */
export class Pump<Result> {
  readonly #options: PumpOptions<Result>;
  #inbox: Input[] = [];
  #isScheduled = false;
  #isStopped = false;
  #timer: { readonly id: ReturnType<typeof setTimeout>; readonly atMs: number } | null = null;
  /** Calls that the store takes one at a time. */
  #exclusive: Promise<void> = Promise.resolve();
  /** Chunks that are read or staged, in order. */
  #chunks: Promise<void> = Promise.resolve();
  #saving: Promise<void> = Promise.resolve();
  #isShortOfRoom = false;
  #reclaimTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: PumpOptions<Result>) {
    this.#options = options;
    if (options.store.isShortOfRoom) this.#onShortOfRoom();
  }

  /** Hands an input to the replica soon, together with all that arrive until then. */
  push(input: Input): void {
    if (this.#isStopped) return;
    this.#inbox.push(input);
    this.#schedule();
  }

  /** Takes no further input and waits for the storage calls under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer.id);
    this.#timer = null;
    clearTimeout(this.#reclaimTimer);
    await Promise.all([this.#exclusive, this.#chunks, this.#saving]);
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isStopped) return;
    this.#isScheduled = true;
    // After the sockets that are readable now have been read: their messages make one batch. A
    // timer of 0 ms would cost a millisecond or two.
    setImmediate(() => {
      this.#isScheduled = false;
      this.#turn();
    });
  }

  #turn(): void {
    if (this.#isStopped) return;
    const { replica, now, onTurn } = this.#options;
    const inputs = this.#inbox;
    this.#inbox = [];
    try {
      const instant = now();
      for (const input of inputs) replica.step(instant, input);
      this.#carryOut(replica.drain());
    } catch (error) {
      this.#fail(error);
      return;
    }
    onTurn();
    this.#armTimer();
  }

  #carryOut(out: Outbox<Result>): void {
    this.#send(out.sendNow);
    if (out.persist !== null) this.#persist(out.persist, out.sendAfterPersist);
    for (const reply of out.replies) this.#options.onReply(reply);
    for (const task of out.tasks) this.#begin(task);
    if (out.hasMore) this.#schedule();
  }

  #send(envelopes: readonly Envelope[]): void {
    // A broadcast is one message object under several addresses: it is encoded once.
    let message: Envelope["message"] | null = null;
    let bytes: Uint8Array = NOTHING;
    for (const envelope of envelopes) {
      if (envelope.message !== message) {
        message = envelope.message;
        bytes = encodeMessage(message);
      }
      this.#options.transport.send(envelope.to, bytes);
    }
  }

  #persist(batch: PersistBatch, after: readonly Envelope[]): void {
    this.#exclusive = this.#exclusive
      .then(() => this.#withRoom(() => this.#options.store.append(batch)))
      .then(() => {
        if (this.#isStopped) return;
        if (this.#options.store.isShortOfRoom) this.#onShortOfRoom();
        this.#send(after);
        this.#inbox.push({ kind: "persisted", ticket: batch.ticket });
        this.#turn();
      })
      .catch((error) => this.#fail(error));
  }

  /**
   * Repeats a call for which the disk has no room: nothing was written and nothing promised. A leader
   * that waits longer than an election timeout gives way.
   */
  async #withRoom<T>(call: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await call();
      } catch (error) {
        if (!(error instanceof StorageFullError) || this.#isStopped) throw error;
        await new Promise((resolve) => setTimeout(resolve, STORAGE_FULL_RETRY_MS));
      }
    }
  }

  /** Tells the replica, and asks the disk again and again until there is room. */
  #onShortOfRoom(): void {
    if (this.#isShortOfRoom) return;
    this.#isShortOfRoom = true;
    this.push({ kind: "disk_room", isShort: true });
    this.#reclaimLater();
  }

  /** Waits beside the batches, then tries in turn with them. */
  #reclaimLater(): void {
    this.#reclaimTimer = setTimeout(() => {
      this.#exclusive = this.#exclusive
        .then(() => this.#options.store.reclaimRoom())
        .then((hasRoom) => {
          if (this.#isStopped) return;
          if (!hasRoom) return this.#reclaimLater();
          this.#isShortOfRoom = false;
          this.push({ kind: "disk_room", isShort: false });
        })
        .catch((error) => this.#fail(error));
    }, STORAGE_FULL_RETRY_MS);
  }

  #begin(task: HostTask): void {
    const { store } = this.#options;
    switch (task.kind) {
      case "compact":
        this.#exclusive = this.#exclusive
          .then(() => store.compact(task.through))
          .catch((error) => this.#fail(error));
        return;
      case "install":
        this.#exclusive = this.#exclusive
          .then(() => this.#install(task))
          .catch((error) => this.#fail(error));
        return;
      case "save_snapshot":
        this.#saving = this.#save(task).catch((error) => this.#fail(error));
        return;
      case "read_chunk":
        this.#chunks = this.#chunks
          .then(() => this.#readChunk(task))
          .catch((error) => this.#fail(error));
        return;
      case "stage_chunk":
        this.#chunks = this.#chunks
          .then(() => this.#stageChunk(task))
          .catch((error) => this.#fail(error));
        return;
    }
  }

  async #save({ point, slices }: Extract<HostTask, { kind: "save_snapshot" }>) {
    try {
      // Who stops waits for it.
      const isUrgent = () => this.#isStopped;
      const meta = await this.#options.store.saveSnapshot(point, slices, isUrgent);
      this.push({ kind: "snapshot_saved", meta });
    } catch (error) {
      // The log goes on without it; the next one is tried when more has been written, or after a while
      // if a follower waits for it.
      if (!(error instanceof StorageFullError)) throw error;
      this.push({ kind: "snapshot_failed" });
    }
  }

  async #readChunk({ to, meta, offsetBytes }: Extract<HostTask, { kind: "read_chunk" }>) {
    const { index } = meta.last;
    const data = await this.#options.store.readSnapshot(
      index,
      offsetBytes,
      LIMITS.snapshotChunkBytes,
    );
    const chunk = data === null ? null : { meta, offsetBytes, data };
    this.push({ kind: "chunk_read", to, index, chunk });
  }

  async #stageChunk({ from, chunk }: Extract<HostTask, { kind: "stage_chunk" }>) {
    const { store } = this.#options;
    const nextOffsetBytes = await this.#withRoom(() => store.stageSnapshot(chunk));
    this.push({ kind: "chunk_staged", from, meta: chunk.meta, nextOffsetBytes });
  }

  async #install({ meta, restorer }: Extract<HostTask, { kind: "install" }>) {
    const { store } = this.#options;
    const ok = await this.#withRoom(() => store.installSnapshot(meta));
    if (ok) {
      for await (const slice of snapshotSlices(store, meta)) restorer.push(slice);
      restorer.finish();
    }
    this.push({ kind: "installed", meta, ok });
  }

  #armTimer(): void {
    const { replica, now } = this.#options;
    const atMs = replica.wakeAtMs;
    if (this.#timer !== null) {
      if (this.#timer.atMs <= atMs) return;
      clearTimeout(this.#timer.id);
    }
    const delayMs = Math.max(0, atMs - now().monotonicMs);
    const id = setTimeout(() => {
      this.#timer = null;
      this.push({ kind: "tick" });
    }, delayMs);
    this.#timer = { id, atMs };
  }

  #fail(error: unknown): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer.id);
    this.#timer = null;
    clearTimeout(this.#reclaimTimer);
    this.#options.onFatal(error);
  }
}

/** A stored snapshot's bytes, slice by slice, giving way to other work between two. */
export async function* snapshotSlices(
  store: Store,
  meta: SnapshotMeta,
): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < meta.sizeBytes;) {
    const slice = await store.readSnapshot(
      meta.last.index,
      offset,
      LIMITS.snapshotChunkBytes,
    );
    if (slice === null || slice.length === 0) {
      throw new Error(`Cannot read the snapshot at ${meta.last.index}: It ends at byte ${offset}`);
    }
    offset += slice.length;
    yield slice;
  }
}
