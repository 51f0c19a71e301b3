/**
 * The replica: a Raft node, the state machine it drives and the clients that wait on both, still
 * without IO. One synchronous door in, one outbox out; the production pump and the simulator run the
 * same object.
 *
 * @module
 */

import { unreachable } from "../assert.ts";
import { drawId } from "../random.ts";
import { indexMax, type LogIndex, type NodeId, POSITION_ZERO, type Term } from "../raft/ids.ts";
import type { Instant } from "../raft/instant.ts";
import {
  isReplicaMessage,
  type Message,
  type NodeStatus,
  type Order,
  type ReplicaMessage,
  type Role,
} from "../raft/message.ts";
import type { Configuration, Member } from "../raft/configuration.ts";
import { RaftNode } from "../raft/node.ts";
import type { RaftOptions } from "../raft/options.ts";
import type { RaftOutbox } from "../raft/outbox.ts";
import { Belonging } from "./belonging.ts";
import type { Desk } from "./desk.ts";
import type { Damage, HostTask, Input, Outbox, Reply, RequestId, StateCapture } from "./io.ts";
import { Maintenance } from "./maintenance.ts";
import { OperatorRequests } from "./operator_requests.ts";
import { Proposals } from "./proposals.ts";
import { Reads, type ReadToken } from "./reads.ts";
import { Repairs } from "./repairs.ts";
import { SnapshotPolicy } from "./snapshot_policy.ts";
import { StateHashes } from "./state_hashes.ts";
import type { StateMachine } from "./state_machine.ts";
import { statusOf, StatusQueries } from "./status_queries.ts";

/** Everything a replica needs to start. */
export interface ReplicaOptions<Result> extends RaftOptions {
  /** Already restored from `recovered.snapshot`, if there is one. */
  readonly machine: StateMachine<Result>;
  /** Applied bytes of log after which a snapshot is due. */
  readonly snapshotLogBytesMin: number;
}

/** A Raft node with its state machine and its clients. */
export class Replica<Result> {
  readonly #node: RaftNode<ReadToken>;
  readonly #machine: StateMachine<Result>;
  readonly #proposals: Proposals<Result>;
  readonly #reads: Reads;
  readonly #queries: StatusQueries;
  readonly #hashes: StateHashes;
  readonly #orders: OperatorRequests;
  readonly #belonging: Belonging;
  /** Where clients wait. */
  readonly #desks: readonly Desk<Result>[];
  readonly #maintenance: Maintenance;
  readonly #repairs: Repairs;
  readonly #policy: SnapshotPolicy;
  readonly #heartbeatMs: number;
  readonly #up = new Set<NodeId>();
  #now: Instant;
  #appliedIndex: LogIndex;
  #appliedTerm: Term;
  #stopping = false;
  readonly #replies: Reply<Result>[] = [];
  readonly #tasks: HostTask[] = [];

  /**
   * Starts from what storage recovered.
   *
   * @throws {RangeError} if the options contradict each other
   */
  constructor(options: ReplicaOptions<Result>) {
    const { recovered, machine, random } = options;
    this.#node = new RaftNode(options);
    this.#machine = machine;
    const run = { sender: drawId(random), termAtStart: recovered.hardState.term };
    this.#proposals = new Proposals(machine, run);
    this.#orders = new OperatorRequests(run);
    this.#belonging = new Belonging(options.id);
    this.#reads = new Reads(random);
    this.#heartbeatMs = options.timing.heartbeatMs;
    this.#queries = new StatusQueries(5 * this.#heartbeatMs);
    this.#desks = [this.#proposals, this.#orders, this.#reads, this.#queries];
    this.#hashes = new StateHashes(machine, this.#heartbeatMs);
    this.#maintenance = new Maintenance(machine, this.#heartbeatMs);
    this.#repairs = new Repairs(this.#node, this.#heartbeatMs);
    this.#now = options.now;
    const start = recovered.snapshot?.last ?? POSITION_ZERO;
    ({ index: this.#appliedIndex, term: this.#appliedTerm } = start);
    this.#policy = new SnapshotPolicy(options.snapshotLogBytesMin, recovered.snapshot, random);
    this.#node.compact(POSITION_ZERO.index, this.#policy.trailingBytesMax);
  }

  /** This node. */
  get id(): NodeId {
    return this.#node.id;
  }

  /** Its role in its term. */
  get role(): Role {
    return this.#node.role;
  }

  /** The term it is in. */
  get term(): Term {
    return this.#node.term;
  }

  /** The leader it follows, or null if it knows of none. */
  get leaderId(): NodeId | null {
    return this.#node.leaderId;
  }

  /** Everyone in the cluster, in order of their ids. */
  get members(): readonly Member[] {
    return this.#node.configuration.members;
  }

  /** The members in force and their roles. */
  get configuration(): Configuration {
    return this.#node.configuration;
  }

  /** The entry that holds {@linkcode Replica.configuration}. */
  get configurationIndex(): LogIndex {
    return this.#node.configurationIndex;
  }

  /** Whether {@linkcode Replica.configuration} is known to be committed. */
  get isConfigurationCommitted(): boolean {
    return this.#node.isConfigurationCommitted;
  }

  /** Everyone to hold a link to: all other members, and those who leave until they have left. */
  get peers(): readonly Member[] {
    return this.#node.peers;
  }

  /** What this node lost to damage and has to have again before it is of full use. */
  get damage(): Damage {
    return this.#node.repair;
  }

  /** How many clients wait for an answer. */
  get pendingCount(): number {
    return this.#desks.reduce((count, desk) => count + desk.pendingCount, 0);
  }

  /** When a `tick` next has something to do, by the monotonic clock. */
  get wakeAtMs(): number {
    // Deadlines and patience of clients need no finer clock than a heartbeat.
    const wakeAtMs = this.pendingCount > 0
      ? Math.min(this.#node.wakeAtMs, this.#now.monotonicMs + this.#heartbeatMs / 2)
      : this.#node.wakeAtMs;
    const dueMs = this.#maintains ? this.#maintenance.dueMs : Infinity;
    return Math.min(wakeAtMs, dueMs, this.#repairs.dueMs);
  }

  /** Whether the node's own log says, for good, that it has been removed from the cluster. */
  get isRemoved(): boolean {
    return this.#belonging.isLeft && this.isConfigurationCommitted;
  }

  /** How this node sees itself. */
  status(): NodeStatus {
    const { revision } = this.#machine;
    return statusOf(this.#node, { appliedIndex: this.#appliedIndex, revision });
  }

  /**
   * The state as it is now, whatever is applied later, and where it stands; null while a snapshot
   * takes its place.
   */
  capture(): StateCapture | null {
    if (this.#stateIndex === null) return null;
    const last = { index: this.#appliedIndex, term: this.#appliedTerm };
    const configuration = this.#node.configurationAt(last.index);
    return { point: { last, configuration }, slices: this.#machine.snapshot() };
  }

  /** Takes one input. Total: never throws for anything a peer or client may send. */
  step(now: Instant, input: Input): void {
    this.#now = now;
    this.#node.tick(now);
    switch (input.kind) {
      case "tick":
        return this.#onTick();
      case "message":
        return this.#onMessage(input.from, input.message);
      case "propose":
        if (this.#stopping) return this.#refuse(input.requestId);
        return this.#proposals.add(input, now.monotonicMs);
      case "read":
        if (this.#stopping) return this.#refuse(input.requestId);
        return this.#reads.add(input.requestId, input.deadlineMs, input.mode ?? "linearizable");
      case "cluster_status":
        return this.#queries.add(input.requestId, {
          members: this.members,
          own: this.status(),
          isUp: this.#isUp,
          nowMs: now.monotonicMs,
          deadlineMs: input.deadlineMs,
        });
      case "change_membership":
        return this.#onOrder(input, input);
      case "persisted":
        return this.#node.onPersisted(input.ticket);
      case "peer_up":
        this.#up.add(input.peer);
        return this.#node.onPeerUp(input.peer, input.incarnation);
      case "peer_down":
        return this.#onPeerDown(input.peer);
      case "snapshot_saved":
        return this.#onSnapshotSaved(input.meta);
      case "snapshot_failed":
        this.#policy.onFailed();
        return this.#node.onSnapshotFailed();
      case "chunk_read":
        this.#repairs.onChunkRead(input.to, input);
        return this.#node.onChunkRead(input.to, input);
      case "chunk_staged":
        if (this.#repairs.maybeGoOn(input, now.monotonicMs)) return;
        return this.#node.onChunkStaged(input.from, input);
      case "installed":
        return this.#onInstalled(input);
      case "transfer_leadership":
        if (input.answer !== undefined) return this.#onOrder(input, input.answer);
        return void this.#node.transferLeadership(input.target);
      case "disk_room":
        return this.#proposals.onRoom(this.#node, input.isShort);
      case "stop":
        return this.#onStop();
      default:
        return unreachable(input);
    }
  }

  /**
   * Hands over all work since the last call.
   *
   * @throws {StateDivergedError} if the node must end because its state is not that of the others
   */
  drain(): Outbox<Result> {
    const host = {
      nowMs: this.#now.monotonicMs,
      patienceMs: 5 * this.#heartbeatMs,
      isUp: this.#isUp,
    };
    const moment = { term: this.term, now: this.#now };
    if (this.#maintains) this.#maintenance.flush(this.#proposals, moment);
    this.#proposals.flush(this.#node, host);
    this.#orders.flush(this.#node, host);
    this.#reads.flush(this.#node, host);
    this.#repairs.flush(host);
    const raft = this.#node.drain();
    this.#belonging.note(this.#node.configuration);
    this.#apply(raft);
    for (const token of raft.abandoned) this.#reads.onAbandoned(token);
    for (const grant of raft.grants) this.#reads.onGrant(grant, host.nowMs);
    const differs = this.#hashes.flush(this.#node, { ...host, appliedIndex: this.#stateIndex });
    this.#reads.onApplied(this.#appliedIndex);
    this.#orders.advance(this.#node, this.#appliedIndex);
    for (const task of raft.tasks) {
      const restorer = task.kind === "install" ? { restorer: this.#machine.restorer() } : {};
      this.#tasks.push({ ...task, ...restorer } as HostTask);
    }
    this.#maybeSnapshot();
    const speakers = [...this.#desks, this.#hashes, this.#repairs];
    return {
      sendNow: [...raft.sendNow, ...speakers.flatMap((speaker) => speaker.takeMessages())],
      persist: raft.persist,
      sendAfterPersist: raft.sendAfterPersist,
      replies: [...this.#replies.splice(0), ...this.#desks.flatMap((desk) => desk.takeReplies())],
      tasks: [...this.#tasks.splice(0), ...this.#repairs.takeTasks()],
      hasMore: raft.hasMore || raft.abandoned.length > 0 || differs,
    };
  }

  readonly #isUp = (peer: NodeId): boolean => this.#up.has(peer);

  #onTick(): void {
    const nowMs = this.#now.monotonicMs;
    this.#proposals.expire(nowMs);
    this.#reads.expire(nowMs, this.leaderId === null ? "no_leader" : "timeout");
    this.#queries.expire(nowMs);
    this.#orders.expire(nowMs);
  }

  #onMessage(from: NodeId, message: Message): void {
    if (isReplicaMessage(message)) this.#onReplicaMessage(from, message);
    else this.#node.step(from, message);
  }

  #onReplicaMessage(from: NodeId, message: ReplicaMessage): void {
    const timing = { nowMs: this.#now.monotonicMs, holdMs: this.#heartbeatMs / 2 };
    switch (message.type) {
      case "forward_request":
        return this.#proposals.addForwarded(from, message, timing.nowMs);
      case "forward_response":
        return this.#proposals.onForwardEnd(message, timing);
      case "order_request":
        return this.#orders.addForwarded(from, message, timing.nowMs);
      case "order_response":
        return this.#orders.onResponse(message, timing);
      case "read_index_request":
        return this.#node.read({ kind: "peer", from, requestId: message.requestId }, message);
      case "read_index_response":
        return this.#reads.onResponse(message.requestId, message.granted, timing);
      case "status_request":
        return this.#queries.answer(from, message.requestId, this.status());
      case "state_hash":
        return this.#hashes.onMessage(from, message, this.#stateIndex);
      case "entries_request":
      case "entries_response":
      case "snapshot_supply":
        return this.#repairs.onMessage(from, message);
      case "status_response":
        return this.#queries.onResponse(from, message.requestId, message.status);
      default:
        return unreachable(message);
    }
  }

  #onPeerDown(peer: NodeId): void {
    this.#up.delete(peer);
    this.#node.onPeerDown(peer);
    for (const each of [...this.#desks, this.#repairs]) each.onPeerDown(peer);
  }

  #onOrder(
    order: Order,
    { requestId, deadlineMs }: { readonly requestId: RequestId; readonly deadlineMs: number },
  ): void {
    if (this.#stopping) this.#refuse(requestId);
    else this.#orders.add(requestId, order, deadlineMs);
  }

  #onStop(): void {
    this.#stopping = true;
    this.#proposals.stop();
    this.#orders.stop();
    this.#reads.stop();
    this.#node.transferLeadership(null);
  }

  #refuse(requestId: number): void {
    this.#replies.push({ kind: "failed", requestId, reason: "stopping" });
  }

  #apply(raft: RaftOutbox<ReadToken>): void {
    for (const entry of raft.committed) {
      const result = entry.kind === "command" ? this.#machine.apply(entry) : null;
      ({ index: this.#appliedIndex, term: this.#appliedTerm } = entry);
      this.#hashes.onApplied(entry.index);
      this.#policy.onApplied(entry);
      this.#proposals.onApplied(entry, result);
    }
  }

  /** Which entry the state ends with; null while a snapshot takes its place, for nobody can tell. */
  get #stateIndex(): LogIndex | null {
    return this.#node.isInstalling ? null : this.#appliedIndex;
  }

  /** Whether this node is the one to tell the state machine that time passes. */
  get #maintains(): boolean {
    return this.role === "leader" && !this.#stopping;
  }

  #maybeSnapshot(): void {
    // A snapshot of what the own disk does not hold yet could survive a crash that its log does not.
    if (this.#appliedIndex > this.#node.durableIndex) return;
    if (!this.#policy.isDue(this.#node.snapshotDemandAt(this.#appliedIndex))) return;
    const captured = this.capture();
    if (captured === null) return;
    this.#policy.onBegin();
    this.#tasks.push({ kind: "save_snapshot", ...captured });
  }

  #onSnapshotSaved(meta: Parameters<SnapshotPolicy["onSaved"]>[0]): void {
    const through = this.#policy.onSaved(meta);
    this.#node.onSnapshotSaved(meta);
    this.#node.compact(through, this.#policy.trailingBytesMax);
    this.#tasks.push({ kind: "compact", through });
  }

  #onInstalled(installed: Extract<Input, { kind: "installed" }>): void {
    this.#node.onInstalled(installed);
    if (!installed.ok) return;
    const { last } = installed.meta;
    this.#appliedIndex = indexMax(this.#appliedIndex, last.index);
    this.#appliedTerm = last.term;
    this.#hashes.onApplied(last.index);
    this.#policy.onInstalled(installed.meta);
    this.#proposals.onSkipped(last.index);
  }
}
