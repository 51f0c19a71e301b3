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
  Member,
  NodeId,
  NodeStatus,
  PersistBatch,
  RaftTiming,
  RaftWindows,
  SnapshotMeta,
} from "@raftkv/core/raft";
import {
  type Input,
  type Outbox,
  Replica,
  type Reply,
  type StateCapture,
  StateDivergedError,
  type StateMachine,
} from "@raftkv/core/replica";
import { NodeClock } from "./clock.ts";
import { SimulatedDisk } from "./disk.ts";
import type { EventQueue } from "./event_queue.ts";
import { HostTasks } from "./host_tasks.ts";
import type { Network } from "./network.ts";
import type { NodeStorage, StorageEvents } from "./node_storage.ts";
import type { Observed } from "./observed.ts";
import { SimulatedProcess } from "./process.ts";
import { SaveQueue } from "./save_queue.ts";
import type { Witnesses } from "./witness.ts";

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
  /** The node's source of chance. */
  readonly random: Random;
  /** What is to happen. */
  readonly queue: EventQueue;
  /** What carries its messages. */
  readonly network: Network;
  /** Makes its disk, which keeps `ledger` up to date. */
  readonly createStorage: (ledger: SimulatedDisk, events: StorageEvents) => NodeStorage;
  /** Size of a snapshot's chunks in bytes. */
  readonly snapshotChunkBytes: number;
  /** A request has ended. */
  readonly onReply: (reply: Reply<Result>) => void;
  /** The node has had a turn, and has run for so long by its clock. */
  readonly onTurn: (turn: { readonly nowMs: number; readonly runningMs: number }) => void;
  /** The node can go on no more, for this reason: it must be treated as crashed. */
  readonly onHalted: (id: NodeId, error: unknown) => void;
  /** Watch over the rules. */
  readonly witnesses: Witnesses;
}

/** Wakes a little late rather than a rounding error early. */
const TIMER_MS_MIN = 0.001;

/** A node that can crash and come back. */
export class SimulatedNode<Result> implements Observed {
  /** What survives a crash, as the rules see it. */
  readonly disk: SimulatedDisk = new SimulatedDisk();
  /** Its clocks. */
  readonly clock: NodeClock;
  /** Its disk at work. */
  readonly storage: NodeStorage;
  /** Its snapshots on their way there. */
  readonly saves: SaveQueue;
  /** How long a turn waits for the processor, in milliseconds; 0 if it never does. */
  turnMs: number = 0;
  readonly #options: SimulatedNodeOptions<Result>;
  readonly #tasks: HostTasks;
  /** What runs since the last start; null while the node is down. */
  #running: {
    readonly replica: Replica<Result>;
    readonly machine: StateMachine<Result>;
  } | null = null;
  readonly #process = new SimulatedProcess();
  #isStarting = false;
  #isStopping = false;
  #wakeMs = Infinity;
  /** How long it stood still, and since when it does if it does. */
  #still = { forMs: 0, sinceMs: 0 };
  /** What has come since the last turn, if turns wait. */
  #inbox: Input[] = [];
  /** Peers to which a link was up since the last start: nobody is heard before. */
  readonly #met = new Set<NodeId>();
  #lastConfiguration: Configuration;

  /** Makes a node that is down; {@linkcode SimulatedNode.start} brings it up. */
  constructor(options: SimulatedNodeOptions<Result>) {
    this.#options = options;
    this.#lastConfiguration = options.configuration;
    this.clock = new NodeClock(options.queue);
    this.storage = options.createStorage(this.disk, {
      onPersisted: (batch) => this.#onPersisted(batch),
      onRoom: (isShort) => this.step({ kind: "disk_room", isShort }),
      onEvent: (event) => options.witnesses.onDiskEvent(this.id, event),
      onFailed: (error) => options.onHalted(this.id, error),
    });
    this.saves = new SaveQueue(this.storage, (meta) => this.#onSaved(meta));
    this.#tasks = new HostTasks({
      storage: this.storage,
      saves: this.saves,
      chunkBytes: options.snapshotChunkBytes,
      onInstalled: (meta) => options.witnesses.onInstalled(this, meta),
      onEnd: (input) => this.step(input),
    });
  }

  /** Its name. */
  get id(): NodeId {
    return this.#options.id;
  }

  /** Names the life of its data directory. */
  get incarnation(): string {
    return this.storage.incarnation;
  }

  /** Whether it runs. */
  get isUp(): boolean {
    return this.#running !== null;
  }

  /** Whether it reads its disk and will run soon. */
  get isStarting(): boolean {
    return this.#isStarting;
  }

  /** Whether it was told to stop and has not ended yet. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Whether it stands still. */
  get isPaused(): boolean {
    return this.#process.isPaused;
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

  /** Whether it runs and believes that it leads. */
  get isLeader(): boolean {
    return this.#running?.replica.role === "leader";
  }

  /** The members in force for the running node, or null if it is down. */
  get configuration(): Configuration | null {
    return this.#running?.replica.configuration ?? null;
  }

  /** Whom the running node holds links to; nobody while it is down. */
  get peers(): readonly Member[] {
    return this.#running?.replica.peers ?? [];
  }

  /** The voters of the new cluster. */
  get initialMembers(): readonly NodeId[] {
    return this.#options.configuration.voters;
  }

  /** The members that were in force for it when it last ran. */
  get lastConfiguration(): Configuration {
    return this.configuration ?? this.#lastConfiguration;
  }

  /** Where the configuration in force stands in the log; null while the node is down. */
  get configurationIndex(): number | null {
    return this.#running?.replica.configurationIndex ?? null;
  }

  /** Whether the configuration in force is known to be committed; false while the node is down. */
  get isConfigurationCommitted(): boolean {
    return this.#running?.replica.isConfigurationCommitted ?? false;
  }

  /** The hash of the running node's state, or null if it is down or its machine has none. */
  get stateHash(): string | null {
    return this.#running?.machine.stateHash ?? null;
  }

  /** The state of this moment, or null if there is none to speak of. */
  capture(): StateCapture | null {
    return this.#running?.replica.capture() ?? null;
  }

  /** How many of its clients' requests have not ended. */
  get pendingCount(): number {
    return this.#running?.replica.pendingCount ?? 0;
  }

  /** Starts from what the disk holds; `onUp` is called once that is read. */
  start(onUp: () => void = () => {}): void {
    const { random } = this.#options;
    this.#process.renew();
    this.clock.restart(random() * 1_000);
    const machine = this.#options.createMachine();
    this.#isStarting = true;
    this.storage.open(() => machine.restorer(), (recovered) => {
      this.#isStarting = false;
      const replica = new Replica<Result>({
        id: this.id,
        incarnation: this.storage.incarnation,
        initialConfiguration: this.#options.configuration,
        recovered,
        timing: this.#options.timing,
        windows: this.#options.windows,
        random,
        now: this.clock.now(),
        machine,
        snapshotLogBytesMin: this.#options.snapshotLogBytesMin,
      });
      this.#running = { replica, machine };
      this.#wakeMs = Infinity;
      this.#options.witnesses.onStarted(this);
      this.#options.queue.after(0, this.#process.during(() => this.#drain()));
      onUp();
    });
  }

  /** Stops at once; what becomes of what was not synced is a matter of chance. */
  crash(): void {
    this.storage.crash();
    this.#isStarting = false;
    this.#isStopping = false;
    this.#lastConfiguration = this.lastConfiguration;
    this.#running = null;
    this.#inbox = [];
    this.#met.clear();
    this.saves.crash();
    this.#process.renew();
    this.#options.witnesses.onCrashed(this.id);
  }

  /** Stands still: its clock goes on, nothing else does. */
  pause(): void {
    if (!this.isPaused) this.#still.sinceMs = this.clock.monotonicMs;
    this.#process.pause();
  }

  /** Goes on after a pause. */
  resume(): void {
    if (this.isPaused) this.#still.forMs += this.clock.monotonicMs - this.#still.sinceMs;
    this.#process.resume();
  }

  /** Feeds one input to the running node. */
  step(input: Input): void {
    if (input.kind === "stop") this.#isStopping = true;
    this.#process.run(() => {
      if (this.#running === null) return;
      if (this.turnMs > 0 || this.#inbox.length > 0) return this.#enqueue(input);
      this.#take(this.#running.replica, input);
      this.#drain();
    });
  }

  /** Bytes arrived from a peer; they are lost if there is no link to it yet. */
  deliver(from: NodeId, bytes: Uint8Array): void {
    if (this.#running === null || !this.#met.has(from)) return;
    this.#options.witnesses.onDelivered(this, from, bytes);
    const message = decodeMessage(bytes);
    if (message.type === "malformed") return;
    this.step({ kind: "message", from, message });
  }

  #take(replica: Replica<Result>, input: Input): void {
    const { witnesses } = this.#options;
    if (input.kind === "message") witnesses.onReceived(this, input.from, input.message);
    else witnesses.onTold(this, input);
    if (input.kind === "peer_up") this.#met.add(input.peer);
    replica.step(this.clock.now(), input);
  }

  /** A busy machine takes what has come in one turn, later. */
  #enqueue(input: Input): void {
    if (this.#inbox.push(input) > 1) return;
    const turn = () => {
      const inputs = this.#inbox;
      this.#inbox = [];
      if (this.#running === null) return;
      for (const each of inputs) this.#take(this.#running.replica, each);
      this.#drain();
    };
    this.#options.queue.after(this.turnMs, this.#process.during(turn));
  }

  #drain(): void {
    if (this.#running === null) return;
    const { witnesses, queue } = this.#options;
    const out = this.#outboxOf(this.#running.replica);
    if (out === null) return;
    witnesses.onStepped(this);
    this.#send(out.sendNow);
    if (out.persist !== null) {
      const { ticket } = out.persist;
      witnesses.onWriting(this, out.persist);
      this.storage.append(
        out.persist,
        this.#process.during(() => {
          witnesses.onReleased(this, out.sendAfterPersist);
          this.#send(out.sendAfterPersist);
          this.step({ kind: "persisted", ticket });
        }),
      );
    }
    for (const reply of out.replies) this.#options.onReply(reply);
    const nowMs = this.clock.monotonicMs;
    this.#options.onTurn({ nowMs, runningMs: nowMs - this.#still.forMs });
    for (const task of out.tasks) this.#tasks.carryOut(task);
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
    const { network, witnesses } = this.#options;
    // A broadcast is one message object under several addresses: it is encoded once.
    let message: Envelope["message"] | null = null;
    let bytes: Uint8Array = new Uint8Array(0);
    for (const envelope of envelopes) {
      witnesses.onSent(this, envelope);
      if (envelope.message !== message) {
        message = envelope.message;
        bytes = encodeMessage(message);
      }
      witnesses.onPosted(this, envelope.to, bytes);
      network.send(this.id, envelope.to, bytes);
    }
  }

  #onPersisted(batch: PersistBatch): void {
    const { witnesses } = this.#options;
    witnesses.onPersisting(this, batch);
    this.disk.append(batch);
    witnesses.onPersisted(this, batch);
  }

  #armTimer(): void {
    const wakeMs = this.#running?.replica.wakeAtMs ?? Infinity;
    if (wakeMs >= this.#wakeMs && this.#wakeMs > this.clock.monotonicMs) return;
    this.#wakeMs = wakeMs;
    this.#options.queue.after(
      Math.max(TIMER_MS_MIN, this.clock.trueMsUntil(wakeMs)),
      this.#process.during(() => {
        if (this.#wakeMs !== wakeMs) return;
        this.#wakeMs = Infinity;
        this.step({ kind: "tick" });
      }),
    );
  }

  #onSaved(meta: SnapshotMeta | null): void {
    if (meta === null) return this.step({ kind: "snapshot_failed" });
    this.#options.witnesses.onSnapshot(this, meta);
    this.step({ kind: "snapshot_saved", meta });
  }
}
