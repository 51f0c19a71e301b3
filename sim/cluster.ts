/**
 * A cluster in virtual time: nodes, network and disks, with handles to disturb them and to wait for
 * conditions. One seed decides everything that happens.
 *
 * @module
 */

import { invariant, LIMITS, pcg32, type Random } from "@raftkv/core";
import {
  type Configuration,
  configurationOf,
  DEFAULT_TIMING,
  DEFAULT_WINDOWS,
  type Entry,
  type Member,
  type MembershipChange,
  type NodeId,
  type NodeStatus,
  type RaftTiming,
  type RaftWindows,
} from "@raftkv/core/raft";
import type { Input, ReadMode, Reply, RequestId, StateMachine } from "@raftkv/core/replica";
import { CorruptLogError } from "@raftkv/storage";
import type { SimulatedDisk } from "./disk.ts";
import { EventQueue } from "./event_queue.ts";
import { FileStorage } from "./file_storage.ts";
import { LedgerStorage } from "./ledger_storage.ts";
import { CALM_NETWORK, Network, type NetworkOptions } from "./network.ts";
import { SimulatedNode } from "./node.ts";
import type { NodeStorage, StorageEvents } from "./node_storage.ts";
import { Observer } from "./invariants/observer.ts";
import { type OpenRequest, type RequestOptions, Requests } from "./requests.ts";
import { Trace } from "./trace.ts";
import { Witnesses } from "./witness.ts";

/** What a simulated cluster is made of. */
export interface ClusterOptions<Result> {
  /** Decides everything that happens. */
  readonly seed: number;
  /** How many voters; they are called n1, n2, … */
  readonly size: number;
  /** Makes the empty state machine of a node that starts. */
  readonly createMachine: () => StateMachine<Result>;
  /** A calm one if not given. */
  readonly network?: NetworkOptions;
  /** The defaults of production if not given. */
  readonly timing?: RaftTiming;
  /** The defaults of production if not given. */
  readonly windows?: RaftWindows;
  /** Applied bytes of log after which a snapshot is due; 1 MiB if not given. */
  readonly snapshotLogBytesMin?: number;
  /** Longest time a sync takes at first, in milliseconds; 1 if not given. */
  readonly syncMsMax?: number;
  /** Size of a snapshot's chunks in bytes; that of production if not given. */
  readonly snapshotChunkBytes?: number;
  /**
   * Given, nodes stand on the production store over simulated files, with segments of this size in
   * bytes. Whoever runs the events must then heed {@linkcode EventQueue.owesTurn}.
   */
  readonly segmentBytesMax?: number | undefined;
  /** Whether machines may differ, because some are wrong on purpose: nobody then watches for it. */
  readonly statesMayDiffer?: boolean;
}

/** A simulated cluster. */
export class Cluster<Result> {
  /** What is to happen. */
  readonly queue: EventQueue = new EventQueue();
  /** What carries the messages. */
  readonly network: Network;
  /** The one source of chance. */
  readonly random: Random;
  /** Watches over the rules. */
  readonly observer: Observer;
  /** All who watch, the observer first. */
  readonly witnesses: Witnesses;
  /** What happened so far. */
  readonly trace: Trace = new Trace(this.queue);
  /** The requests of clients. */
  readonly requests: Requests<Result> = new Requests<Result>(this.queue, this.trace);
  /** Longest time a sync takes, in milliseconds; may be changed at any time. */
  syncMsMax: number;
  /** Nodes that could not go on, because of their disk or of what they found out, and why. */
  readonly halted: { readonly id: NodeId; readonly error: unknown }[] = [];
  /** Nodes whose disk is lost: they never come back. */
  readonly lost: Set<NodeId> = new Set();
  readonly #options: ClusterOptions<Result>;
  readonly #initial: Configuration;
  readonly #byId = new Map<NodeId, SimulatedNode<Result>>();
  readonly #all: SimulatedNode<Result>[] = [];
  readonly #started = new Set<NodeId>();

  /** Builds the cluster and starts every node. */
  constructor(options: ClusterOptions<Result>) {
    const { statesMayDiffer = false, timing = DEFAULT_TIMING, windows = DEFAULT_WINDOWS } = options;
    this.observer = new Observer(() => this.nodes, { statesMayDiffer, timing, windows });
    this.witnesses = new Witnesses([this.observer]);
    const random = pcg32(options.seed);
    this.random = random;
    this.#options = options;
    this.syncMsMax = options.syncMsMax ?? 1;
    this.network = new Network(this.queue, {
      random,
      options: options.network ?? CALM_NETWORK,
      deliver: (from, to, bytes) => this.node(to).deliver(from, bytes),
      onMalformed: ({ from, to }) => {
        this.trace.note(`${to} drops a frame of ${from} and ends the link`);
        this.witnesses.onFrameDropped(from, to);
        this.breakLink(from, to);
      },
      trace: this.trace,
    });
    const ids = Array.from({ length: options.size }, (_, at) => `n${at + 1}` as NodeId);
    this.#initial = configurationOf(ids.map(memberOf));
    for (const id of ids) this.addNode(id);
    for (const id of ids) this.start(id);
  }

  /** All nodes, running or not, in the order in which they came. */
  get nodes(): readonly SimulatedNode<Result>[] {
    return this.#all;
  }

  /** Every reply so far, by request. */
  get replies(): ReadonlyMap<RequestId, Reply<Result>> {
    return this.requests.replies;
  }

  /** Heartbeats and timeouts. */
  get timing(): RaftTiming {
    return this.#options.timing ?? DEFAULT_TIMING;
  }

  /** The node of this name. */
  node(id: NodeId | string): SimulatedNode<Result> {
    const node = this.#byId.get(id as NodeId);
    invariant(node !== undefined, "the node exists", () => id);
    return node;
  }

  /** A machine with an empty disk that belongs to no cluster yet; it is down. */
  addNode(id: NodeId = `n${this.#all.length + 1}` as NodeId): NodeId {
    const { windows = DEFAULT_WINDOWS } = this.#options;
    const node = new SimulatedNode<Result>({
      id,
      configuration: this.#initial,
      timing: this.timing,
      windows,
      snapshotLogBytesMin: this.#options.snapshotLogBytesMin ?? 1024 * 1024,
      createMachine: () => this.#watched(id, this.#options.createMachine()),
      random: this.random,
      queue: this.queue,
      network: this.network,
      createStorage: (ledger, events) => this.#createStorage(id, { ledger, events }),
      snapshotChunkBytes: this.#options.snapshotChunkBytes ?? LIMITS.snapshotChunkBytes,
      onReply: (reply) => this.requests.onReply(reply),
      onTurn: (turn) => this.requests.onTurn(id, turn),
      onHalted: (id, error) => {
        this.trace.note(`${id} cannot go on: ${error}`);
        this.halted.push({ id, error });
        // Nobody tries again with a directory that is refused.
        if (error instanceof CorruptLogError) this.lost.add(id);
        this.crash(id);
      },
      witnesses: this.witnesses,
    });
    this.#byId.set(id, node);
    this.#all.push(node);
    return id;
  }

  /** Whether a node was ever started. */
  hasStarted(id: NodeId | string): boolean {
    return this.#started.has(this.node(id).id);
  }

  /** Starts a node and links it with all that run. */
  start(id: NodeId | string): void {
    const node = this.node(id);
    if (node.isUp || node.isStarting || this.lost.has(node.id)) return;
    this.#started.add(node.id);
    this.trace.note(`${id} starts`);
    node.start(() => {
      for (const peer of this.#all) {
        if (peer.id !== node.id && peer.isUp) this.#link(node.id, peer.id);
      }
    });
  }

  /** Stops a node without warning. Its peers see the links break, its clients their connections. */
  crash(id: NodeId | string): void {
    const node = this.node(id);
    this.trace.note(`${id} ends`);
    node.crash();
    this.requests.onNodeEnded(node.id);
    for (const peer of this.#all) {
      if (peer.id !== node.id) this.#report(peer.id, "peer_down", node.id);
    }
  }

  /** Loses a node's disk for good: the node ends and never comes back. */
  lose(id: NodeId | string): void {
    const node = this.node(id);
    if (node.isUp || node.isStarting) this.crash(node.id);
    this.lost.add(node.id);
  }

  /** Breaks a link though both ends live: each is told, and told again once it is back. */
  breakLink(a: NodeId, b: NodeId): void {
    if (a === b || !this.node(a).isUp || !this.node(b).isUp) return;
    this.node(a).step({ kind: "peer_down", peer: b });
    this.node(b).step({ kind: "peer_down", peer: a });
    this.#link(a, b);
  }

  /** Cuts every link between the two groups, in both directions, without any node being told. */
  partition(left: readonly string[], right: readonly string[]): void {
    for (const a of left) {
      for (const b of right) {
        this.network.cut(a as NodeId, b as NodeId);
        this.network.cut(b as NodeId, a as NodeId);
      }
    }
  }

  /** Cuts a node off from all others. */
  isolate(id: NodeId | string): void {
    const others = this.nodes.map((node) => node.id).filter((other) => other !== id);
    this.partition([id], others);
  }

  /** Sends a command to a node; its end will be in {@linkcode Cluster.replies}. */
  propose(
    id: NodeId | string,
    payload: Uint8Array,
    options: RequestOptions<Result> = {},
  ): RequestId {
    return this.#request(
      id,
      { kind: "propose", timeoutMs: 5_000, ...options },
      (requestId, deadlineMs) => {
        return { kind: "propose", requestId, payload, deadlineMs };
      },
    );
  }

  /** Asks a node for a read of the latest state; its end will be in {@linkcode Cluster.replies}. */
  read(
    id: NodeId | string,
    options: RequestOptions<Result> & { readonly mode?: ReadMode } = {},
  ): RequestId {
    const { mode = "linearizable" } = options;
    return this.#request(
      id,
      { kind: "read", timeoutMs: 5_000, ...options },
      (requestId, deadlineMs) => {
        return { kind: "read", requestId, deadlineMs, mode };
      },
    );
  }

  /** Asks a node for a change of the membership; its end will be in {@linkcode Cluster.replies}. */
  changeMembership(
    id: NodeId | string,
    change: Partial<MembershipChange>,
    options: RequestOptions<Result> & { readonly expectedIndex?: number } = {},
  ): RequestId {
    const asked = { kind: "change_membership", timeoutMs: 10_000, ...options } as const;
    return this.#request(id, asked, (requestId, deadlineMs) => {
      return {
        kind: "change_membership",
        requestId,
        change: { add: [], remove: [], promote: [], move: [], ...change },
        expectedIndex: options.expectedIndex ?? null,
        deadlineMs,
      };
    });
  }

  /** The member that a simulated node is. */
  member(id: NodeId | string): Member {
    return memberOf(this.node(id).id);
  }

  /** The running leaders, the one of the latest term first. */
  leaders(): NodeStatus[] {
    return this.nodes.filter(({ isLeader }) => isLeader)
      .map((node) => node.status()!)
      .sort((a, b) => b.term - a.term);
  }

  /** Lets virtual time pass. */
  runFor(ms: number): void {
    const endMs = this.queue.nowMs + ms;
    while (this.queue.nextMs <= endMs) this.queue.step();
    this.queue.advanceTo(endMs);
  }

  /**
   * Runs until a condition holds.
   *
   * @throws {InvariantViolation} if it does not within `limitMs` of virtual time
   */
  runUntil(what: string, condition: () => boolean, limitMs = 30_000): void {
    const endMs = this.queue.nowMs + limitMs;
    while (!condition()) {
      invariant(
        this.queue.nextMs <= endMs,
        `${what} within ${limitMs} virtual ms`,
        () => this.nodes.map((node) => node.status()),
      );
      this.queue.step();
    }
  }

  /** Runs until a leader exists that a majority follows; returns its id. */
  runUntilLed(limitMs?: number): NodeId {
    const led = () => {
      const leader = this.leaders()[0];
      if (leader === undefined) return null;
      const voters = this.node(leader.id).configuration?.voters ?? [];
      const followers = voters.filter((id) => this.node(id).status()?.leaderId === leader.id);
      return followers.length * 2 > voters.length ? leader.id : null;
    };
    this.runUntil(
      "a leader is followed by a majority",
      () => led() !== null,
      limitMs,
    );
    return led() as NodeId;
  }

  #request(
    id: NodeId | string,
    options: RequestOptions<Result> & Pick<OpenRequest, "kind" | "timeoutMs">,
    inputOf: (requestId: RequestId, deadlineMs: number) => Input,
  ): RequestId {
    const node = this.node(id);
    const deadlineMs = node.clock.monotonicMs + options.timeoutMs;
    const requestId = this.requests.begin(node.id, { ...options, deadlineMs });
    if (node.isUp) node.step(inputOf(requestId, deadlineMs));
    else this.requests.onNodeEnded(node.id);
    return requestId;
  }

  #createStorage(
    id: NodeId,
    { ledger, events }: { readonly ledger: SimulatedDisk; readonly events: StorageEvents },
  ): NodeStorage {
    const { segmentBytesMax, snapshotChunkBytes = LIMITS.snapshotChunkBytes } = this.#options;
    const parts = {
      ledger,
      incarnation: incarnationFrom(this.random),
      queue: this.queue,
      random: this.random,
      syncMs: () => this.random() * this.syncMsMax,
      events,
    };
    if (segmentBytesMax === undefined) return new LedgerStorage(parts);
    return new FileStorage({ ...parts, id, segmentBytesMax, snapshotChunkBytes });
  }

  #link(a: NodeId, b: NodeId): void {
    this.#report(a, "peer_up", b);
    this.#report(b, "peer_up", a);
  }

  /** The news that a link broke comes before the news that it is back. */
  #report(to: NodeId, kind: "peer_up" | "peer_down", peer: NodeId): void {
    const { life } = this.node(peer);
    const delayMs = this.random() + (kind === "peer_up" ? 2 : 1);
    this.queue.after(delayMs, () => {
      const { incarnation } = this.node(peer).storage;
      if (kind === "peer_down") this.node(to).step({ kind, peer });
      else if (this.node(peer).life === life) this.node(to).step({ kind, peer, incarnation });
    });
  }

  /** The machine is fresh and belongs to one run of one node: its `apply` may tell the witnesses. */
  #watched(id: NodeId, machine: StateMachine<Result>): StateMachine<Result> {
    const apply = machine.apply.bind(machine);
    machine.apply = (entry: Entry): Result => {
      this.witnesses.onApplied(id, entry);
      const result = apply(entry);
      this.witnesses.onCarriedOut(id, entry, result);
      return result;
    };
    return machine;
  }
}

function memberOf(id: NodeId): Member {
  return { id, url: `sim://${id}` };
}

/** 16 random bytes as 32 hex digits. */
function incarnationFrom(random: Random): string {
  const word = () => Math.floor(random() * 0x1_0000_0000).toString(16).padStart(8, "0");
  return word() + word() + word() + word();
}
