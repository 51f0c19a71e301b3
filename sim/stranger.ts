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
  encodeHandshake,
  greetAsAcceptor,
  greetAsDialer,
  type Greeting,
  type GreetingHost,
  type GreetingOutcome,
  type HandshakeFrame,
  type Identity,
  type Mesh,
  openMeshOver,
  parseHandshake,
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
  /** It was let in, and this is what comes of it. */
  readonly onHeard: (work: () => void) => void;
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
  const { guise, host } = visit;
  const socket = new StrangersSocket();
  const mesh = meshOf(visit, () => new StrangersSocket());
  mesh.setPeers(host.peers);
  mesh.acceptPeer(socket);
  const lies = { clusterId: guise.clusterId, to: meant };
  converse(visit, { socket, lies }, (greeting) => {
    return greetAsDialer(
      identityOf(guise, guise.id),
      { id: host.id, incarnation: null },
      greeting,
    );
  });
}

/** Sits at the address of the node's peer `peer`, which the node dials. */
export function lieInWait(visit: Visit, peer: NodeId): void {
  const { guise, host } = visit;
  const socket = new StrangersSocket();
  const address = host.peers.find(({ id }) => id === peer)?.url;
  const mesh = meshOf(visit, (url) => {
    return address !== undefined && url.startsWith(address) ? socket : new StrangersSocket();
  });
  mesh.setPeers(host.peers.filter(({ id }) => id === peer));
  const lies = { clusterId: guise.clusterId, from: guise.id };
  converse(visit, { socket, lies }, (greeting) => {
    return greetAsAcceptor(identityOf(guise, peer), () => null, greeting);
  });
  socket.open();
}

/** Talks as the node expects it, but for what is a lie: whether to go on is for the node to decide. */
function converse(
  { message, onRefused }: Visit,
  { lies, socket }: { readonly socket: StrangersSocket; readonly lies: Partial<HandshakeFrame> },
  greet: (host: GreetingHost) => Greeting,
): void {
  const onEnd = (outcome: GreetingOutcome) => {
    if (outcome.kind === "refused_by_peer" && outcome.refusal !== null) onRefused(outcome.refusal);
    // Not before the other side has ended the conversation, too.
    queueMicrotask(() => socket.say(encodeMessageFrame(message)));
  };
  const send = (bytes: Uint8Array) => {
    const parsed = parseHandshake(bytes);
    if (parsed.ok) socket.say(encodeHandshake({ ...parsed.frame, ...lies }));
  };
  const greeting = greet({ send, onEnd });
  socket.onFrame = (bytes) => greeting.onFrame(bytes);
}

function identityOf({ incarnation, knowsSecret }: Guise, nodeId: NodeId): Identity {
  const prover = knowsSecret ? proverOf(undefined) : LIAR;
  return { clusterId: CLUSTER_ID, nodeId, incarnation, versions: PROTOCOL_VERSIONS, prover };
}

/** The door of a node, open for as long as a visit lasts. */
function meshOf({ host, onHeard }: Visit, dial: DialPeer): Mesh {
  return openMeshOver({
    clusterId: CLUSTER_ID,
    nodeId: host.id,
    incarnation: host.incarnation,
    events: {
      onMessage: (from, bytes) => onHeard(() => host.deliver(from, bytes)),
      onPeerUp: (peer, incarnation) => {
        const known = incarnation === null ? {} : { incarnation };
        onHeard(() => host.step({ kind: "peer_up", peer, ...known }));
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
