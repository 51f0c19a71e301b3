/**
 * Accepted sockets that have not yet said, or proven, who they are.
 *
 * @module
 */

import type { Greeting } from "./conversation.ts";
import type { Farewells } from "./farewells.ts";
import { greetAsAcceptor, type Identity, type Judge } from "./handshake.ts";
import type { Refusal } from "./handshake_frame.ts";
import type { MeshLimits } from "./mesh_limits.ts";
import { DEAF, type PeerSocket } from "./peer_socket.ts";
import type { Timers } from "./timers.ts";

/** What the reception needs of its mesh. */
export interface ReceptionHost {
  /** Who this node is. */
  readonly self: Identity;
  /** Sets alarms. */
  readonly timers: Timers;
  /** The bounds. */
  readonly limits: MeshLimits;
  /** Sees sockets off. */
  readonly farewells: Farewells;
  /** Whether the visitor may link up. */
  readonly judge: (visitor: VisitorClaim) => Refusal | null;
  /** The visitor has proven its claim, and knows that it is accepted. */
  readonly admit: (visitor: VisitorClaim, socket: PeerSocket) => void;
}

/** Who a visitor says it is. */
export interface VisitorClaim {
  /** Its id. */
  readonly from: string;
  /** Which life of its data directory it is in, if it says. */
  readonly incarnation: string | null;
  /** Counts accepted sockets: a larger one is newer. */
  readonly serial: number;
}

interface Visitor {
  readonly socket: PeerSocket;
  readonly greeting: Greeting;
  readonly cancelTimer: () => void;
}

/** Leads accepted sockets through the handshake, a bounded number at a time. */
export class Reception {
  readonly #host: ReceptionHost;
  readonly #visitors = new Set<Visitor>();
  #serial = 0;

  constructor(host: ReceptionHost) {
    this.#host = host;
  }

  /**
   * Receives a socket of an unknown sender. When the house is full the oldest visitor has to go: an
   * honest handshake takes milliseconds, so it is the likeliest to be there to fill the house.
   */
  receive(socket: PeerSocket): void {
    const { farewells, limits, self, timers } = this.#host;
    const [oldest] = this.#visitors;
    if (oldest !== undefined && this.#visitors.size >= limits.pendingHandshakesMax) {
      this.#expel(oldest);
    }
    this.#serial += 1;
    const serial = this.#serial;
    const judge: Judge = (from, incarnation) => this.#host.judge({ from, incarnation, serial });
    const greeting = greetAsAcceptor(self, judge, {
      send: (bytes) => socket.send(bytes),
      onEnd: (outcome) => {
        this.#forget(visitor);
        if (outcome.kind === "done") {
          const { peer, incarnation } = outcome;
          return this.#host.admit({ from: peer, incarnation, serial }, socket);
        }
        if (outcome.kind === "refused_peer") return farewells.bid(socket);
        farewells.expel(socket);
      },
    });
    const cancelTimer = timers.setTimer(limits.handshakeMsMax, () => this.#expel(visitor));
    const visitor: Visitor = { socket, greeting, cancelTimer };
    this.#visitors.add(visitor);
    socket.listen({
      ...DEAF,
      onMessage: (bytes) => greeting.onFrame(bytes),
      onClose: () => this.#forget(visitor),
    });
  }

  /** Sends everyone away. */
  close(): void {
    for (const visitor of this.#visitors) this.#expel(visitor);
  }

  #expel(visitor: Visitor): void {
    this.#forget(visitor);
    this.#host.farewells.expel(visitor.socket);
  }

  #forget(visitor: Visitor): void {
    visitor.greeting.abandon();
    visitor.cancelTimer();
    visitor.socket.listen(DEAF);
    this.#visitors.delete(visitor);
  }
}
