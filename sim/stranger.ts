/**
 * Strangers: whoever reaches a node's port, or sits at a peer's address, and is not who it has to be.
 * Whether they are let in, the production code decides: the node's own mesh, and the handshake.
 *
 * @module
 */

import type { Member, NodeId } from "@raftkv/core/raft";
import { encodeMessageFrame } from "@raftkv/transport/frame";
import {
  DEAF,
  type DialPeer,
  greetAsAcceptor,
  greetAsDialer,
  type Greeting,
  type GreetingOutcome,
  type Identity,
  type Mesh,
  openMeshOver,
  type PeerSocket,
  type PeerSocketHandlers,
  PROTOCOL_VERSIONS,
  type Prover,
  proverOf,
  type Refusal,
} from "@raftkv/transport/links";

/** The node that a stranger turns to. */
export interface Host {
  /** Its id. */
  readonly id: NodeId;
  /** Names the life of its directory. */
  readonly incarnation: string;
  /** Whom it holds links to. */
  readonly peers: readonly Member[];
  /** Takes a message off a link. */
  deliver(from: NodeId, bytes: Uint8Array): void;
  /** Is told that a link is up. */
  step(input: { kind: "peer_up"; peer: NodeId; incarnation?: string }): void;
}

/** Whom a stranger pretends to be. */
export interface Guise {
  /** The cluster that it says it belongs to. */
  readonly clusterId: string;
  /** Its name. */
  readonly id: NodeId;
  /** The life of the directory that it says it has. */
  readonly incarnation: string;
  /** Whether it knows what all members know. */
  readonly knowsSecret: boolean;
}

/** What a stranger is up to. */
export interface Visit {
  /** Where it comes. */
  readonly host: Host;
  /** As whom. */
  readonly guise: Guise;
  /** What it says once it may, and also if it may not. */
  readonly message: Uint8Array;
  /** It was turned away. Called in the same turn of the event loop, if at all. */
  readonly onRefused: (refusal: Refusal) => void;
}

/** The cluster that simulated nodes belong to. */
export const CLUSTER_ID = "sim";

/** A proof made with another secret. */
const LIAR: Prover = {
  prove: () => Promise.resolve(new Uint8Array(32).fill(1)),
  verify: () => Promise.resolve(true),
};

/** Comes to the node's port, and asks for `meant`, which is the node itself unless it has lost its way. */
export function knock(visit: Visit, meant: NodeId): void {
  const socket = new StrangersSocket();
  const mesh = meshOf(visit.host, () => new StrangersSocket());
  mesh.setPeers(visit.host.peers);
  mesh.acceptPeer(socket);
  const expected = { id: meant, incarnation: null };
  converse(visit, socket, (greeting) => greetAsDialer(identityOf(visit.guise), expected, greeting));
}

/** Sits at the address of the node's peer `peer`, which the node dials. */
export function lieInWait(visit: Visit, peer: NodeId): void {
  const socket = new StrangersSocket();
  const address = visit.host.peers.find(({ id }) => id === peer)?.url;
  const mesh = meshOf(visit.host, (url) => {
    return address !== undefined && url.startsWith(address) ? socket : new StrangersSocket();
  });
  mesh.setPeers(visit.host.peers.filter(({ id }) => id === peer));
  converse(
    visit,
    socket,
    (greeting) => greetAsAcceptor(identityOf(visit.guise), () => null, greeting),
  );
  socket.open();
}

function converse(
  { message, onRefused }: Visit,
  socket: StrangersSocket,
  greet: (host: Parameters<typeof greetAsDialer>[2]) => Greeting,
): void {
  const onEnd = (outcome: GreetingOutcome) => {
    if (outcome.kind === "refused_by_peer" && outcome.refusal !== null) onRefused(outcome.refusal);
    // Not before the other side has ended the conversation, too.
    queueMicrotask(() => socket.say(encodeMessageFrame(message)));
  };
  const greeting = greet({ send: (bytes) => socket.say(bytes), onEnd });
  socket.onFrame = (bytes) => greeting.onFrame(bytes);
}

function identityOf({ clusterId, id, incarnation, knowsSecret }: Guise): Identity {
  const prover = knowsSecret ? proverOf(undefined) : LIAR;
  return { clusterId, nodeId: id, incarnation, versions: PROTOCOL_VERSIONS, prover };
}

/** The door of a node, open for as long as a visit lasts. */
function meshOf(host: Host, dial: DialPeer): Mesh {
  return openMeshOver({
    clusterId: CLUSTER_ID,
    nodeId: host.id,
    incarnation: host.incarnation,
    events: {
      onMessage: (from, bytes) => host.deliver(from, bytes),
      onPeerUp: (peer, incarnation) => {
        const known = incarnation === null ? {} : { incarnation };
        host.step({ kind: "peer_up", peer, ...known });
      },
      // The link to the peer itself is not concerned.
      onPeerDown: () => {},
    },
    dial,
    random: () => 0,
    timers: { setTimer: () => () => {} },
  });
}

/** A connection of which a stranger holds the far end. */
class StrangersSocket implements PeerSocket {
  readonly bufferedBytes = 0;
  /** What the node sends. */
  onFrame: (bytes: Uint8Array) => void = () => {};
  #handlers: PeerSocketHandlers = DEAF;

  listen(handlers: PeerSocketHandlers): void {
    this.#handlers = handlers;
  }

  send(bytes: Uint8Array<ArrayBuffer>): void {
    queueMicrotask(() => this.onFrame(bytes));
  }

  close(): void {}

  terminate(): void {}

  open(): void {
    this.#handlers.onOpen();
  }

  say(bytes: Uint8Array): void {
    this.#handlers.onMessage(bytes);
  }
}
