/**
 * One simulated node: the production replica, hosted in virtual time on a simulated disk. What the
 * pump does in a real process is done here.
 *
 * @module
 */

import { decodeMessage, encodeMessage } from "@raftkv/core/codec";
import type { Random } from "@raftkv/core";
import type {
  Configuration,
  Envelope,
  NodeId,
  NodeStatus,
  PersistBatch,
  RaftTiming,
  RaftWindows,
} from "@raftkv/core/raft";
import {
  type HostTask,
  type Input,
  type Outbox,
  Replica,
  type Reply,
  StateDivergedError,
} from "@raftkv/core/replica";
import type { StateMachine } from "@raftkv/core/replica";
import { SimulatedDisk } from "./disk.ts";
import type { EventQueue } from "./event_queue.ts";
import type { Network } from "./network.ts";
import type { Observer } from "./observer.ts";
import { SimulatedProcess } from "./process.ts";

/** What a simulated node is made of. */
export interface SimulatedNodeOptions<Result> {
  /** Its name. */
  readonly id: NodeId;
  /** The members of the new cluster. */
  readonly configuration: Configuration;
  /** Heartbeats and timeouts. */
  readonly timing: RaftTiming;
  /** How much may be under way. */
  readonly windows: RaftWindows;
  /** Applied bytes of log after which a snapshot is due. */
  readonly snapshotLogBytesMin: number;
  /** Makes the empty state machine of each start. */
  readonly createMachine: () => StateMachine<Result>;
  /** The one source of chance. */
  readonly random: Random;
  /** What is to happen. */
  readonly queue: EventQueue;
  /** What carries its messages. */
  readonly network: Network;
  /** How long a sync takes, in milliseconds. */
  readonly syncMs: () => number;
  /** Size of a snapshot's chunks in bytes. */
  readonly snapshotChunkBytes: number;
  /** A request has ended. */
  readonly onReply: (reply: Reply<Result>) => void;
  /** The node's state is not that of the others: it has stopped and must be treated as crashed. */
  readonly onHalted: (id: NodeId, error: StateDivergedError) => void;
  /** Watches over the rules. */
  readonly observer: Observer;
}

/** A node that can crash and come back. */
export class SimulatedNode<Result> {
  /** What survives a crash. */
  readonly disk: SimulatedDisk = new SimulatedDisk();
  readonly #options: SimulatedNodeOptions<Result>;
  /** What runs since the last start; null while the node is down. */
  #running: {
    readonly replica: Replica<Result>;
    readonly machine: StateMachine<Result>;
  } | null = null;
  readonly #process = new SimulatedProcess();
  /** The batch that is being written. */
  #writing: PersistBatch | null = null;
  /** What the disk would have finished, had it not hung. */
  #stuck: (() => void)[] | null = null;
  #wakeMs = Infinity;

  /** Makes a node that is down; {@linkcode SimulatedNode.start} brings it up. */
  constructor(options: SimulatedNodeOptions<Result>) {
    this.#options = options;
  }

  /** Its name. */
  get id(): NodeId {
    return this.#options.id;
  }

  /** Whether it runs. */
  get isUp(): boolean {
    return this.#running !== null;
  }

  /** Names the present run, or the present time between two. */
  get life(): number {
    return this.#process.life;
  }

  /** The state machine of the running node, or null if it is down. */
  get machine(): StateMachine<Result> | null {
    return this.#running?.machine ?? null;
  }

  /** How the running node sees itself, or null if it is down. */
  status(): NodeStatus | null {
    return this.#running?.replica.status() ?? null;
  }

  /** The members in force for the running node, or null if it is down. */
  get configuration(): Configuration | null {
    return this.#running?.replica.configuration ?? null;
  }

  /** Starts from what the disk holds. */
  start(): void {
    const { id, configuration, timing, random, queue } = this.#options;
    this.#process.renew();
    const machine = this.#options.createMachine();
    const recovered = this.disk.recover();
    if (recovered.snapshot !== null) {
      const { last, sizeBytes } = recovered.snapshot;
      const restorer = machine.restorer();
      restorer.push(
        this.disk.readSnapshot(last.index, 0, sizeBytes) ?? new Uint8Array(),
      );
      restorer.finish();
    }
    const replica = new Replica<Result>({
      id,
      initialConfiguration: configuration,
      recovered,
      timing,
      windows: this.#options.windows,
      random,
      now: this.#now(),
      machine,
      snapshotLogBytesMin: this.#options.snapshotLogBytesMin,
    });
    this.#running = { replica, machine };
    this.#wakeMs = Infinity;
    queue.after(0, this.#process.during(() => this.#drain()));
  }

  /** Stops at once; what was not synced is lost, save perhaps the batch that was being written. */
  crash(options: { readonly keepsWrite: boolean } = { keepsWrite: false }): void {
    if (options.keepsWrite && this.#writing !== null) this.#append(this.#writing);
    this.#running = null;
    this.#writing = null;
    this.#stuck = null;
    this.#process.renew();
    this.#options.observer.onCrashed(this.id);
  }

  /** Stands still: its clock goes on, nothing else does. */
  pause(): void {
    this.#process.pause();
  }

  /** Goes on after a pause. */
  resume(): void {
    this.#process.resume();
  }

  /** Lets no disk operation end any more. */
  hangDisk(): void {
    this.#stuck ??= [];
  }

  /** Lets the operations that hung end, and all later ones. */
  mendDisk(): void {
    const stuck = this.#stuck ?? [];
    this.#stuck = null;
    for (const finish of stuck) finish();
  }

  /** Feeds one input to the running node. */
  step(input: Input): void {
    this.#process.run(() => {
      if (this.#running === null) return;
      this.#running.replica.step(this.#now(), input);
      this.#drain();
    });
  }

  /** Bytes arrived from a peer. */
  deliver(from: NodeId, bytes: Uint8Array): void {
    const message = decodeMessage(bytes);
    if (message.type !== "malformed") {
      this.step({ kind: "message", from, message });
    }
  }

  #now() {
    const { nowMs } = this.#options.queue;
    return {
      monotonicMs: nowMs,
      wallMs: Math.floor(1_700_000_000_000 + nowMs),
    };
  }

  #drain(): void {
    if (this.#running === null) return;
    const { observer, queue, syncMs } = this.#options;
    const out = this.#outboxOf(this.#running.replica);
    if (out === null) return;
    observer.onStepped(this);
    this.#send(out.sendNow);
    if (out.persist !== null) {
      const batch = out.persist;
      this.#writing = batch;
      this.#onDisk(syncMs(), () => {
        this.#writing = null;
        this.#append(batch);
        this.#send(out.sendAfterPersist);
        this.step({ kind: "persisted", ticket: batch.ticket });
      });
    }
    for (const reply of out.replies) this.#options.onReply(reply);
    for (const task of out.tasks) this.#carryOut(task);
    if (out.hasMore) queue.after(0, this.#process.during(() => this.#drain()));
    this.#armTimer();
  }

  #outboxOf(replica: Replica<Result>): Outbox<Result> | null {
    try {
      return replica.drain();
    } catch (error) {
      if (!(error instanceof StateDivergedError)) throw error;
      this.#options.onHalted(this.id, error);
      return null;
    }
  }

  #send(envelopes: readonly Envelope[]): void {
    const { network, observer } = this.#options;
    for (const envelope of envelopes) {
      observer.onSent(this, envelope);
      network.send(this.id, envelope.to, encodeMessage(envelope.message));
    }
  }

  #append(batch: PersistBatch): void {
    const { observer } = this.#options;
    observer.onPersisting(this, batch);
    this.disk.append(batch);
    observer.onPersisted(this, batch);
  }

  #armTimer(): void {
    const wakeMs = this.#running?.replica.wakeAtMs ?? Infinity;
    const { queue } = this.#options;
    if (wakeMs >= this.#wakeMs && this.#wakeMs > queue.nowMs) return;
    this.#wakeMs = wakeMs;
    queue.after(
      wakeMs - queue.nowMs,
      this.#process.during(() => {
        if (this.#wakeMs !== wakeMs) return;
        this.#wakeMs = Infinity;
        this.step({ kind: "tick" });
      }),
    );
  }

  /** Ends a disk operation in `ms`, unless the disk hangs by then or the node has crashed. */
  #onDisk(ms: number, finish: () => void): void {
    const work = this.#process.during(finish);
    this.#options.queue.after(ms, () => {
      if (this.#stuck === null) work();
      else this.#stuck.push(work);
    });
  }

  #carryOut(task: HostTask): void {
    const { syncMs } = this.#options;
    switch (task.kind) {
      case "compact":
        return this.disk.compact(task.through);
      case "save_snapshot":
        return this.#onDisk(10 * syncMs(), () => this.#save(task));
      case "read_chunk":
        return this.#onDisk(0, () => this.#readChunk(task));
      case "stage_chunk":
        return this.#onDisk(syncMs(), () => this.#stageChunk(task));
      case "install":
        return this.#onDisk(syncMs(), () => this.#install(task));
    }
  }

  #save({ point, slices }: Extract<HostTask, { kind: "save_snapshot" }>): void {
    const meta = this.disk.saveSnapshot(point, slices);
    this.#options.observer.onSnapshot(this, meta);
    this.step({ kind: "snapshot_saved", meta });
  }

  #readChunk({ to, meta, offsetBytes }: Extract<HostTask, { kind: "read_chunk" }>): void {
    const { index } = meta.last;
    const data = this.disk.readSnapshot(index, offsetBytes, this.#options.snapshotChunkBytes);
    const chunk = data === null ? null : { meta, offsetBytes, data };
    this.step({ kind: "chunk_read", to, index, chunk });
  }

  #stageChunk({ from, chunk }: Extract<HostTask, { kind: "stage_chunk" }>): void {
    const nextOffsetBytes = this.disk.stageSnapshot(chunk);
    this.step({ kind: "chunk_staged", from, meta: chunk.meta, nextOffsetBytes });
  }

  #install({ meta, restorer }: Extract<HostTask, { kind: "install" }>): void {
    const ok = this.disk.installSnapshot(meta);
    if (ok) {
      restorer.push(
        this.disk.readSnapshot(meta.last.index, 0, meta.sizeBytes) ??
          new Uint8Array(),
      );
      restorer.finish();
      this.#options.observer.onInstalled();
    }
    this.step({ kind: "installed", meta, ok });
  }
}
