/**
 * One node on the stage: the production replica of a journal on a disk that survives it. Its disk
 * finishes what it is given at once, or only when told to.
 *
 * @module
 */

import { InvariantViolation, pcg32 } from "@raftkv/core";
import {
  type Configuration,
  DEFAULT_TIMING,
  DEFAULT_WINDOWS,
  type Entry,
  type Envelope,
  type NodeId,
  type PersistBatch,
  type Term,
  type Ticket,
} from "@raftkv/core/raft";
import {
  type HostTask,
  type Input,
  Replica,
  type Reply,
  type RequestId,
} from "@raftkv/core/replica";
import { SimulatedDisk } from "@raftkv/sim";
import { JournalMachine } from "../journal_machine.ts";

/** What a player begins with. */
export interface PlayerOptions {
  readonly id: NodeId;
  readonly configuration: Configuration;
  readonly term: number;
  readonly votedFor: NodeId | null;
  readonly entries: readonly Entry[];
  /** One entry a message and one message at a time. */
  readonly isNarrow: boolean;
  /** Lease reads are on, and clocks run apart by 100 ms in a second at the most. */
  readonly hasLeases: boolean;
}

/** Bytes of a snapshot's chunk: few, so that there are several. */
const CHUNK_BYTES = 16;

/** The longest step of time: half a heartbeat. */
const STEP_MS = 50;

interface Write {
  readonly batch: PersistBatch;
  readonly after: readonly Envelope[];
}

/** A node that a script makes act, crash and come back. */
export class Player {
  readonly id: NodeId;
  readonly disk: SimulatedDisk = new SimulatedDisk();
  /** What left the node and was not taken yet. */
  sent: Envelope[] = [];
  /** What else was seen. */
  seen: string[] = [];
  nowMs = 0;
  /** Whether the disk finishes nothing by itself. */
  isHeld = false;
  readonly #options: PlayerOptions;
  #running: { readonly replica: Replica<number>; readonly machine: JournalMachine } | null = null;
  #writing: Write | null = null;
  #heldTasks: HostTask[] = [];
  readonly #names = new Map<RequestId, string>();
  #requests = 0;
  #wallAheadMs = 0;

  constructor(options: PlayerOptions) {
    this.#options = options;
    this.id = options.id;
    this.disk.append({
      ticket: 0 as Ticket,
      hardState: { term: options.term as Term, votedFor: options.votedFor },
      entries: options.entries,
      repairs: [],
    });
    this.restart();
  }

  get isUp(): boolean {
    return this.#running !== null;
  }

  get replica(): Replica<number> {
    if (this.#running === null) throw new Error(`Cannot play the scene: ${this.id} is down`);
    return this.#running.replica;
  }

  /** Starts from what the disk holds. */
  restart(): void {
    const { id, configuration, isNarrow, hasLeases } = this.#options;
    const machine = new JournalMachine();
    const recovered = this.disk.recover();
    if (recovered.snapshot !== null) this.#restore(machine, recovered.snapshot.last.index);
    const replica = new Replica<number>({
      id,
      initialConfiguration: configuration,
      recovered,
      timing: hasLeases ? { ...DEFAULT_TIMING, leaseDriftMs: 100 } : DEFAULT_TIMING,
      windows: isNarrow
        ? { ...DEFAULT_WINDOWS, appendBytesMax: 1, inFlightMessagesMax: 1 }
        : DEFAULT_WINDOWS,
      random: pcg32(1),
      now: this.#now(),
      machine,
      snapshotLogBytesMin: Infinity,
    });
    this.#running = { replica, machine };
  }

  /** Ends at once: what the disk had not finished is gone. */
  crash(): void {
    const lost = this.#writing?.batch;
    if (lost !== undefined) this.seen.push(`${this.id} never wrote ${describeBatch(lost)}`);
    this.#running = null;
    this.#writing = null;
    this.#heldTasks = [];
    this.#names.clear();
  }

  /** Takes one input and carries out what follows. */
  step(input: Input): void {
    try {
      this.replica.step(this.#now(), input);
      this.#carryOut();
    } catch (error) {
      if (!(error instanceof InvariantViolation)) throw error;
      this.seen.push(`${this.id} ends: ${error.message.split(": {")[0]}`);
      this.crash();
    }
  }

  /** A client's request, named for the script. */
  ask(name: string, inputOf: (requestId: RequestId) => Input): void {
    const requestId = ++this.#requests;
    this.#names.set(requestId, name);
    this.step(inputOf(requestId));
  }

  /** Lets time pass. */
  wait(ms: number, until: () => boolean = () => false): void {
    const endMs = this.nowMs + ms;
    while (this.nowMs < endMs && this.isUp && !until()) {
      this.nowMs = Math.min(endMs, this.nowMs + STEP_MS);
      this.step({ kind: "tick" });
    }
  }

  /** Lets time pass of which the node notices nothing before it goes on. */
  pause(ms: number): void {
    this.nowMs += ms;
  }

  /** The machine stands still, its monotonic clock with it; the clock on the wall is set afterwards. */
  suspend(ms: number): void {
    this.#wallAheadMs += ms;
  }

  /** The disk finishes the batch it is writing, and nothing after it. */
  syncOnce(): void {
    const writing = this.#writing;
    if (writing === null) return;
    this.#finish(writing);
  }

  /** The disk finishes all it has been given, and from now on whatever it is given. */
  release(): void {
    this.isHeld = false;
    if (this.#writing !== null) this.#finish(this.#writing);
    for (const task of this.#heldTasks.splice(0)) this.#perform(task);
  }

  /** Saves the state as it is; the log is kept back to the snapshot before. */
  snapshot(): void {
    const captured = this.replica.capture();
    if (captured === null) throw new Error(`Cannot play the scene: ${this.id} has no state`);
    this.#perform({ kind: "save_snapshot", ...captured });
  }

  /** How the node is, in one line. */
  describe(): string {
    const { hardState } = this.disk;
    const log = `[${this.#storedTerms()}]`;
    if (this.#running === null) {
      return `${this.id} down t${hardState.term} vote=${hardState.votedFor ?? "nobody"} ${log}`;
    }
    const { role, term, commitIndex, appliedIndex } = this.#running.replica.status();
    const applied = appliedIndex === commitIndex ? "" : ` applied=${appliedIndex}`;
    const writing = this.#writing === null ? "" : ` writing ${describeBatch(this.#writing.batch)}`;
    return `${this.id} ${role} t${term} ${log} commit=${commitIndex}${applied}${writing}`;
  }

  /** The members as the node sees them, in one line. */
  describeMembers(): string {
    const { replica } = this;
    const { voters, votersOutgoing, learners } = replica.configuration;
    const parts = [
      `voters ${voters.join(",")}`,
      ...(votersOutgoing.length > 0 ? [`and ${votersOutgoing.join(",")}`] : []),
      ...(learners.length > 0 ? [`learners ${learners.join(",")}`] : []),
      replica.isConfigurationCommitted ? "committed" : "not committed",
    ];
    return `${this.id} sees at ${replica.configurationIndex}: ${parts.join(" ")}`;
  }

  #now() {
    return { monotonicMs: this.nowMs, wallMs: this.nowMs + this.#wallAheadMs };
  }

  #storedTerms(): string {
    const terms: (number | string)[] = [];
    for (let index = 1; index <= this.disk.lastIndex; index++) {
      const at = index as Parameters<SimulatedDisk["termAt"]>[0];
      if (!this.disk.isCompacted(at)) terms.push(this.disk.termAt(at) as number);
      else if (terms.length === 0) terms.push("…");
    }
    return terms.join(",");
  }

  #carryOut(): void {
    for (let hasMore = true; hasMore && this.#running !== null;) {
      const out = this.#running.replica.drain();
      this.#send(out.sendNow);
      for (const reply of out.replies) this.#note(reply);
      if (out.persist !== null) {
        this.#writing = { batch: out.persist, after: out.sendAfterPersist };
      }
      for (const task of out.tasks) {
        if (this.isHeld) this.#heldTasks.push(task);
        else this.#perform(task);
      }
      hasMore = out.hasMore;
    }
    if (this.#writing !== null && !this.isHeld) this.#finish(this.#writing);
  }

  #finish({ batch, after }: Write): void {
    this.#writing = null;
    this.disk.append(batch);
    this.#send(after);
    this.step({ kind: "persisted", ticket: batch.ticket });
  }

  /** Hashes of states are left out: they take no part in the protocol. */
  #send(envelopes: readonly Envelope[]): void {
    this.sent.push(...envelopes.filter(({ message }) => message.type !== "state_hash"));
  }

  #perform(task: HostTask): void {
    const { disk } = this;
    switch (task.kind) {
      case "read_chunk": {
        const { to, meta, offsetBytes } = task;
        const { index } = meta.last;
        const data = disk.readSnapshot(index, offsetBytes, CHUNK_BYTES);
        const chunk = data === null ? null : { meta, offsetBytes, data };
        return this.step({ kind: "chunk_read", to, index, chunk });
      }
      case "stage_chunk": {
        const { from, chunk } = task;
        const nextOffsetBytes = disk.stageSnapshot(chunk);
        return this.step({ kind: "chunk_staged", from, meta: chunk.meta, nextOffsetBytes });
      }
      case "install": {
        const { meta, restorer } = task;
        const ok = disk.installSnapshot(meta);
        if (ok) {
          restorer.push(disk.readSnapshot(meta.last.index, 0, meta.sizeBytes)!);
          restorer.finish();
        }
        return this.step({ kind: "installed", meta, ok });
      }
      case "save_snapshot": {
        const meta = disk.saveSnapshot(task.point, task.slices);
        return this.step({ kind: "snapshot_saved", meta });
      }
      case "compact":
        disk.compact(task.through);
        return;
    }
  }

  #restore(machine: JournalMachine, index: Parameters<SimulatedDisk["readSnapshot"]>[0]): void {
    const restorer = machine.restorer();
    restorer.push(this.disk.readSnapshot(index, 0, Number.MAX_SAFE_INTEGER)!);
    restorer.finish();
  }

  #note(reply: Reply<number>): void {
    const name = this.#names.get(reply.requestId);
    this.#names.delete(reply.requestId);
    this.seen.push(`${this.id} answers ${name}: ${this.#describeReply(reply)}`);
  }

  #describeReply(reply: Reply<number>): string {
    switch (reply.kind) {
      case "applied":
        return `applied at ${reply.index}`;
      case "readable":
        return `sees ${this.#running?.machine.lines.join(" ") || "nothing"}`;
      case "membership_changed":
        return `changed at ${reply.index}`;
      case "failed":
      case "membership_refused":
      case "transfer_refused":
        return reply.reason;
      default:
        return reply.kind;
    }
  }
}

function describeBatch({ hardState, entries }: PersistBatch): string {
  const parts = [];
  if (hardState !== null) parts.push(`t${hardState.term} vote=${hardState.votedFor ?? "nobody"}`);
  const [first] = entries;
  if (first !== undefined) parts.push(`${first.index}:[${entries.map(({ term }) => term)}]`);
  return parts.join(" ");
}
