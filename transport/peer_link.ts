/**
 * One link: carries out with sockets and a timer what `link_state.ts` decides.
 *
 * @module
 */

import { type Member, type NodeId, type TransportEvents, unreachable } from "@raftkv/core";
import { Backoff } from "./backoff.ts";
import { Channel, type ChannelContext } from "./channel.ts";
import type { Greeting, GreetingOutcome } from "./conversation.ts";
import type { Farewells } from "./farewells.ts";
import { greetAsDialer, type Identity, isOtherLife } from "./handshake.ts";
import {
  type LinkAction,
  type LinkEvent,
  type LinkPhase,
  type LinkRole,
  stepLink,
} from "./link_state.ts";
import { type DialPeer, PEER_PATH, type PeerSocket } from "./peer_socket.ts";

/** What all links of a mesh share. */
export interface LinkContext extends ChannelContext {
  /** Who this node is. */
  readonly self: Identity;
  /** Where the links report. */
  readonly events: TransportEvents;
  /** Opens sockets. */
  readonly dial: DialPeer;
  /** Draws the jitter of the backoff: numbers in [0, 1). */
  readonly random: () => number;
  /** Sees sockets off. */
  readonly farewells: Farewells;
}

/** A link as an operator sees it. */
export interface LinkReport {
  /** The peer. */
  readonly peer: NodeId;
  /** Where the link is in its life. */
  readonly phase: LinkPhase;
  /** Messages dropped because the send buffer was full. */
  readonly droppedCount: number;
  /** Why the link last broke or could not be made; null if it never did. */
  readonly lastFailure: string | null;
}

/** Why an attempt or a link ended. */
interface Failure {
  readonly reason: string;
  /** Whether the peer was there and the handshake failed: an operator has something to repair. */
  readonly refused: boolean;
}

/** The link to one peer. */
export class PeerLink {
  readonly #peer: NodeId;
  readonly #role: LinkRole;
  readonly #context: LinkContext;
  readonly #backoff: Backoff;
  #url: string;
  /** Which life of its directory the peer is known to be in; null if nobody knows. */
  #known: string | null;
  /** Which one it claimed on the newest link. */
  #claimed: string | null = null;
  #phase: LinkPhase = "idle";
  /** The link's socket, adopted or dialed, from then until it is dropped or gone. */
  #socket: PeerSocket | null = null;
  #adopted: PeerSocket | null = null;
  #greeting: Greeting | null = null;
  #channel: Channel | null = null;
  #cancelTimer: () => void = () => {};
  #failure: Failure | null = null;
  /** The reason the host was last given since the link was last up. */
  #reported: string | null = null;
  #droppedCount = 0;

  constructor(peer: Member, role: LinkRole, context: LinkContext) {
    this.#peer = peer.id;
    this.#url = peer.url;
    this.#known = peer.incarnation ?? null;
    this.#role = role;
    this.#context = context;
    this.#backoff = new Backoff(context.limits, context.random);
  }

  /** Whether messages flow. */
  get isUp(): boolean {
    return this.#phase === "open";
  }

  /** The link as an operator sees it. */
  get report(): LinkReport {
    return {
      peer: this.#peer,
      phase: this.#phase,
      droppedCount: this.#droppedCount,
      lastFailure: this.#failure?.reason ?? null,
    };
  }

  /**
   * What is known of the peer by now. The next attempt dials its new address; a link that is up stays
   * up, unless the peer at its other end turns out to be in another life of its directory.
   */
  setPeer(peer: Member): void {
    this.#url = peer.url;
    this.#known = peer.incarnation ?? null;
    if (this.isUp && !this.accepts(this.#claimed)) {
      this.#fail("Refused the peer: other_incarnation", true);
    }
  }

  /** Whether the peer may come in this life of its directory. */
  accepts(incarnation: string | null): boolean {
    return !isOtherLife(this.#known, incarnation);
  }

  /** Begins to dial, if this side is the one that does. */
  start(): void {
    this.#on("dial");
  }

  /** Takes a socket on which the peer has proven itself, in place of any before it. */
  adopt(socket: PeerSocket, incarnation: string | null): void {
    this.#adopted = socket;
    this.#claimed = incarnation;
    if (this.isUp) this.#failure = { reason: "Peer opened a newer link", refused: false };
    this.#on("adopted");
  }

  /** Ends the link for good, without a report. */
  stop(): void {
    this.#on("stop");
  }

  /** Sends a message, or drops it if the link is down or its buffer is full. */
  send(message: Uint8Array): boolean {
    if (this.#channel === null) return false;
    const taken = this.#channel.send(message);
    if (!taken) this.#droppedCount += 1;
    return taken;
  }

  #on(event: LinkEvent): void {
    const { phase, actions } = stepLink(this.#role, this.#phase, event);
    this.#phase = phase;
    for (const action of actions) {
      // A report may make the host remove this very peer: what follows is then void.
      if (this.#phase !== phase) return;
      this.#act(action);
    }
  }

  #act(action: LinkAction): void {
    switch (action) {
      case "connect":
        return this.#connect();
      case "greet":
        return this.#greet();
      case "drop":
        return this.#drop();
      case "take":
        this.#socket = this.#adopted;
        this.#adopted = null;
        return;
      case "watch":
        return this.#watch();
      case "wait":
        return this.#setTimer(this.#backoff.nextDelayMs(), () => this.#on("dial"));
      case "reportUp":
        this.#reported = null;
        return this.#context.events.onPeerUp(this.#peer, this.#claimed);
      case "reportDown":
        return this.#report();
      case "reportFailure":
        return this.#maybeReportFailure();
      default:
        return unreachable(action);
    }
  }

  #connect(): void {
    const { dial, limits } = this.#context;
    this.#setTimer(
      limits.handshakeMsMax,
      () => this.#fail(`Peer did not answer within ${limits.handshakeMsMax} ms`),
    );
    try {
      this.#socket = dial(this.#url.replace(/^http/, "ws") + PEER_PATH);
    } catch (error) {
      // An address that cannot be dialed was configured, perhaps on another node: not our end.
      return this.#fail(`Cannot dial "${this.#url}": ${String(error)}`);
    }
    this.#socket.listen({
      onOpen: () => this.#on("connected"),
      onMessage: (bytes) => this.#greeting?.onFrame(bytes),
      onClose: (reason) => this.#onGone(reason),
    });
  }

  #greet(): void {
    const expected = { id: this.#peer, incarnation: this.#known };
    this.#greeting = greetAsDialer(this.#context.self, expected, {
      send: (bytes) => this.#socket?.send(bytes),
      onEnd: (outcome) => this.#onGreetingEnd(outcome),
    });
  }

  #onGreetingEnd(outcome: GreetingOutcome): void {
    switch (outcome.kind) {
      case "done":
        // What is known of the peer may have changed while the proofs were on their way.
        if (!this.accepts(outcome.incarnation)) {
          return this.#fail("Refused the peer: other_incarnation", true);
        }
        this.#claimed = outcome.incarnation;
        return this.#on("greeted");
      case "refused_by_peer":
        return this.#fail(`Peer refused: ${outcome.refusal ?? "unknown reason"}`, true);
      case "refused_peer":
        return this.#fail(`Refused the peer: ${outcome.refusal}`, true);
      case "violated":
        return this.#fail(`Peer broke the handshake: ${outcome.reason}`, true);
      default:
        return unreachable(outcome);
    }
  }

  #watch(): void {
    const socket = this.#socket;
    if (socket === null) return;
    this.#cancelTimer();
    this.#channel = new Channel(socket, {
      onMessage: (message) => this.#context.events.onMessage(this.#peer, message),
      onStable: () => this.#backoff.reset(),
      onBroke: (reason) => this.#fail(reason),
      onGone: (reason) => this.#onGone(reason),
    }, this.#context);
  }

  #drop(): void {
    this.#cancelTimer();
    this.#greeting?.abandon();
    this.#greeting = null;
    this.#channel?.release();
    this.#channel = null;
    if (this.#socket !== null) this.#context.farewells.bid(this.#socket);
    this.#socket = null;
  }

  /** The socket ended by itself: nobody needs to see it off. */
  #onGone(reason: string): void {
    this.#socket = null;
    this.#fail(reason);
  }

  #fail(reason: string, refused = false): void {
    this.#failure = { reason, refused };
    this.#on("broke");
  }

  #setTimer(delayMs: number, ring: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#context.timers.setTimer(delayMs, ring);
  }

  /**
   * Attempts repeat for as long as a peer is away, and their failures are no news: one report per
   * outage, and one more for each new refusal.
   */
  #maybeReportFailure(): void {
    const isNews = this.#reported === null ||
      (this.#failure?.refused === true && this.#failure.reason !== this.#reported);
    if (isNews) this.#report();
  }

  #report(): void {
    const reason = this.#failure?.reason ?? "";
    this.#reported = reason;
    this.#context.events.onPeerDown(this.#peer, reason);
  }
}
