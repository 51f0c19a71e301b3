/**
 * Proof that a peer knows the cluster's secret, without ever sending it.
 *
 * @module
 */

import { encodeIdField, encodeIncarnation, PROOF_BYTES } from "./handshake_frame.ts";

/** Everything two nodes said before the proof: signing it all leaves nothing to tamper with. */
export interface Transcript {
  /** Oldest protocol version the dialer offered. */
  readonly versionMin: number;
  /** Newest protocol version the dialer offered. */
  readonly versionMax: number;
  /** The version the acceptor chose. */
  readonly version: number;
  /** The cluster both claim. */
  readonly clusterId: string;
  /** The id of the node that dialed. */
  readonly dialer: string;
  /** The id of the node that accepted. */
  readonly acceptor: string;
  /** The dialer's nonce. */
  readonly dialerNonce: Uint8Array;
  /** The acceptor's nonce. */
  readonly acceptorNonce: Uint8Array;
  /** Which life of its data directory the dialer claims to be in. */
  readonly dialerIncarnation: string | null;
  /** Which life of its data directory the acceptor claims to be in. */
  readonly acceptorIncarnation: string | null;
}

/** Which side makes a proof. Part of what is signed, so that neither can be answered with its own. */
export type ProofRole = "dialer" | "acceptor";

/** Makes and checks proofs. */
export interface Prover {
  /** The proof of this node in the given role. */
  prove(transcript: Transcript, role: ProofRole): Promise<Uint8Array<ArrayBuffer>>;
  /** Whether `proof` is what a holder of the secret in the given role would have sent. */
  verify(
    transcript: Transcript,
    role: ProofRole,
    proof: Uint8Array<ArrayBuffer>,
  ): Promise<boolean>;
}

const PREFIX = new TextEncoder().encode("raftkv peer handshake");

/**
 * The prover of a cluster: HMAC-SHA256 under the secret, or, in a cluster without one, zeros. A node
 * with a secret thus refuses one without, and the other way round.
 *
 * @throws {RangeError} if the secret is empty: a variable that was set to nothing
 */
export function proverOf(secret: string | undefined): Prover {
  if (secret === undefined) return OPEN_PROVER;
  if (secret === "") throw new RangeError("Cannot use the cluster secret: It is empty");
  const key = crypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(secret),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign", "verify"],
  );
  return {
    async prove(transcript, role) {
      return new Uint8Array(
        await crypto.subtle.sign("HMAC", await key, encodeTranscript(transcript, role)),
      );
    },
    async verify(transcript, role, proof) {
      // In constant time, unlike a comparison of arrays.
      return await crypto.subtle.verify(
        "HMAC",
        await key,
        proof,
        encodeTranscript(transcript, role),
      );
    },
  };
}

const OPEN_PROVER: Prover = {
  prove: () => Promise.resolve(new Uint8Array(PROOF_BYTES)),
  verify: (_transcript, _role, proof) => Promise.resolve(proof.every((byte) => byte === 0)),
};

/** Every part has a fixed size, so that different transcripts never have the same bytes. */
function encodeTranscript(transcript: Transcript, role: ProofRole): Uint8Array<ArrayBuffer> {
  const parts = [
    PREFIX,
    Uint8Array.of(transcript.versionMin, transcript.versionMax, transcript.version),
    Uint8Array.of(role === "dialer" ? 1 : 2),
    encodeIdField(transcript.clusterId),
    encodeIdField(transcript.dialer),
    encodeIdField(transcript.acceptor),
    transcript.dialerNonce,
    transcript.acceptorNonce,
    encodeIncarnation(transcript.dialerIncarnation),
    encodeIncarnation(transcript.acceptorIncarnation),
  ];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
