/**
 * The requests of clients as the world sees them: each ends once, by an answer or by the end of the
 * node that took it.
 *
 * @module
 */

import { invariant } from "@raftkv/core";
import type { NodeId } from "@raftkv/core/raft";
import type { Input, Reply, RequestId } from "@raftkv/core/replica";
import type { EventQueue } from "./event_queue.ts";
import type { Trace } from "./trace.ts";

/** How a request ends for its client. */
export type RequestEnd<Result> =
  | Reply<Result>
  /** The node that took it ended, or was not there: whether it had an effect, nobody can say. */
  | { readonly kind: "disconnected"; readonly requestId: RequestId };

/** How a client asks. */
export interface RequestOptions<Result> {
  /** How long it waits, in milliseconds of the node's clock. */
  readonly timeoutMs?: number;
  /**
   * Told how it ends, in the moment in which it does; perhaps before the call that began it returns.
   * A read may look at the node's state machine then, and only then.
   */
  readonly onEnd?: (end: RequestEnd<Result>) => void;
}

/** A request under way. */
export interface OpenRequest {
  /** Its number. */
  readonly requestId: RequestId;
  /** What it asks for. */
  readonly kind: Input["kind"];
  /** The node that took it. */
  readonly node: NodeId;
  /** When it began, in milliseconds of virtual time. */
  readonly sinceMs: number;
  /** How long it may take, in milliseconds of the node's clock. */
  readonly timeoutMs: number;
  /** When it must have ended, by that clock. */
  readonly deadlineMs: number;
}

/** A request that has not ended. */
interface Pending<Result> extends OpenRequest {
  readonly onEnd: RequestOptions<Result>["onEnd"];
  /** How long the node had run when it first had a turn after the deadline; null before. */
  overdueSinceMs: number | null;
}

/** A node looks at its clock twice a heartbeat, and a busy one waits for its processor besides. */
const LATE_MS_MAX = 1_000;

/** All requests of a simulation. */
export class Requests<Result> {
  /** Every answer so far. */
  readonly replies: Map<RequestId, Reply<Result>> = new Map();
  readonly #queue: EventQueue;
  readonly #trace: Trace;
  readonly #open = new Map<RequestId, Pending<Result>>();
  #last = 0;

  /** Begins with none. */
  constructor(queue: EventQueue, trace: Trace) {
    this.#queue = queue;
    this.#trace = trace;
  }

  /** Those that have not ended, oldest first. */
  get open(): Iterable<OpenRequest> {
    return this.#open.values();
  }

  /** How many have not ended. */
  get openCount(): number {
    return this.#open.size;
  }

  /** Whether any of this kind has not ended. */
  isAnyOpen(kind: Input["kind"]): boolean {
    return this.#open.values().some((open) => open.kind === kind);
  }

  /** A client asks a node; returns the number of the request. */
  begin(
    node: NodeId,
    { deadlineMs, kind, onEnd, timeoutMs }:
      & RequestOptions<Result>
      & Pick<OpenRequest, "kind" | "timeoutMs" | "deadlineMs">,
  ): RequestId {
    const requestId = ++this.#last;
    const asked = { requestId, kind, node, sinceMs: this.#queue.nowMs, timeoutMs, deadlineMs };
    this.#open.set(requestId, { ...asked, onEnd, overdueSinceMs: null });
    return requestId;
  }

  /**
   * A node has had a turn. It may stand still over a deadline, but not go on and on after it.
   *
   * @param runningMs How long it has run, by its clock `nowMs`: the time in which it stood still aside.
   */
  onTurn(
    node: NodeId,
    { nowMs, runningMs }: { readonly nowMs: number; readonly runningMs: number },
  ): void {
    for (const open of this.#open.values()) {
      if (open.node !== node || open.deadlineMs > nowMs) continue;
      open.overdueSinceMs ??= runningMs;
      invariant(
        runningMs - open.overdueSinceMs <= LATE_MS_MAX,
        "I39 every request ends by its deadline",
        () => ({ ...open, nowMs, runningMs }),
      );
    }
  }

  /** A node has answered. */
  onReply(reply: Reply<Result>): void {
    const { requestId } = reply;
    const open = this.#open.get(requestId);
    invariant(open !== undefined, "each request ends once", () => reply);
    this.#open.delete(requestId);
    this.#trace.note(`request ${requestId} at ${open.node} ends: ${describe(reply)}`);
    this.replies.set(requestId, reply);
    open.onEnd?.(reply);
  }

  /** A node has ended: whoever waits for it sees the connection break, a moment later. */
  onNodeEnded(node: NodeId): void {
    for (const [requestId, open] of this.#open) {
      if (open.node !== node) continue;
      this.#open.delete(requestId);
      this.#queue.after(1, () => open.onEnd?.({ kind: "disconnected", requestId }));
    }
  }
}

function describe(reply: Reply<unknown>): string {
  switch (reply.kind) {
    case "failed":
    case "membership_refused":
      return reply.reason;
    case "applied":
    case "membership_changed":
      return `${reply.kind} ${reply.index}`;
    default:
      return reply.kind;
  }
}
