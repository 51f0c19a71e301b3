/**
 * A node's parts, joined: replica, pump, links, port, and the order in which they end.
 *
 * @module
 */

import { type Instant, pcg32, type Random, type Store } from "@raftkv/core";
import { decodeMessage } from "@raftkv/core/codec";
import {
  type Configuration,
  DEFAULT_WINDOWS,
  type Member,
  type NodeId,
  type RaftTiming,
} from "@raftkv/core/raft";
import { Replica } from "@raftkv/core/replica";
import { type Mesh, openMesh } from "@raftkv/transport";
import type { Application, Front } from "./application.ts";
import type { NodeConfig } from "./config.ts";
import { DamageWatch } from "./damage_watch.ts";
import type { Door } from "./door.ts";
import type { Listener } from "./listener_options.ts";
import { dutiesOf } from "./duties.ts";
import type { Duty } from "./duty.ts";
import { untilHeirIsKnown } from "./hand_over.ts";
import { LeaderWatch, type NodeEvent } from "./node_events.ts";
import type { NotAMemberError } from "./not_a_member_error.ts";
import { guarded, Origins } from "./origins.ts";
import { Pump } from "./pump.ts";

/** A node that serves. */
export interface RunningNode {
  /** Its id in the cluster. */
  readonly nodeId: string;
  /** Where it serves. */
  readonly url: string;
  /** Resolves when it has stopped; rejects with the reason if it had to end by itself. */
  readonly finished: Promise<void>;
  /** Answers a request as its port would, without a connection. */
  fetch(request: Request): Promise<Response>;
  /** Hands over what it leads, finishes what is under way, closes its port and files. */
  close(): Promise<void>;
}

/**
 * The wall clock is read once, at the start, and goes on with the monotonic one: a step of the
 * system's clock would end leases early, or keep them alive.
 */
const now = (): Instant => {
  const monotonicMs = performance.now();
  return { monotonicMs, wallMs: Math.round(performance.timeOrigin + monotonicMs) };
};

/** How often those who have not heard of a new leader are asked again. */
const QUESTIONS_PER_HEARTBEAT = 4;

/** What a node is made of. */
export interface NodeParts<Result> {
  readonly config: NodeConfig;
  readonly nodeId: NodeId;
  readonly clusterId: string;
  /** Names the life of its data directory; undefined if it has none. */
  readonly incarnation: string | undefined;
  /** Where it is reached. */
  readonly url: string;
  /** The members before the first entry of the log. */
  readonly initial: Configuration;
  /** Members that another node named, while the log does not. */
  readonly guides: readonly Member[];
  /** Nodes to ask who the members are. */
  readonly urls: readonly string[];
  /** Its port; null if nothing but its own program is to reach it. */
  readonly listener: Listener | null;
  readonly store: Store;
  /** What it replicates, restored. */
  readonly application: Application<Result>;
  readonly onEvent: (event: NodeEvent) => void;
}

/** A node from its start to its end. */
export class Node<Result> implements RunningNode {
  readonly nodeId: string;
  readonly url: string;
  readonly finished: Promise<void>;
  readonly #duties: readonly Duty[];
  readonly #timing: RaftTiming;
  readonly #front: Front<Result>;
  readonly #store: Store;
  readonly #replica: Replica<Result>;
  readonly #pump: Pump<Result>;
  readonly #mesh: Mesh;
  readonly #origins: Origins;
  readonly #onEvent: (event: NodeEvent) => void;
  readonly #leaders = new LeaderWatch();
  readonly #damage = new DamageWatch();
  readonly #end = Promise.withResolvers<void>();
  readonly #listener: Listener | null;
  #closing: Promise<void> | null = null;
  /** Called after each turn of the pump while the node waits for something. */
  #onTurn: () => void = () => {};

  constructor(parts: NodeParts<Result>) {
    const { config, nodeId, clusterId, store, application, listener, onEvent } = parts;
    const random = systemRandom();
    const life = parts.incarnation === undefined ? {} : { incarnation: parts.incarnation };
    this.nodeId = nodeId;
    this.url = parts.url;
    this.#timing = config.timing;
    this.#origins = new Origins(config.corsOrigins);
    this.#store = store;
    this.#listener = listener;
    this.#onEvent = onEvent;
    this.#mesh = openMesh({
      clusterId,
      nodeId,
      ...life,
      ...(config.secret === null ? {} : { secret: config.secret }),
      random,
      events: {
        onMessage: (from, bytes) => this.#onMessage(from, bytes),
        onPeerUp: (peer, incarnation) => {
          const life = incarnation === null ? {} : { incarnation };
          this.#pump.push({ kind: "peer_up", peer, ...life });
          this.#onEvent({ kind: "peer_up", peer });
        },
        onPeerDown: (peer, reason) => {
          this.#pump.push({ kind: "peer_down", peer });
          this.#onEvent({ kind: "peer_down", peer, reason });
        },
      },
    });
    this.#replica = new Replica({
      id: nodeId,
      ...life,
      initialConfiguration: parts.initial,
      recovered: store.recovered,
      timing: config.timing,
      windows: DEFAULT_WINDOWS,
      random,
      now: now(),
      machine: application.machine,
      snapshotLogBytesMin: config.snapshotLogBytesMin,
    });
    this.#pump = new Pump({
      replica: this.#replica,
      store,
      transport: this.#mesh,
      now,
      onReply: (reply) => this.#front.onReply(reply),
      onTurn: () => this.#afterTurn(),
      onFatal: (error) => void this.#fail(error),
    });
    this.#front = application.open({
      clusterId,
      replica: this.#replica,
      push: (input) => this.#pump.push(input),
      nowMs: () => now().monotonicMs,
      onInternalError: (error) => this.#onEvent({ kind: "internal_error", error }),
    });
    this.#duties = this.#dutiesOf(parts);
    this.finished = this.#end.promise;
    // Whoever does not ask how the node ended has been told by an event.
    this.finished.catch(() => {});
  }

  #dutiesOf(parts: NodeParts<Result>): readonly Duty[] {
    const { timing, isAdvertised } = parts.config;
    return dutiesOf({
      ...parts,
      ...{ timing, isAdvertised },
      replica: this.#replica,
      transport: this.#mesh,
      port: this.#front,
      push: (input) => this.#pump.push(input),
      onExpelled: (error) => void this.#leave(error),
    });
  }

  /** Answers the port and lets the replica run. */
  run(door: Door): void {
    door.fetch = guarded((request) => this.#front.fetch(request), this.#origins);
    door.onPeerSocket = (socket) => this.#mesh.acceptPeer(socket);
    door.onClientSocket = (socket) => this.#front.acceptClient(socket);
    for (const duty of this.#duties) duty.onTurn();
    const recovered = this.#store.recovered.entries.length;
    this.#onEvent({ kind: "started", url: this.url, recovered });
    this.#pump.push({ kind: "tick" });
  }

  async fetch(request: Request): Promise<Response> {
    return await this.#front.fetch(request);
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  async #shutDown(): Promise<void> {
    const untilMs = now().monotonicMs + this.#timing.electionTimeoutMsMin;
    await this.#handOver(untilMs);
    await this.#finish({ isRemoved: false, untilMs });
    await this.#release();
    this.#onEvent({ kind: "stopped" });
    this.#end.resolve();
  }

  /**
   * Hands the leadership over, if there is anyone to take it, and serves on until all have heard: what
   * is forwarded to a node that is gone ends unknown. A hand-over that takes longer than an election
   * timeout has failed.
   */
  async #handOver(untilMs: number): Promise<void> {
    if (!this.#leads()) return;
    this.#pump.push({ kind: "transfer_leadership", target: null });
    const { id } = this.#replica;
    await this.#turned(untilMs, () => {
      const { leaderId } = this.#replica;
      return !this.#hasPeers() || (leaderId !== null && leaderId !== id);
    });
    await untilHeirIsKnown({
      isStillFollowed: async (timeoutMs) => {
        const nodes = await this.#front.clusterStatus({ timeoutMs }).catch(() => []);
        return nodes.some(({ member, status }) => member.id !== id && status?.leaderId === id);
      },
      nowMs: () => now().monotonicMs,
      pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    }, { untilMs, pauseMs: this.#timing.heartbeatMs / QUESTIONS_PER_HEARTBEAT });
  }

  #hasPeers(): boolean {
    return this.#replica.peers.some(({ id }) => this.#mesh.isUp(id));
  }

  /** Whether it leads anybody but itself. */
  #leads(): boolean {
    return this.#replica.role === "leader" && this.#hasPeers();
  }

  /** Refuses what is new, and waits until no client waits. */
  async #finish(
    { isRemoved, untilMs }: { readonly isRemoved: boolean; readonly untilMs: number },
  ): Promise<void> {
    this.#front.beginStop({ isRemoved });
    this.#pump.push({ kind: "stop" });
    await this.#turned(untilMs, () => !this.#leads() && this.#replica.pendingCount === 0);
  }

  /** Waits for a turn after which something is so. */
  async #turned(untilMs: number, isSo: () => boolean): Promise<void> {
    if (isSo()) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, untilMs - now().monotonicMs);
      this.#onTurn = () => {
        if (!isSo()) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #release(): Promise<void> {
    for (const duty of this.#duties) duty.stop();
    await this.#pump.stop();
    this.#front.abandon();
    await this.#mesh.close();
    await this.#listener?.close();
    await this.#store.close();
  }

  /** Ends the node because it does not belong to its cluster; what it has promised others is done. */
  async #leave(error: NotAMemberError): Promise<void> {
    if (this.#closing !== null) return;
    this.#closing = this.#retire().catch(() => {});
    this.#onEvent({ kind: "failed", error });
    await this.#closing;
    this.#end.reject(error);
  }

  async #retire(): Promise<void> {
    const untilMs = now().monotonicMs + this.#timing.electionTimeoutMsMin;
    await this.#finish({ isRemoved: true, untilMs });
    await this.#release();
  }

  /** Ends the node because its disk or its invariants failed: it must promise nothing more. */
  async #fail(error: unknown): Promise<void> {
    if (this.#closing !== null) return;
    this.#closing = this.#release().catch(() => {});
    this.#onEvent({ kind: "failed", error });
    await this.#closing;
    this.#end.reject(error);
  }

  #onMessage(from: NodeId, bytes: Uint8Array): void {
    const message = decodeMessage(bytes);
    if (message.type === "malformed") {
      const error = new Error(`Cannot read a message of ${from}: ${message.reason}`);
      this.#onEvent({ kind: "internal_error", error });
      return;
    }
    this.#pump.push({ kind: "message", from, message });
  }

  #afterTurn(): void {
    this.#front.onTurn();
    const events = [this.#leaders.next(this.#replica), this.#damage.next(this.#replica.damage)];
    for (const event of events) if (event !== null) this.#onEvent(event);
    for (const duty of this.#duties) duty.onTurn();
    this.#onTurn();
  }
}

/** Seeded from the system, so that no two nodes draw the same timeouts. */
function systemRandom(): Random {
  const [seed = 0n] = crypto.getRandomValues(new BigUint64Array(1));
  return pcg32(seed);
}
