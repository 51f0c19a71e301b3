/**
 * Linearizable reads on any node (thesis §6.4): learn from the leader an index that covers all that
 * was acknowledged before the read arrived, wait until the own state machine has reached it, read
 * there. Reads that arrive together share one question.
 *
 * @module
 */

import { drawId, type Random } from "../random.ts";
import type { LogIndex, NodeId } from "../raft/ids.ts";
import type { Envelope, ReadIndex } from "../raft/message.ts";
import type { RaftNode } from "../raft/node.ts";
import type { ReadGrant } from "../raft/read_rounds.ts";
import { Disclaimer } from "./disclaimer.ts";
import type { ReadMode, ReadMoments, Reply, RequestId } from "./io.ts";

/** Who waits for a read index: clients of this node, or a peer that asks for its own. */
export type ReadToken =
  | {
    readonly kind: "clients";
    readonly mode: ReadMode;
    readonly requestIds: readonly RequestId[];
    readonly askedAtMs: number;
  }
  | { readonly kind: "peer"; readonly from: NodeId; readonly requestId: number };

interface Question {
  readonly requestId: number;
  readonly to: NodeId;
  readonly mode: ReadMode;
  readonly requestIds: readonly RequestId[];
  readonly askedAtMs: number;
}

interface Granted {
  readonly index: LogIndex;
  readonly requestIds: readonly RequestId[];
  readonly round: ReadMoments;
}

/** Most reads that may be open at once. */
const OPEN_MAX = 100_000;

/** The reads of one replica. */
export class Reads {
  /** Every read that has not ended, with its deadline. The lists below may name ended ones. */
  readonly #open = new Map<RequestId, number>();
  readonly #random: Random;
  /** Not yet asked about. */
  readonly #fresh: Record<ReadMode, RequestId[]> = { linearizable: [], lease: [] };
  /** The one question on its way to a leader elsewhere. */
  #question: Question | null = null;
  /** Known to be safe at an index that is not applied yet. */
  #granted: Granted[] = [];
  readonly #disclaimer = new Disclaimer();
  #replies: Reply<never>[] = [];
  #messages: Envelope[] = [];

  /** @param random Draws the numbers of the questions to other leaders. */
  constructor(random: Random) {
    this.#random = random;
  }

  /** How many clients wait to read. */
  get pendingCount(): number {
    return this.#open.size;
  }

  /** A client wants to read. */
  add(requestId: RequestId, deadlineMs: number, mode: ReadMode): void {
    if (this.#open.size >= OPEN_MAX) {
      this.#replies.push({ kind: "failed", requestId, reason: "overloaded" });
      return;
    }
    this.#open.set(requestId, deadlineMs);
    this.#fresh[mode].push(requestId);
  }

  /** Asks for an index for all reads that have none. */
  flush(
    node: RaftNode<ReadToken>,
    host: {
      readonly nowMs: number;
      readonly patienceMs: number;
      readonly isUp: (peer: NodeId) => boolean;
    },
  ): void {
    const question = this.#question;
    if (question !== null && host.nowMs - question.askedAtMs >= host.patienceMs) this.#giveUp();
    if (this.#fresh.linearizable.length + this.#fresh.lease.length === 0) return;
    if (node.role === "leader") {
      for (const mode of ["linearizable", "lease"] as const) {
        const requestIds = this.#takeFresh(mode);
        if (requestIds.length === 0) continue;
        const asked = { mode, requestIds, askedAtMs: host.nowMs };
        node.read({ kind: "clients", ...asked }, { lease: mode === "lease" });
      }
      return;
    }
    const leader = node.leaderId;
    if (leader === null || !host.isUp(leader) || this.#disclaimer.isOf(leader, host.nowMs)) return;
    // A question already on its way may have been answered before these reads arrived.
    if (this.#question !== null) return;
    this.#ask(leader, host.nowMs);
  }

  /** One question for all: a proof that is good enough for the strictest of them is for the others. */
  #ask(leader: NodeId, nowMs: number): void {
    const strict = this.#takeFresh("linearizable");
    const mode = strict.length > 0 ? "linearizable" : "lease";
    const requestIds = [...strict, ...this.#takeFresh("lease")];
    if (requestIds.length === 0) return;
    const requestId = drawId(this.#random);
    this.#question = { requestId, to: leader, mode, requestIds, askedAtMs: nowMs };
    this.#messages.push({
      to: leader,
      message: { type: "read_index_request", requestId, lease: mode === "lease" },
    });
  }

  /** The own leadership has confirmed an index. */
  onGrant({ token, index, proof }: ReadGrant<ReadToken>, nowMs: number): void {
    if (token.kind === "clients") this.#grant(token, { index, proof }, nowMs);
    else this.#answer(token, { index, proof });
  }

  #grant(
    { requestIds, askedAtMs }: Pick<Question, "requestIds" | "askedAtMs">,
    { index, proof }: ReadIndex,
    grantedAtMs: number,
  ): void {
    this.#granted.push({ index, requestIds, round: { askedAtMs, grantedAtMs, proof } });
  }

  /** This node does not lead (any more), so it cannot tell. */
  onAbandoned(token: ReadToken): void {
    if (token.kind === "clients") this.#fresh[token.mode].push(...token.requestIds);
    else this.#answer(token, null);
  }

  /** A leader elsewhere has answered. */
  onResponse(
    requestId: number,
    granted: ReadIndex | null,
    timing: { readonly nowMs: number; readonly holdMs: number },
  ): void {
    // Only the answer to the question that is open: an older one may be from before these reads.
    if (this.#question?.requestId !== requestId) return;
    if (granted === null) {
      this.#disclaimer.note(this.#question.to, timing.nowMs + timing.holdMs);
      this.#giveUp();
      return;
    }
    this.#grant(this.#question, granted, timing.nowMs);
    this.#question = null;
  }

  /** The link to a peer broke: it will not answer. */
  onPeerDown(peer: NodeId): void {
    if (this.#question?.to === peer) this.#giveUp();
  }

  /** The state machine has reached `index`. */
  onApplied(index: LogIndex): void {
    if (this.#granted.length === 0) return;
    for (const granted of this.#granted) {
      if (granted.index > index) continue;
      const { requestIds, round } = granted;
      for (const requestId of requestIds) {
        if (this.#open.delete(requestId)) {
          this.#replies.push({ kind: "readable", requestId, round });
        }
      }
    }
    this.#granted = this.#granted.filter((granted) => granted.index > index);
  }

  /** Ends the reads that have run out of time, wherever they wait. */
  expire(nowMs: number, reason: "no_leader" | "timeout"): void {
    for (const [requestId, deadlineMs] of this.#open) {
      if (deadlineMs > nowMs) continue;
      this.#open.delete(requestId);
      this.#replies.push({ kind: "failed", requestId, reason });
    }
    this.#forgetEnded();
  }

  /** Without a leader, or without progress, the lists would grow with every read that gave up. */
  #forgetEnded(): void {
    for (const mode of ["linearizable", "lease"] as const) {
      this.#fresh[mode] = this.#takeFresh(mode);
    }
    this.#granted = this.#granted.filter(({ requestIds }) =>
      requestIds.some((requestId) => this.#open.has(requestId))
    );
  }

  /** The node stops. */
  stop(): void {
    for (const requestId of this.#open.keys()) {
      this.#replies.push({ kind: "failed", requestId, reason: "stopping" });
    }
    this.#open.clear();
  }

  /** The ends reached since the last call. */
  takeReplies(): Reply<never>[] {
    const replies = this.#replies;
    this.#replies = [];
    return replies;
  }

  /** The messages to peers since the last call. */
  takeMessages(): Envelope[] {
    const messages = this.#messages;
    this.#messages = [];
    return messages;
  }

  #takeFresh(mode: ReadMode): RequestId[] {
    const fresh = this.#fresh[mode].filter((requestId) => this.#open.has(requestId));
    this.#fresh[mode] = [];
    return fresh;
  }

  /** The open question will not be waited for; its reads are asked about anew, under a new number. */
  #giveUp(): void {
    if (this.#question === null) return;
    this.#fresh[this.#question.mode].push(...this.#question.requestIds);
    this.#question = null;
  }

  #answer(token: ReadToken & { kind: "peer" }, granted: ReadIndex | null): void {
    this.#messages.push({
      to: token.from,
      message: { type: "read_index_response", requestId: token.requestId, granted },
    });
  }
}
