/**
 * A cluster in virtual time: nodes, network and disks, with handles to disturb them and to wait for
 * conditions. One seed decides everything that happens.
 *
 * @module
 */

import { invariant, LIMITS, pcg32, type Random } from "@raftkv/core";
import {
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
import type {
  ReadMode,
  Reply,
  RequestId,
  StateDivergedError,
  StateMachine,
} from "@raftkv/core/replica";
import { EventQueue } from "./event_queue.ts";
import { CALM_NETWORK, Network, type NetworkOptions } from "./network.ts";
import { SimulatedNode } from "./node.ts";
import { Observer } from "./observer.ts";
import { Trace } from "./trace.ts";

/** What a simulated cluster is made of. */
export interface ClusterOptions<Result> {
  /** Decides everything that happens. */
  readonly seed: number;
  /** How many voters; they are called n1, n2, … */
  readonly size: number;
  /** How many further nodes there are that may join later; they follow the voters in number. */
  readonly spares?: number;
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
  readonly observer: Observer = new Observer(() => this.nodes);
  /** What happened so far, as one number. */
  readonly trace: Trace = new Trace();
  /** All nodes, running or not. */
  readonly nodes: readonly SimulatedNode<Result>[];
  /** Longest time a sync takes, in milliseconds; may be changed at any time. */
  syncMsMax: number;
  /** Every reply so far, by request. */
  readonly replies: Map<RequestId, Reply<Result>> = new Map();
  /** Nodes that stopped because their state was not that of the others. */
  readonly halted: Map<NodeId, StateDivergedError> = new Map();
  readonly #started = new Set<NodeId>();
  #requests = 0;

  /** Builds the cluster and starts every node. */
  constructor(options: ClusterOptions<Result>) {
    const random = pcg32(options.seed);
    this.random = random;
    this.syncMsMax = options.syncMsMax ?? 1;
    this.network = new Network(this.queue, {
      random,
      options: options.network ?? CALM_NETWORK,
      deliver: (from, to, bytes) => this.node(to).deliver(from, bytes),
      trace: this.trace,
    });
    const { size, spares = 0 } = options;
    const all = Array.from({ length: size + spares }, (_, at) => `n${at + 1}` as NodeId);
    const ids = all.slice(0, size);
    const configuration = configurationOf(ids.map(memberOf));
    this.nodes = all.map((id) =>
      new SimulatedNode<Result>({
        id,
        configuration,
        timing: options.timing ?? DEFAULT_TIMING,
        windows: options.windows ?? DEFAULT_WINDOWS,
        snapshotLogBytesMin: options.snapshotLogBytesMin ?? 1024 * 1024,
        createMachine: () => this.#watched(id, options.createMachine()),
        random,
        queue: this.queue,
        network: this.network,
        syncMs: () => random() * this.syncMsMax,
        snapshotChunkBytes: options.snapshotChunkBytes ?? LIMITS.snapshotChunkBytes,
        onReply: (reply) => this.#onReply(reply),
        onHalted: (id, error) => {
          this.halted.set(id, error);
          this.crash(id);
        },
        observer: this.observer,
      })
    );
    for (const id of ids) this.start(id);
  }

  /** The node of this name. */
  node(id: NodeId | string): SimulatedNode<Result> {
    const node = this.nodes.find((each) => each.id === id);
    invariant(node !== undefined, "the node exists", () => id);
    return node;
  }

  /** Whether a node was ever started. */
  hasStarted(id: NodeId | string): boolean {
    return this.#started.has(this.node(id).id);
  }

  /** Starts a node and links it with all that run. */
  start(id: NodeId | string): void {
    const node = this.node(id);
    this.#started.add(node.id);
    node.start();
    for (const peer of this.nodes) {
      if (peer.id !== node.id && peer.isUp) this.#link(node.id, peer.id);
    }
  }

  /** Stops a node without warning. Its peers see the links break. */
  crash(id: NodeId | string): void {
    const node = this.node(id);
    // The batch on its way may have reached the disk or not: nobody was told.
    node.crash({ keepsWrite: this.random() < 0.5 });
    for (const peer of this.nodes) {
      if (peer.id !== node.id) this.#report(peer.id, "peer_down", node.id);
    }
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
    this.partition(
      [id],
      this.nodes.map((node) => node.id).filter((other) => other !== id),
    );
  }

  /** Sends a command to a node; its end will be in {@linkcode Cluster.replies}. */
  propose(
    id: NodeId | string,
    payload: Uint8Array,
    timeoutMs = 5_000,
  ): RequestId {
    const requestId = ++this.#requests;
    this.node(id).step({
      kind: "propose",
      requestId,
      payload,
      deadlineMs: this.queue.nowMs + timeoutMs,
    });
    return requestId;
  }

  /** Asks a node for a read of the latest state; its end will be in {@linkcode Cluster.replies}. */
  read(
    id: NodeId | string,
    timeoutMs = 5_000,
    options: { readonly mode: ReadMode } = { mode: "linearizable" },
  ): RequestId {
    const requestId = ++this.#requests;
    this.node(id).step({
      kind: "read",
      requestId,
      deadlineMs: this.queue.nowMs + timeoutMs,
      mode: options.mode,
    });
    return requestId;
  }

  /** Asks a node for a change of the membership; its end will be in {@linkcode Cluster.replies}. */
  changeMembership(
    id: NodeId | string,
    change: Partial<MembershipChange>,
    timeoutMs = 10_000,
  ): RequestId {
    const requestId = ++this.#requests;
    this.node(id).step({
      kind: "change_membership",
      requestId,
      change: { add: [], remove: [], promote: [], move: [], ...change },
      expectedIndex: null,
      deadlineMs: this.queue.nowMs + timeoutMs,
    });
    return requestId;
  }

  /** The member that a simulated node is. */
  member(id: NodeId | string): Member {
    return memberOf(this.node(id).id);
  }

  /** The running leaders, the one of the latest term first. */
  leaders(): NodeStatus[] {
    return this.nodes.flatMap((node) => node.status() ?? [])
      .filter((status) => status.role === "leader")
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

  #onReply(reply: Reply<Result>): void {
    invariant(
      !this.replies.has(reply.requestId),
      "each request ends once",
      () => reply,
    );
    this.trace.add(`${this.queue.nowMs} ${reply.requestId} ${reply.kind}`);
    this.replies.set(reply.requestId, reply);
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
      if (kind === "peer_down" || this.node(peer).life === life) this.node(to).step({ kind, peer });
    });
  }

  #watched(id: NodeId, machine: StateMachine<Result>): StateMachine<Result> {
    const apply = (entry: Entry): Result => {
      this.observer.onApplied(id, entry);
      return machine.apply(entry);
    };
    return new Proxy(machine, {
      get: (target, name) => {
        if (name === "apply") return apply;
        const value = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }
}

function memberOf(id: NodeId): Member {
  return { id, url: `sim://${id}` };
}
