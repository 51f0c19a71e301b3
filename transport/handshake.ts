/**
 * How two nodes learn that they mean each other, and prove it.
 *
 *     dialer                                acceptor
 *       │ hello: ids, versions, nonce, life    │
 *       ├─────────────────────────────────────►│ checks ids and versions
 *       │ welcome: version, nonce, proof, life │
 *       │◄─────────────────────────────────────┤
 *       │ confirm: proof                       │
 *       ├─────────────────────────────────────►│ checks the proof
 *       │ ready                                │
 *       │◄─────────────────────────────────────┤
 *
 * Either side may answer `refuse` and its reason instead. The dialer counts the link as up at
 * `ready` and not before: a refusal must not look like a peer that came and went.
 *
 * @module
 */

import { Conversation, type Greeting, type GreetingHost } from "./conversation.ts";
import { type HandshakeFrame, NONCE_BYTES, type Refusal } from "./handshake_frame.ts";
import type { Prover, Transcript } from "./proof.ts";

/** A range of protocol versions, both ends included. */
export interface VersionRange {
  /** Oldest version, at least 1. */
  readonly min: number;
  /** Newest version, at most 255. */
  readonly max: number;
}

/** The protocol versions this code speaks. */
export const PROTOCOL_VERSIONS: VersionRange = { min: 2, max: 2 };

/** Who this node is. */
export interface Identity {
  /** Its cluster. */
  readonly clusterId: string;
  /** Its own id. */
  readonly nodeId: string;
  /** Which life of its data directory it is in; null where directories are never lost. */
  readonly incarnation: string | null;
  /** The protocol versions it speaks. */
  readonly versions: VersionRange;
  /** Makes and checks proofs with the cluster's secret. */
  readonly prover: Prover;
}

/** Whether a node may link up: null if it may. Asked at the hello, and again once it has proven. */
export type Judge = (from: string, incarnation: string | null) => Refusal | null;

/** Whom a dialer means. */
export interface ExpectedPeer {
  /** The peer's id. */
  readonly id: string;
  /** Which life of its data directory it must be in; null for any. */
  readonly incarnation: string | null;
}

/** Starts the handshake of the side that dialed a peer. */
export function greetAsDialer(
  self: Identity,
  expected: ExpectedPeer,
  host: GreetingHost,
): Greeting {
  const { clusterId, nodeId, versions, prover } = self;
  const peer = expected.id;
  const talk = new Conversation(host);
  const envelope = {
    versionMin: versions.min,
    versionMax: versions.max,
    clusterId,
    from: nodeId,
    to: peer,
  };
  const nonce = freshNonce();

  const refusalOf = (welcome: HandshakeFrame): Refusal | null => {
    if (welcome.clusterId !== clusterId) return "wrong_cluster";
    if (welcome.from !== peer || welcome.to !== nodeId) return "wrong_node";
    const version = welcome.versionMax;
    if (version < versions.min || version > versions.max) return "protocol_unsupported";
    return isOtherLife(expected.incarnation, welcome.incarnation) ? "other_incarnation" : null;
  };

  const onWelcome = async (welcome: HandshakeFrame): Promise<void> => {
    const refusal = refusalOf(welcome);
    if (refusal !== null) return refuse(talk, envelope, refusal);
    const transcript: Transcript = {
      versionMin: versions.min,
      versionMax: versions.max,
      version: welcome.versionMax,
      clusterId,
      dialer: nodeId,
      acceptor: peer,
      dialerNonce: nonce,
      acceptorNonce: welcome.nonce,
      dialerIncarnation: self.incarnation,
      acceptorIncarnation: welcome.incarnation,
    };
    const proven = await prover.verify(transcript, "acceptor", welcome.proof);
    if (!proven) return refuse(talk, envelope, "bad_proof");
    const proof = await prover.prove(transcript, "dialer");
    const { incarnation } = welcome;
    talk.expect("ready", () => talk.end({ kind: "done", peer, incarnation }));
    talk.send({ ...envelope, kind: "confirm", proof });
  };

  talk.expect("welcome", onWelcome);
  talk.send({ ...envelope, kind: "hello", nonce, incarnation: self.incarnation });
  return talk;
}

/** Starts the handshake of the side that accepted a socket, from whomever. */
export function greetAsAcceptor(self: Identity, judge: Judge, host: GreetingHost): Greeting {
  const { clusterId, nodeId, versions, prover } = self;
  const talk = new Conversation(host);
  const nonce = freshNonce();

  const refusalOf = (hello: HandshakeFrame, version: number): Refusal | null => {
    if (version < hello.versionMin || version < versions.min) return "protocol_unsupported";
    if (hello.clusterId !== clusterId) return "wrong_cluster";
    if (hello.to !== nodeId) return "wrong_node";
    return judge(hello.from, hello.incarnation);
  };

  const onHello = async (hello: HandshakeFrame): Promise<void> => {
    const dialer = hello.from;
    const version = Math.min(hello.versionMax, versions.max);
    const envelope = {
      versionMin: version,
      versionMax: version,
      clusterId,
      from: nodeId,
      to: dialer,
    };
    const refusal = refusalOf(hello, version);
    if (refusal !== null) return refuse(talk, envelope, refusal);
    const transcript: Transcript = {
      versionMin: hello.versionMin,
      versionMax: hello.versionMax,
      version,
      clusterId,
      dialer,
      acceptor: nodeId,
      dialerNonce: hello.nonce,
      acceptorNonce: nonce,
      dialerIncarnation: hello.incarnation,
      acceptorIncarnation: self.incarnation,
    };

    const onConfirm = async (confirm: HandshakeFrame): Promise<void> => {
      const proven = await prover.verify(transcript, "dialer", confirm.proof);
      if (!proven) return refuse(talk, envelope, "bad_proof");
      // The membership may have changed, or a newer link come up, while the proof was on its way.
      const late = judge(dialer, hello.incarnation);
      if (late !== null) return refuse(talk, envelope, late);
      talk.send({ ...envelope, kind: "ready" });
      talk.end({ kind: "done", peer: dialer, incarnation: hello.incarnation });
    };

    const proof = await prover.prove(transcript, "acceptor");
    talk.expect("confirm", onConfirm);
    talk.send({ ...envelope, kind: "welcome", nonce, proof, incarnation: self.incarnation });
  };

  talk.expect("hello", onHello);
  return talk;
}

/** Whether a peer that is known by one incarnation claims another, or none. */
export function isOtherLife(known: string | null, claimed: string | null): boolean {
  return known !== null && known !== claimed;
}

type Envelope = Pick<HandshakeFrame, "versionMin" | "versionMax" | "clusterId" | "from" | "to">;

function refuse(talk: Conversation, envelope: Envelope, refusal: Refusal): void {
  talk.send({ ...envelope, kind: "refuse", refusal });
  talk.end({ kind: "refused_peer", refusal });
}

/** From the system's generator, not the injected one: a predictable nonce can be replayed. */
function freshNonce(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
}
