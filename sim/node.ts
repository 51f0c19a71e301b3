/**
 * One simulated node: the production replica, hosted in virtual time on a simulated disk. What the
 * pump does in a real process is done here.
 *
 * @module
 */

import { decodeMessage, encodeMessage } from "@raftkv/core/codec";
import { LIMITS, type Random } from "@raftkv/core";
import type { Configuration, NodeId, NodeStatus, RaftTiming } from "@raftkv/core/raft";
import { DEFAULT_WINDOWS } from "@raftkv/core/raft";
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

/** What a simulated node is made of. */
export interface SimulatedNodeOptions<Result> {
  /** Its name. */
  readonly id: NodeId;
  /** The members of the new cluster. */
  readonly configuration: Configuration;
  /** Heartbeats and timeouts. */
  readonly timing: RaftTiming;
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
  /** A request has ended. */
  readonly onReply: (reply: Reply<Result>) => void;
  /** The node's state is not that of the others: it has stopped and must be treated as crashed. */
  readonly onHalted: (id: NodeId, error: StateDivergedError) => void;
  /** Called after each step of the node, for whoever watches over the rules. */
  readonly onStepped: (node: SimulatedNode<Result>) => void;
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
  /** Counts the starts: completions from before a crash belong to nobody. */
  #life = 0;
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

  /** The state machine of the running node, or null if it is down. */
  get machine(): StateMachine<Result> | null {
    return this.#running?.machine ?? null;
  }

  /** How the running node sees itself, or null if it is down. */
  status(): NodeStatus | null {
    return this.#running?.replica.status() ?? null;
  }

  /** Starts from what the disk holds. */
  start(): void {
    const { id, configuration, timing, random, queue } = this.#options;
    this.#life++;
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
      windows: DEFAULT_WINDOWS,
      random,
      now: this.#now(),
      machine,
      snapshotLogBytesMin: this.#options.snapshotLogBytesMin,
    });
    this.#running = { replica, machine };
    this.#wakeMs = Infinity;
    queue.after(0, this.#guarded(() => this.#drain()));
  }

  /** Stops at once; what was not synced is lost. */
  crash(): void {
    this.#running = null;
    this.#life++;
  }

  /** Feeds one input to the running node. */
  step(input: Input): void {
    if (this.#running === null) return;
    this.#running.replica.step(this.#now(), input);
    this.#drain();
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
    const { network, queue } = this.#options;
    const { replica } = this.#running;
    const out = this.#outboxOf(replica);
    if (out === null) return;
    for (const { to, message } of out.sendNow) {
      network.send(this.id, to, encodeMessage(message));
    }
    if (out.persist !== null) {
      const batch = out.persist;
      queue.after(
        this.#options.syncMs(),
        this.#guarded(() => {
          this.disk.append(batch);
          for (const { to, message } of out.sendAfterPersist) {
            network.send(this.id, to, encodeMessage(message));
          }
          this.step({ kind: "persisted", ticket: batch.ticket });
        }),
      );
    }
    for (const reply of out.replies) this.#options.onReply(reply);
    for (const task of out.tasks) this.#carryOut(task);
    this.#options.onStepped(this);
    if (out.hasMore) queue.after(0, this.#guarded(() => this.#drain()));
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

  #armTimer(): void {
    const wakeMs = this.#running?.replica.wakeAtMs ?? Infinity;
    const { queue } = this.#options;
    if (wakeMs >= this.#wakeMs && this.#wakeMs > queue.nowMs) return;
    this.#wakeMs = wakeMs;
    queue.after(
      wakeMs - queue.nowMs,
      this.#guarded(() => {
        if (this.#wakeMs !== wakeMs) return;
        this.#wakeMs = Infinity;
        this.step({ kind: "tick" });
      }),
    );
  }

  /** Runs `f` only if the node has not crashed meanwhile. */
  #guarded(f: () => void): () => void {
    const life = this.#life;
    return () => {
      if (this.#life === life) f();
    };
  }

  #carryOut(task: HostTask): void {
    const { queue, syncMs } = this.#options;
    switch (task.kind) {
      case "compact":
        return this.disk.compact(task.through);
      case "save_snapshot":
        return queue.after(
          10 * syncMs(),
          this.#guarded(() => {
            const meta = this.disk.saveSnapshot(task.point, task.slices);
            this.step({ kind: "snapshot_saved", meta });
          }),
        );
      case "read_chunk":
        return queue.after(0, this.#guarded(() => this.#readChunk(task)));
      case "stage_chunk":
        return queue.after(
          syncMs(),
          this.#guarded(() => {
            const nextOffsetBytes = this.disk.stageSnapshot(task.chunk);
            const { meta } = task.chunk;
            this.step({
              kind: "chunk_staged",
              from: task.from,
              meta,
              nextOffsetBytes,
            });
          }),
        );
      case "install":
        return queue.after(syncMs(), this.#guarded(() => this.#install(task)));
    }
  }

  #readChunk(
    { to, meta, offsetBytes }: Extract<HostTask, { kind: "read_chunk" }>,
  ): void {
    const { index } = meta.last;
    const data = this.disk.readSnapshot(
      index,
      offsetBytes,
      LIMITS.snapshotChunkBytes,
    );
    const chunk = data === null ? null : { meta, offsetBytes, data };
    this.step({ kind: "chunk_read", to, index, chunk });
  }

  #install({ meta, restorer }: Extract<HostTask, { kind: "install" }>): void {
    const ok = this.disk.installSnapshot(meta);
    if (ok) {
      restorer.push(
        this.disk.readSnapshot(meta.last.index, 0, meta.sizeBytes) ??
          new Uint8Array(),
      );
      restorer.finish();
    }
    this.step({ kind: "installed", meta, ok });
  }
}
