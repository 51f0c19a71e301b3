/**
 * Meshes in virtual time, over sockets that a test can break, silence and inspect.
 *
 * @module
 */

import type { NodeId } from "@raftkv/core";
import { type Mesh, openMesh, PEER_PATH, type PeerSocket, type Timers } from "@raftkv/transport";
import { EventLog } from "@raftkv/transport/testing";
import { setImmediate } from "node:timers";
import { DEAF, type PeerSocketHandlers } from "../../transport/peer_socket.ts";

/** Lets everything happen that needs no time: microtasks, and what they start. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Alarms that ring when the test says so. */
export class VirtualTimers implements Timers {
  #nowMs = 0;
  readonly #alarms = new Map<symbol, { readonly atMs: number; readonly ring: () => void }>();

  /** How many alarms are set. */
  get pending(): number {
    return this.#alarms.size;
  }

  setTimer(delayMs: number, ring: () => void): () => void {
    const key = Symbol();
    this.#alarms.set(key, { atMs: this.#nowMs + delayMs, ring });
    return () => void this.#alarms.delete(key);
  }

  /** Lets time pass, alarm by alarm. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await settle();
    for (;;) {
      let next: [symbol, { readonly atMs: number; readonly ring: () => void }] | undefined;
      for (const entry of this.#alarms) {
        if (next === undefined || entry[1].atMs < next[1].atMs) next = entry;
      }
      if (next === undefined || next[1].atMs > untilMs) break;
      this.#alarms.delete(next[0]);
      this.#nowMs = next[1].atMs;
      next[1].ring();
      await settle();
    }
    this.#nowMs = untilMs;
  }
}

/** One end of a connection in memory. */
export class VirtualSocket implements PeerSocket {
  bufferedBytes = 0;
  /** What this end was asked to send. */
  readonly sent: Uint8Array[] = [];
  /** Whether this end has been closed or has been told of the other's end. */
  isClosed = false;
  /** Whether the other host has vanished: nothing arrives any more, and nothing says so. */
  isSilent = false;
  #handlers: PeerSocketHandlers = DEAF;
  #other: VirtualSocket | null = null;

  /** Two ends of one connection, not yet open. */
  static pair(): [VirtualSocket, VirtualSocket] {
    const ends: [VirtualSocket, VirtualSocket] = [new VirtualSocket(), new VirtualSocket()];
    ends[0].#other = ends[1];
    ends[1].#other = ends[0];
    return ends;
  }

  listen(handlers: PeerSocketHandlers): void {
    this.#handlers = handlers;
  }

  send(bytes: Uint8Array): void {
    if (this.isClosed) return;
    this.sent.push(bytes);
    queueMicrotask(() => this.#other?.receive(bytes));
  }

  close(): void {
    queueMicrotask(() => {
      if (this.isSilent) return;
      this.#other?.end("Connection closed");
      this.end("Connection closed");
    });
  }

  terminate(): void {
    if (!this.isSilent) queueMicrotask(() => this.#other?.end("Connection reset"));
    queueMicrotask(() => this.end("Connection reset"));
  }

  /** The connection is established. */
  open(): void {
    this.#handlers.onOpen();
  }

  /** Bytes arrive from the other end. */
  receive(bytes: Uint8Array): void {
    if (!this.isClosed && !this.isSilent) this.#handlers.onMessage(bytes);
  }

  /** The connection ends. */
  end(reason: string): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#handlers.onClose(reason);
  }
}

/** A node of a {@linkcode VirtualNet}. */
export interface VirtualNode {
  readonly mesh: Mesh;
  readonly log: EventLog;
}

/** A connection that was dialed. */
export interface VirtualDial {
  readonly url: string;
  readonly near: VirtualSocket;
  readonly far: VirtualSocket;
}

/** Nodes that reach each other without sockets. */
export class VirtualNet {
  readonly timers = new VirtualTimers();
  /** Every attempt to connect, in order. */
  readonly dials: VirtualDial[] = [];
  readonly #meshes = new Map<string, Mesh>();
  /** Addresses behind which nothing answers, not even a refusal. */
  readonly blackHoles = new Set<NodeId>();

  /**
   * Starts a node, or starts it again. It has no secret: proofs are made on threads of the runtime,
   * which virtual time does not wait for.
   */
  start(
    id: NodeId,
    options: { readonly clusterId?: string; readonly incarnation?: string } = {},
  ): VirtualNode {
    const log = new EventLog();
    const mesh = openMesh({
      clusterId: "test",
      nodeId: id,
      ...options,
      events: log,
      random: () => 0.5,
      timers: this.timers,
      dial: (url) => this.#dial(url),
    });
    this.#meshes.set(addressOf(id), mesh);
    return { mesh, log };
  }

  /** A connection to a node from someone who follows no rules. */
  knock(id: NodeId): VirtualSocket {
    const [near, far] = VirtualSocket.pair();
    this.#meshes.get(addressOf(id))?.acceptPeer(far);
    return near;
  }

  #dial(url: string): PeerSocket {
    const [near, far] = VirtualSocket.pair();
    this.dials.push({ url, near, far });
    queueMicrotask(() => {
      if ([...this.blackHoles].some((id) => addressOf(id) === url)) return;
      const target = this.#meshes.get(url);
      if (target === undefined) return near.end("Connection failed: refused");
      target.acceptPeer(far);
      near.open();
    });
    return near;
  }
}

/** Ids for tests. */
export const nodeId = (id: string): NodeId => id as NodeId;

/** How a virtual node is found. */
export const memberOf = (id: NodeId) => ({ id, url: `http://${id}.test` });

const addressOf = (id: NodeId): string => `ws://${id}.test${PEER_PATH}`;
