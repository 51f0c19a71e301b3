/**
 * Clients' commands on their way: waiting for a leader, handed to it, or standing in the own log.
 * A proposal ends in one of four ways, kept apart to the last: never proposed, applied, lost to
 * another entry, unknown.
 *
 * @module
 */

import { unreachable } from "../assert.ts";
import { DecodeError } from "../codec/decode_error.ts";
import type { Entry } from "../raft/entry.ts";
import type { LogIndex, NodeId, Term } from "../raft/ids.ts";
import type {
  Envelope,
  ForwardEnd,
  ForwardRequest,
  ForwardResponse,
  ProposalFailure,
  WriteTimes,
} from "../raft/message.ts";
import type { RaftNode } from "../raft/node.ts";
import { Disclaimer } from "./disclaimer.ts";
import { type Forwarded, HeldProposals, type Origin, type Waiting } from "./held_proposals.ts";
import type { Input, Reply, RequestFailure, WriteTrace } from "./io.ts";
import { SeenRequests } from "./seen_requests.ts";
import { TracedWrites } from "./traced_writes.ts";
import type { StateMachine } from "./state_machine.ts";

interface Appended {
  readonly origin: Origin;
  readonly term: Term;
}

interface Applied<Result> {
  readonly index: LogIndex;
  readonly result: Result;
  readonly times: WriteTimes | null;
  readonly forwarded: WriteTrace["forwarded"];
}

/** The proposals of one replica. */
export class Proposals<Result> {
  readonly #machine: StateMachine<Result>;
  /** The term in which the run before this one ended, at the latest. */
  readonly #termAtStart: Term;
  /** Names this run of the process in what it forwards. */
  readonly #sender: number;
  #forwards = 0;
  readonly #seen = new SeenRequests();
  readonly #held = new HeldProposals();
  readonly #disclaimer = new Disclaimer();
  readonly #appended = new Map<LogIndex, Appended>();
  readonly #traced = new TracedWrites();
  #isOwnUnderWay = false;
  /** As long as it is set, nothing is proposed for clients that would need room on the disk. */
  #isShortOfRoom = false;
  #replies: Reply<Result>[] = [];
  #messages: Envelope[] = [];

  /**
   * Starts with none.
   *
   * @param run `sender` names this run and must differ from the names of earlier runs; `termAtStart`
   *   is the term that storage recovered.
   */
  constructor(
    machine: StateMachine<Result>,
    run: { readonly sender: number; readonly termAtStart: Term },
  ) {
    this.#machine = machine;
    this.#termAtStart = run.termAtStart;
    this.#sender = run.sender;
  }

  /** How many clients wait for an answer. */
  get pendingCount(): number {
    return this.#held.count + this.#appended.size;
  }

  /** A command of the node itself, which leads. */
  addOwn(payload: Uint8Array): void {
    this.#isOwnUnderWay = true;
    this.#add({ kind: "own" }, payload);
  }

  /** Whether a command of the node itself has not ended. */
  get isOwnUnderWay(): boolean {
    return this.#isOwnUnderWay;
  }

  /** A client's command. */
  add(
    { requestId, payload, deadlineMs, isTraced }: Extract<Input, { kind: "propose" }>,
    nowMs: number,
  ): void {
    const tracedFromMs = isTraced === true ? nowMs : null;
    this.#add({ kind: "client", requestId, deadlineMs, tracedFromMs }, payload);
  }

  /** A command that a peer forwards for its client. */
  addForwarded(from: NodeId, request: ForwardRequest, nowMs: number): void {
    const { sender, requestId, term, payload, isTraced } = request;
    // The first copy is answered; answering a second could tell of a refusal what was accepted.
    if (!this.#seen.isFirst(`${from}/${sender}`, requestId)) return;
    const tracedFromMs = isTraced ? nowMs : null;
    const origin: Origin = { kind: "peer", from, sender, requestId, term, tracedFromMs };
    // In a term from before this run, an earlier run may have led and taken a copy of this into its
    // log: to send it back as refused would make the peer propose it twice.
    if (term <= this.#termAtStart) this.#fail(origin, "unknown");
    else this.#add(origin, payload);
  }

  /**
   * The disk has run short of room, or has some again. A leader that runs short gives way, once: if
   * all are short, the leadership must not go round for ever.
   */
  onRoom(node: RaftNode<unknown>, isShort: boolean): void {
    this.#isShortOfRoom = isShort;
    if (isShort) node.transferLeadership(null);
  }

  #add(origin: Origin, payload: Uint8Array): void {
    if (!this.#held.maybeAdd({ origin, payload })) this.#fail(origin, "overloaded");
  }

  /** Proposes, or hands to the leader, whatever waits. */
  flush(
    node: RaftNode<unknown>,
    host: { readonly nowMs: number; readonly isUp: (peer: NodeId) => boolean },
  ): void {
    this.#traced.observe(node, host.nowMs);
    if (this.#held.waitingCount === 0 || node.isHandingOver) return;
    if (node.role === "leader") {
      // One message, one sync and one answer then do for all that have come until it is through.
      if (node.isBatching) return;
      for (const waiting of this.#held.takeWaiting()) this.#propose(node, waiting, host.nowMs);
      return;
    }
    // A command is forwarded once: a node that does not lead sends it back at once.
    for (const { origin } of this.#held.takeForeign()) this.#fail(origin, "not_leader");
    const leader = node.leaderId;
    if (leader === null || !host.isUp(leader) || this.#disclaimer.isOf(leader, host.nowMs)) return;
    for (const waiting of this.#held.takeWaiting()) {
      this.#forward({ to: leader, term: node.term, nowMs: host.nowMs }, waiting);
    }
  }

  #propose(node: RaftNode<unknown>, { origin, payload }: Waiting, nowMs: number): void {
    if (origin.kind === "peer" && origin.term !== node.term) {
      this.#fail(origin, "not_leader");
      return;
    }
    if (this.#isShortOfRoom && origin.kind !== "own" && this.#machine.frees?.(payload) !== true) {
      this.#fail(origin, "storage_full");
      return;
    }
    const result = node.propose(payload);
    if (result.kind === "refused") {
      this.#fail(origin, result.reason === "overloaded" ? "overloaded" : "not_leader");
      return;
    }
    const { index, term } = result.position;
    const replaced = this.#appended.get(index);
    // An entry of ours stood at this index before another leader cut it here; another node may
    // still hold it, lead one day, and commit it.
    if (replaced !== undefined) this.#fail(replaced.origin, "unknown");
    this.#appended.set(index, { origin, term });
    if (origin.kind === "own" || origin.tracedFromMs === null) return;
    this.#traced.begin(index, { arrivedAtMs: origin.tracedFromMs, nowMs });
  }

  #forward(
    leader: { to: NodeId; term: Term; nowMs: number },
    { origin, payload }: Waiting,
  ): void {
    if (origin.kind !== "client") return;
    const { to, term, nowMs: atMs } = leader;
    const requestId = ++this.#forwards;
    this.#held.forward(requestId, { origin, payload, to, atMs });
    const isTraced = origin.tracedFromMs !== null;
    const named = { type: "forward_request", sender: this.#sender, requestId } as const;
    this.#messages.push({ to, message: { ...named, term, isTraced, payload } });
  }

  /** The state machine has applied an entry. */
  onApplied(entry: Entry, result: Result | null): void {
    const { index } = entry;
    const times = this.#traced.end(index);
    const appended = this.#appended.get(index);
    if (appended === undefined) return;
    this.#appended.delete(index);
    if (appended.term !== entry.term || result === null) this.#fail(appended.origin, "lost");
    else this.#succeed(appended.origin, { index, result, times, forwarded: null });
  }

  /** A snapshot took the place of entries up to `index`: what became of them cannot be told. */
  onSkipped(index: LogIndex): void {
    this.#traced.skip(index);
    for (const [at, { origin }] of this.#appended) {
      if (at > index) continue;
      this.#appended.delete(at);
      this.#fail(origin, "unknown");
    }
  }

  /** The leader tells how a forwarded command ended. */
  onForwardEnd(
    { sender, requestId, end }: ForwardResponse,
    timing: { readonly nowMs: number; readonly holdMs: number },
  ): void {
    if (sender !== this.#sender) return;
    const forwarded = this.#held.takeForwarded(requestId);
    if (forwarded === null) return;
    if (end.kind === "applied") {
      this.#succeedElsewhere(forwarded, end);
    } else if (end.reason === "not_leader") {
      this.#disclaimer.note(forwarded.to, timing.nowMs + timing.holdMs);
      this.#held.waitAgain(forwarded);
    } else {
      this.#fail(forwarded.origin, end.reason);
    }
  }

  /** The link to a peer broke: commands it has may or may not be in a log. */
  onPeerDown(peer: NodeId): void {
    for (const { origin } of this.#held.takeForwardedTo(peer)) this.#fail(origin, "unknown");
  }

  /** Ends what has run out of time: certainly not applied if it still waits, else unknown. */
  expire(nowMs: number): void {
    const { waiting, forwarded } = this.#held.takeExpired(nowMs);
    for (const { origin } of waiting) this.#fail(origin, "no_leader");
    for (const { origin } of forwarded) this.#failClient(origin, "timeout");
    for (const [index, { origin }] of this.#appended) {
      if (origin.kind !== "client" || origin.deadlineMs > nowMs) continue;
      this.#appended.delete(index);
      this.#failClient(origin, "timeout");
    }
  }

  /** The node stops: what has not been proposed never will be. */
  stop(): void {
    for (const { origin } of this.#held.takeWaiting()) this.#fail(origin, "stopping");
  }

  /** The ends reached since the last call. */
  takeReplies(): Reply<Result>[] {
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

  #succeed(origin: Origin, applied: Applied<Result>): void {
    const { index, result, times, forwarded } = applied;
    switch (origin.kind) {
      case "client": {
        const { requestId, tracedFromMs: arrivedAtMs } = origin;
        const isTraced = arrivedAtMs !== null && times !== null;
        const trace = isTraced ? { trace: { arrivedAtMs, forwarded, times } } : {};
        this.#replies.push({ kind: "applied", requestId, index, result, ...trace });
        break;
      }
      case "peer": {
        const bytes = this.#machine.encodeResult(result);
        this.#answer(origin, { kind: "applied", index, result: bytes, times });
        break;
      }
      case "own":
        this.#isOwnUnderWay = false;
        break;
      default:
        unreachable(origin);
    }
  }

  #succeedElsewhere(
    { origin, to, atMs }: Forwarded,
    { index, result: bytes, times }: Extract<ForwardEnd, { kind: "applied" }>,
  ): void {
    let result: Result;
    try {
      result = this.#machine.decodeResult(bytes);
    } catch (error) {
      // A peer of another version must not be able to end this node.
      if (!(error instanceof DecodeError)) throw error;
      this.#fail(origin, "unknown");
      return;
    }
    this.#succeed(origin, { index, result, times, forwarded: { to, atMs } });
  }

  #fail(origin: Origin, reason: ProposalFailure): void {
    switch (origin.kind) {
      case "client":
        this.#failClient(origin, reason === "not_leader" ? "no_leader" : reason);
        break;
      case "peer":
        this.#answer(origin, { kind: "failed", reason });
        break;
      case "own":
        // What is still due then will be proposed anew, here or by the next leader.
        this.#isOwnUnderWay = false;
        break;
      default:
        unreachable(origin);
    }
  }

  #failClient(origin: Origin, reason: RequestFailure): void {
    if (origin.kind !== "client") return;
    this.#replies.push({ kind: "failed", requestId: origin.requestId, reason });
  }

  #answer(origin: Origin & { kind: "peer" }, end: ForwardEnd): void {
    this.#messages.push({
      to: origin.from,
      message: {
        type: "forward_response",
        sender: origin.sender,
        requestId: origin.requestId,
        end,
      },
    });
  }
}
