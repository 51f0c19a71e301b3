/**
 * Operators' orders: to change the membership, to hand the leadership over. Whichever node takes one,
 * the leader carries it out, and it ends when what was ordered is finished.
 *
 * @module
 */

import { unreachable } from "../assert.ts";
import { isJoint, isVoter } from "../raft/configuration.ts";
import type { LogIndex, LogPosition, NodeId, Term } from "../raft/ids.ts";
import type { Envelope, Order, OrderEnd, OrderRequest, OrderResponse } from "../raft/message.ts";
import type { RaftNode } from "../raft/node.ts";
import { Disclaimer } from "./disclaimer.ts";
import type { Reply, RequestId } from "./io.ts";
import { SeenRequests } from "./seen_requests.ts";

/** Who waits for the end of an order. */
type Origin =
  | { readonly kind: "client"; readonly requestId: RequestId; readonly deadlineMs: number }
  | {
    readonly kind: "peer";
    readonly from: NodeId;
    readonly sender: number;
    readonly requestId: number;
    /** The term in which the peer believes this node to lead. */
    readonly term: Term;
    /** When the peer has certainly given up. */
    readonly deadlineMs: number;
  };

interface Waiting {
  readonly origin: Origin;
  readonly order: Order;
}

/** What an order that was taken up waits for. */
type Goal =
  /** The entry at this position, and the end of what it began. */
  | { readonly kind: "configuration"; readonly position: LogPosition }
  /** Another leader. */
  | { readonly kind: "leader" };

interface TakenUp {
  readonly origin: Origin;
  readonly goal: Goal;
}

interface Forwarded {
  readonly origin: Origin & { kind: "client" };
  readonly order: Order;
  readonly to: NodeId;
}

/** Most orders that may wait for a leader. */
const WAITING_MAX = 1_000;

/** Longer than any client waits: an order of a peer is not kept beyond. */
const PEER_PATIENCE_MS = 60_000;

/** The orders of one replica. */
export class OperatorRequests {
  /** The term in which the run before this one ended, at the latest. */
  readonly #termAtStart: Term;
  /** Names this run of the process in what it forwards. */
  readonly #sender: number;
  #forwards = 0;
  readonly #seen = new SeenRequests();
  #waiting: Waiting[] = [];
  readonly #disclaimer = new Disclaimer();
  #takenUp: TakenUp[] = [];
  readonly #forwarded = new Map<number, Forwarded>();
  #replies: Reply<never>[] = [];
  #messages: Envelope[] = [];

  /**
   * Starts with none.
   *
   * @param run `sender` names this run and must differ from the names of earlier runs; `termAtStart`
   *   is the term that storage recovered.
   */
  constructor(run: { readonly sender: number; readonly termAtStart: Term }) {
    this.#termAtStart = run.termAtStart;
    this.#sender = run.sender;
  }

  /** How many orders have not ended. */
  get pendingCount(): number {
    return this.#waiting.length + this.#takenUp.length + this.#forwarded.size;
  }

  /** A client's order. */
  add(requestId: RequestId, order: Order, deadlineMs: number): void {
    this.#add({ kind: "client", requestId, deadlineMs }, order);
  }

  /** An order that a peer forwards for its client. */
  addForwarded(from: NodeId, request: OrderRequest, nowMs: number): void {
    const { sender, requestId, term, order } = request;
    // The first copy is answered; answering a second could tell of a refusal what was carried out.
    if (!this.#seen.isFirst(`${from}/${sender}`, requestId)) return;
    const deadlineMs = nowMs + PEER_PATIENCE_MS;
    const origin: Origin = { kind: "peer", from, sender, requestId, term, deadlineMs };
    // An earlier run may have led in that term and taken a copy of this up.
    if (term <= this.#termAtStart) this.#end(origin, { kind: "failed", reason: "unknown" });
    else this.#add(origin, order);
  }

  #add(origin: Origin, order: Order): void {
    if (this.#waiting.length < WAITING_MAX) this.#waiting.push({ origin, order });
    else this.#end(origin, { kind: "failed", reason: "overloaded" });
  }

  /** Takes up, or hands to the leader, whatever waits; during a hand-over it goes on waiting. */
  flush(
    node: RaftNode<unknown>,
    host: { readonly nowMs: number; readonly isUp: (peer: NodeId) => boolean },
  ): void {
    if (this.#waiting.length === 0 || node.isHandingOver) return;
    if (node.role === "leader") {
      while (!node.isHandingOver) {
        const next = this.#waiting.shift();
        if (next === undefined) return;
        this.#takeUp(node, next);
      }
      return;
    }
    this.#refuseOthers();
    const leader = node.leaderId;
    if (leader === null || !host.isUp(leader) || this.#disclaimer.isOf(leader, host.nowMs)) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) this.#forward({ to: leader, term: node.term }, each);
  }

  /** An order is forwarded once: a node that does not lead sends it back at once. */
  #refuseOthers(): void {
    this.#waiting = this.#waiting.filter(({ origin }) => {
      if (origin.kind === "peer") this.#end(origin, { kind: "failed", reason: "not_leader" });
      return origin.kind === "client";
    });
  }

  #forward({ to, term }: { to: NodeId; term: Term }, { origin, order }: Waiting): void {
    if (origin.kind !== "client") return;
    const requestId = ++this.#forwards;
    this.#forwarded.set(requestId, { origin, order, to });
    this.#messages.push({
      to,
      message: { type: "order_request", sender: this.#sender, requestId, term, order },
    });
  }

  #takeUp(node: RaftNode<unknown>, { origin, order }: Waiting): void {
    if (origin.kind === "peer" && origin.term !== node.term) {
      this.#end(origin, { kind: "failed", reason: "not_leader" });
      return;
    }
    const begun = begin(node, order);
    if ("goal" in begun) this.#takenUp.push({ origin, goal: begun.goal });
    else this.#end(origin, begun.end);
  }

  /** The leader tells how a forwarded order ended. */
  onResponse(
    { sender, requestId, end }: OrderResponse,
    timing: { readonly nowMs: number; readonly holdMs: number },
  ): void {
    const forwarded = sender === this.#sender ? this.#forwarded.get(requestId) : undefined;
    if (forwarded === undefined) return;
    this.#forwarded.delete(requestId);
    if (end.kind === "failed" && end.reason === "not_leader") {
      this.#disclaimer.note(forwarded.to, timing.nowMs + timing.holdMs);
      this.#waiting.push(forwarded);
    } else {
      this.#end(forwarded.origin, end);
    }
  }

  /** The link to a peer broke: orders it has may or may not be carried out. */
  onPeerDown(peer: NodeId): void {
    for (const [requestId, { origin, to }] of this.#forwarded) {
      if (to !== peer) continue;
      this.#forwarded.delete(requestId);
      this.#end(origin, { kind: "failed", reason: "unknown" });
    }
  }

  /** Ends the orders that are finished, or can no longer be seen through from here. */
  advance(node: RaftNode<unknown>, appliedIndex: LogIndex): void {
    if (this.#takenUp.length === 0) return;
    this.#takenUp = this.#takenUp.filter(({ origin, goal }) => {
      const end = endOf(goal, node, appliedIndex);
      if (end !== null) this.#end(origin, end);
      return end === null;
    });
  }

  /** Ends what has run out of time: certainly not done if it still waits, else unknown. */
  expire(nowMs: number): void {
    const isOver = ({ origin }: { readonly origin: Origin }) => origin.deadlineMs <= nowMs;
    for (const { origin } of this.#waiting.filter(isOver)) {
      this.#end(origin, { kind: "failed", reason: "no_leader" });
    }
    for (const { origin } of this.#takenUp.filter(isOver)) this.#timeOut(origin);
    this.#waiting = this.#waiting.filter((each) => !isOver(each));
    this.#takenUp = this.#takenUp.filter((each) => !isOver(each));
    for (const [requestId, forwarded] of this.#forwarded) {
      if (!isOver(forwarded)) continue;
      this.#forwarded.delete(requestId);
      this.#timeOut(forwarded.origin);
    }
  }

  /** The node stops: what has not been taken up never will be. */
  stop(): void {
    for (const { origin } of this.#waiting) {
      this.#end(origin, { kind: "failed", reason: "stopping" });
    }
    this.#waiting = [];
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

  #timeOut(origin: Origin): void {
    if (origin.kind === "peer") return this.#end(origin, { kind: "failed", reason: "unknown" });
    this.#replies.push({ kind: "failed", requestId: origin.requestId, reason: "timeout" });
  }

  #end(origin: Origin, end: OrderEnd): void {
    if (origin.kind === "peer") {
      const { from: to, sender, requestId } = origin;
      this.#messages.push({ to, message: { type: "order_response", sender, requestId, end } });
      return;
    }
    const { requestId } = origin;
    if (end.kind !== "failed") this.#replies.push({ ...end, requestId });
    else {
      const reason = end.reason === "not_leader" ? "no_leader" : end.reason;
      this.#replies.push({ kind: "failed", requestId, reason });
    }
  }
}

/** Begins what was ordered of a leader; tells what to wait for, or that it is over already. */
function begin(
  node: RaftNode<unknown>,
  order: Order,
): { readonly goal: Goal } | { readonly end: OrderEnd } {
  switch (order.kind) {
    case "change_membership": {
      const result = node.changeMembership(order.change, order.expectedIndex);
      if (result.kind === "appended") {
        return { goal: { kind: "configuration", position: result.position } };
      }
      const { reason } = result;
      return reason === "not_leader" || reason === "handing_over"
        ? { end: { kind: "failed", reason: "not_leader" } }
        : { end: { kind: "membership_refused", reason } };
    }
    case "transfer_leadership":
      return beginTransfer(node, order.target);
    default:
      return unreachable(order);
  }
}

function beginTransfer(
  node: RaftNode<unknown>,
  target: NodeId | null,
): { readonly goal: Goal } | { readonly end: OrderEnd } {
  const { configuration, term } = node;
  if (target === node.id) {
    return { end: { kind: "leadership_transferred", leaderId: target, term } };
  }
  if (target !== null && !configuration.members.some(({ id }) => id === target)) {
    return { end: { kind: "transfer_refused", reason: "unknown_member" } };
  }
  if (target !== null && !isVoter(configuration, target)) {
    return { end: { kind: "transfer_refused", reason: "not_a_voter" } };
  }
  return node.transferLeadership(target)
    ? { goal: { kind: "leader" } }
    : { end: { kind: "transfer_refused", reason: "no_heir" } };
}

/** How an order ended that was taken up here; null if it has not. */
function endOf(goal: Goal, node: RaftNode<unknown>, appliedIndex: LogIndex): OrderEnd | null {
  if (goal.kind === "leader") {
    if (node.isHandingOver) return null;
    if (node.role === "leader") return { kind: "transfer_refused", reason: "not_taken_over" };
    const { leaderId, term } = node;
    return leaderId === null ? null : { kind: "leadership_transferred", leaderId, term };
  }
  const { index, term } = goal.position;
  if (index > appliedIndex) return null;
  const found = node.termAt(index);
  // Another leader's entry was committed in its place; or a snapshot covers it, and nobody here can
  // tell any more.
  if (found !== term) return { kind: "failed", reason: found === null ? "unknown" : "lost" };
  const { configuration, configurationIndex } = node;
  if (isJoint(configuration) || configurationIndex > appliedIndex) return null;
  return { kind: "membership_changed", index: configurationIndex, configuration };
}
