/**
 * The links of one node: one duplex link to each peer.
 *
 * @module
 */

import {
  invariant,
  type Member,
  type NodeId,
  type Transport,
  type TransportEvents,
} from "@raftkv/core";
import { Farewells } from "./farewells.ts";
import { type Identity, PROTOCOL_VERSIONS } from "./handshake.ts";
import { ID_BYTES_MAX, isEncodableId, isIncarnation, type Refusal } from "./handshake_frame.ts";
import type { LinkRole } from "./link_state.ts";
import { MESH_LIMITS, type MeshLimits } from "./mesh_limits.ts";
import { type LinkContext, type LinkReport, PeerLink } from "./peer_link.ts";
import type { DialPeer, PeerSocket } from "./peer_socket.ts";
import { proverOf } from "./proof.ts";
import { Reception, type VisitorClaim } from "./reception.ts";
import { systemTimers, type Timers } from "./timers.ts";

/** What a mesh needs. */
export interface MeshOptions {
  /** The cluster's id: 1 to 64 bytes. Nodes of different clusters refuse each other. */
  readonly clusterId: string;
  /** This node's id: 1 to 64 bytes. */
  readonly nodeId: NodeId;
  /** Which life of its data directory this node is in: 32 hex digits. Not given, nobody asks. */
  readonly incarnation?: string;
  /** What all members know and nobody else. Without it, whoever reaches the port is believed. */
  readonly secret?: string;
  /** Where messages and changes are reported. */
  readonly events: TransportEvents;
  /** Draws the jitter between attempts: numbers in [0, 1). */
  readonly random: () => number;
  /** Sets alarms; the system's timers if not given. */
  readonly timers?: Timers;
  /** Opens sockets. */
  readonly dial: DialPeer;
  /** The bounds; {@linkcode MESH_LIMITS} if not given. */
  readonly limits?: MeshLimits;
}

/** A transport over sockets that the host's listener feeds with accepted ones. */
export interface Mesh extends Transport {
  /**
   * Takes over a socket that was accepted under {@linkcode PEER_PATH}. Nothing is believed about it
   * until its handshake is through. Call in the turn in which the socket was made.
   */
  acceptPeer(socket: PeerSocket): void;

  /** Every link as an operator sees it, in the order in which the peers were given. */
  links(): readonly LinkReport[];
}

/**
 * Opens a mesh without links over sockets of any kind; {@linkcode Transport.setPeers} begins them.
 *
 * @throws {RangeError} if an id is empty, longer than 64 bytes or ill-formed, the incarnation is none,
 *   or the secret is empty
 */
export function openMeshOver(options: MeshOptions): Mesh {
  return new SocketMesh(options);
}

class SocketMesh implements Mesh {
  readonly #nodeId: NodeId;
  readonly #context: LinkContext;
  readonly #reception: Reception;
  readonly #links = new Map<string, PeerLink>();
  /** The newest accepted socket of each peer that passed the handshake. */
  readonly #serials = new Map<string, number>();
  #closing: Promise<void> | null = null;

  constructor(options: MeshOptions) {
    const { nodeId, timers = systemTimers, limits = MESH_LIMITS } = options;
    requireId("cluster id", options.clusterId);
    requireId("node id", nodeId);
    const { incarnation = null } = options;
    if (incarnation !== null && !isIncarnation(incarnation)) {
      throw new RangeError(`Cannot use incarnation "${incarnation}": It must be 32 hex digits`);
    }
    const self: Identity = {
      clusterId: options.clusterId,
      nodeId,
      incarnation,
      versions: PROTOCOL_VERSIONS,
      prover: proverOf(options.secret),
    };
    const farewells = new Farewells(timers, limits.closeMsMax);
    this.#nodeId = nodeId;
    this.#context = {
      self,
      events: options.events,
      dial: options.dial,
      timers,
      random: options.random,
      limits,
      farewells,
    };
    this.#reception = new Reception({
      self,
      timers,
      limits,
      farewells,
      judge: (visitor) => this.#judge(visitor),
      admit: (visitor, socket) => this.#admit(visitor, socket),
    });
  }

  setPeers(peers: readonly Member[]): void {
    if (this.#closing !== null) return;
    for (const peer of peers) {
      requireId("peer id", peer.id);
      invariant(peer.id !== this.#nodeId, "a node is not its own peer");
    }
    const wanted = new Set<string>(peers.map((peer) => peer.id));
    for (const [id, link] of this.#links) {
      if (wanted.has(id)) continue;
      this.#links.delete(id);
      this.#serials.delete(id);
      link.stop();
    }
    for (const peer of peers) {
      const link = this.#links.get(peer.id);
      if (link === undefined) this.#addLink(peer);
      else link.setPeer(peer);
    }
  }

  send(to: NodeId, message: Uint8Array): boolean {
    return this.#links.get(to)?.send(message) ?? false;
  }

  isUp(peer: NodeId): boolean {
    return this.#links.get(peer)?.isUp ?? false;
  }

  acceptPeer(socket: PeerSocket): void {
    if (this.#closing === null) this.#reception.receive(socket);
    else this.#context.farewells.expel(socket);
  }

  links(): readonly LinkReport[] {
    return [...this.#links.values()].map((link) => link.report);
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  #addLink(peer: Member): void {
    const link = new PeerLink(peer, roleOf(this.#nodeId, peer.id), this.#context);
    this.#links.set(peer.id, link);
    link.start();
  }

  #judge({ from, incarnation, serial }: VisitorClaim): Refusal | null {
    const link = this.#links.get(from);
    if (link === undefined) return "not_a_member";
    if (!link.accepts(incarnation)) return "other_incarnation";
    if (roleOf(this.#nodeId, from) === "dialer") return "wrong_direction";
    // An attempt that the peer gave up long ago must not push out the link that came of a later one.
    if (serial < (this.#serials.get(from) ?? 0)) return "superseded";
    return null;
  }

  #admit({ from, incarnation, serial }: VisitorClaim, socket: PeerSocket): void {
    this.#serials.set(from, serial);
    this.#links.get(from)?.adopt(socket, incarnation);
  }

  async #shutDown(): Promise<void> {
    for (const link of this.#links.values()) link.stop();
    this.#links.clear();
    this.#reception.close();
    await this.#context.farewells.allGone();
  }
}

/**
 * Of each pair the node with the smaller id dials. If both did, their two links would cross, each
 * side could settle for a different one, and closing the spare would start them over; and a rule
 * that needs no talk cannot be got wrong by a talk that fails.
 */
function roleOf(self: string, peer: string): LinkRole {
  return self < peer ? "dialer" : "acceptor";
}

function requireId(what: string, id: string): void {
  if (isEncodableId(id)) return;
  throw new RangeError(`Cannot use ${what} "${id}": It must have 1 to ${ID_BYTES_MAX} bytes`);
}
