/**
 * The mechanics of a handshake: whose turn it is, and an end that comes once.
 *
 * @module
 */

import {
  encodeHandshake,
  type HandshakeFrame,
  type HandshakeKind,
  NONCE_BYTES,
  parseHandshake,
  PROOF_BYTES,
  type Refusal,
} from "./handshake_frame.ts";

/** How a handshake ended. */
export type GreetingOutcome =
  | { readonly kind: "done"; readonly peer: string; readonly incarnation: string | null }
  | { readonly kind: "refused_by_peer"; readonly refusal: Refusal | null }
  | { readonly kind: "refused_peer"; readonly refusal: Refusal }
  | { readonly kind: "violated"; readonly reason: string };

/** What a handshake needs of the socket under it. */
export interface GreetingHost {
  /** Sends one frame. */
  send(bytes: Uint8Array<ArrayBuffer>): void;
  /** The handshake is over. Called once, and last. */
  onEnd(outcome: GreetingOutcome): void;
}

/** A handshake under way. */
export interface Greeting {
  /** A frame arrived. */
  onFrame(bytes: Uint8Array): void;
  /** The socket is gone or time is up: nothing is sent or reported any more. */
  abandon(): void;
}

/** The fields that a frame may leave out: they are then zero. */
export type OptionalFields = "refusal" | "nonce" | "proof" | "incarnation";

/** A handshake frame without the fields that it does not use. */
export type FrameDraft =
  & Omit<HandshakeFrame, OptionalFields>
  & Partial<Pick<HandshakeFrame, OptionalFields>>;

type Turn = {
  readonly kind: HandshakeKind;
  readonly onFrame: (frame: HandshakeFrame) => void | Promise<void>;
};

const NO_NONCE = new Uint8Array(NONCE_BYTES);
const NO_PROOF = new Uint8Array(PROOF_BYTES);

/**
 * One side of a handshake. It expects one kind of frame or none (while a proof is computed); a frame
 * out of turn is a violation, so nothing a stranger sends is ever queued. Once the conversation is
 * over, what a late proof still wants to say is dropped.
 */
export class Conversation implements Greeting {
  readonly #host: GreetingHost;
  #turn: Turn | null = null;
  #over = false;

  constructor(host: GreetingHost) {
    this.#host = host;
  }

  /** Names the frame that must come next, and what to do with it. */
  expect(kind: HandshakeKind, onFrame: Turn["onFrame"]): void {
    this.#turn = { kind, onFrame };
  }

  /** Sends a frame. */
  send(draft: FrameDraft): void {
    if (this.#over) return;
    const frame = {
      refusal: null,
      nonce: NO_NONCE,
      proof: NO_PROOF,
      incarnation: null,
      ...draft,
    };
    this.#host.send(encodeHandshake(frame));
  }

  /** Ends the handshake. */
  end(outcome: GreetingOutcome): void {
    if (this.#over) return;
    this.#over = true;
    this.#host.onEnd(outcome);
  }

  abandon(): void {
    this.#over = true;
  }

  onFrame(bytes: Uint8Array): void {
    if (this.#over) return;
    const parsed = parseHandshake(bytes);
    if (!parsed.ok) return this.end({ kind: "violated", reason: parsed.reason });
    const { frame } = parsed;
    if (frame.kind === "refuse") {
      return this.end({ kind: "refused_by_peer", refusal: frame.refusal });
    }
    const turn = this.#turn;
    if (turn === null || frame.kind !== turn.kind) {
      return this.end({ kind: "violated", reason: `Step "${frame.kind}" is out of turn` });
    }
    this.#turn = null;
    turn.onFrame(frame);
  }
}
