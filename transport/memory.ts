/**
 * The transport's twin without a network: nodes of one process, joined by a hub.
 *
 * @module
 */

import { invariant, LIMITS } from "@raftkv/core";
import type { Member, NodeId, Transport, TransportEvents } from "@raftkv/core";
import { MESH_LIMITS } from "./mesh_limits.ts";

/** How a hub behaves. */
export interface MemoryHubOptions {
  /** Runs a task after the current turn, tasks in order; a microtask if not given. */
  readonly defer?: (task: () => void) => void;
  /** Most bytes under way from one node to another; as in a mesh if not given. */
  readonly sendBufferBytesMax?: number;
}

interface Node {
  readonly id: NodeId;
  readonly events: TransportEvents;
  peers: ReadonlySet<NodeId>;
}

/** A link that is up. Once it is cut, what was under way finds it missing from the hub. */
interface Wire {
  readonly ends: readonly [Node, Node];
  /** Bytes under way, by receiver. */
  readonly waiting: Map<NodeId, number>;
}

/**
 * Joins the transports of one process. Two nodes are linked while each has the other for a peer and
 * no cut is between them.
 */
export class MemoryHub {
  readonly #defer: (task: () => void) => void;
  readonly #sendBufferBytesMax: number;
  readonly #nodes = new Map<NodeId, Node>();
  readonly #wires = new Map<string, Wire>();
  readonly #cuts = new Set<string>();

  /** Makes a hub without nodes. */
  constructor(options: MemoryHubOptions = {}) {
    this.#defer = options.defer ?? queueMicrotask;
    this.#sendBufferBytesMax = options.sendBufferBytesMax ?? MESH_LIMITS.sendBufferBytesMax;
  }

  /**
   * Opens the transport of a node; once closed, the same node may open another.
   *
   * @throws {RangeError} if the node has one open
   */
  open(id: NodeId, events: TransportEvents): Transport {
    if (this.#nodes.has(id)) throw new RangeError(`Cannot open "${id}": It is open already`);
    const node: Node = { id, events, peers: new Set() };
    this.#nodes.set(id, node);
    return {
      setPeers: (peers) => this.#setPeers(node, peers),
      send: (to, message) => this.#send(node, to, message),
      isUp: (peer) => this.#nodes.get(id) === node && this.#wires.has(pairOf(id, peer)),
      close: () => this.#close(node),
    };
  }

  /** Breaks the link between two nodes and keeps it broken. What is under way is lost. */
  cut(a: NodeId, b: NodeId): void {
    this.#cuts.add(pairOf(a, b));
    this.#settle("Link was cut");
  }

  /** Lets two nodes link up again. */
  heal(a: NodeId, b: NodeId): void {
    this.#cuts.delete(pairOf(a, b));
    this.#settle("");
  }

  #setPeers(node: Node, peers: readonly Member[]): void {
    if (this.#nodes.get(node.id) !== node) return;
    const before = node.peers;
    node.peers = new Set(peers.map((peer) => peer.id));
    this.#settle("Peer closed the link");
    for (const id of node.peers.difference(before)) {
      const isRefused = this.#nodes.get(id)?.peers.has(node.id) === false;
      if (isRefused) this.#tell(node, id, (events) => events.onPeerDown(id, REFUSED));
    }
  }

  #send(from: Node, to: NodeId, message: Uint8Array): boolean {
    invariant(message.length <= LIMITS.messageBytesMax, "a message fits in one frame");
    const pair = pairOf(from.id, to);
    const wire = this.#wires.get(pair);
    if (wire === undefined || !wire.ends.includes(from)) return false;
    const waiting = (wire.waiting.get(to) ?? 0) + message.length;
    if (waiting > this.#sendBufferBytesMax) return false;
    wire.waiting.set(to, waiting);
    const copy = message.slice();
    this.#defer(() => {
      if (this.#wires.get(pair) !== wire) return;
      wire.waiting.set(to, (wire.waiting.get(to) ?? 0) - copy.length);
      this.#nodes.get(to)?.events.onMessage(from.id, copy);
    });
    return true;
  }

  #close(node: Node): Promise<void> {
    if (this.#nodes.get(node.id) === node) {
      this.#nodes.delete(node.id);
      this.#settle("Peer closed the link");
    }
    return Promise.resolve();
  }

  /** Makes the wires what peers and cuts say, and tells both ends of each that came or went. */
  #settle(reason: string): void {
    for (const [pair, wire] of this.#wires) {
      if (this.#isWanted(wire)) continue;
      this.#wires.delete(pair);
      this.#tellEnds(wire, (events, peer) => events.onPeerDown(peer, reason));
    }
    for (const node of this.#nodes.values()) {
      for (const id of node.peers) {
        const other = this.#nodes.get(id);
        const pair = pairOf(node.id, id);
        if (other === undefined || this.#wires.has(pair)) continue;
        const wire: Wire = { ends: [node, other], waiting: new Map() };
        if (!this.#isWanted(wire)) continue;
        this.#wires.set(pair, wire);
        this.#tellEnds(wire, (events, peer) => events.onPeerUp(peer, null));
      }
    }
  }

  #isWanted({ ends: [a, b] }: Wire): boolean {
    return this.#nodes.get(a.id) === a && this.#nodes.get(b.id) === b &&
      a.peers.has(b.id) && b.peers.has(a.id) && !this.#cuts.has(pairOf(a.id, b.id));
  }

  #tellEnds({ ends: [a, b] }: Wire, what: (events: TransportEvents, peer: NodeId) => void): void {
    this.#tell(a, b.id, (events) => what(events, b.id));
    this.#tell(b, a.id, (events) => what(events, a.id));
  }

  /** Nobody hears of a peer that it no longer has, or of anything after it has closed. */
  #tell(node: Node, peer: NodeId, what: (events: TransportEvents) => void): void {
    this.#defer(() => {
      if (this.#nodes.get(node.id) === node && node.peers.has(peer)) what(node.events);
    });
  }
}

const REFUSED = "Peer refused: not_a_member";

/** One name for a pair, whichever end asks. */
function pairOf(a: NodeId, b: NodeId): string {
  return JSON.stringify(a < b ? [a, b] : [b, a]);
}
