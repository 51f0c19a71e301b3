/**
 * Asking every member how it is, for the cluster's status page. However many clients ask, a member
 * is asked once at a time, and its answer serves all who wait for one.
 *
 * @module
 */

import type { Member } from "../raft/configuration.ts";
import type { NodeId } from "../raft/ids.ts";
import type { Envelope, NodeStatus } from "../raft/message.ts";
import type { RaftNode } from "../raft/node.ts";
import type { Reply, RequestId } from "./io.ts";

/** How a node sees itself. */
export function statusOf(
  node: RaftNode<unknown>,
  state: Pick<NodeStatus, "appliedIndex" | "revision">,
): NodeStatus {
  // Until that is known to be committed, a voter that is to be a learner may still lead.
  const isLearner = node.role === "follower" && node.configuration.learners.includes(node.id);
  return {
    id: node.id,
    role: isLearner ? "learner" : node.role,
    term: node.term,
    leaderId: node.leaderId,
    lastIndex: node.lastIndex,
    commitIndex: node.commitIndex,
    appliedIndex: state.appliedIndex,
    snapshotIndex: node.snapshotIndex,
    revision: state.revision,
  };
}

interface Query {
  readonly members: readonly Member[];
  readonly answers: Map<NodeId, NodeStatus>;
  readonly awaited: Set<NodeId>;
  readonly deadlineMs: number;
}

/** Most clients that may wait at once. */
const OPEN_MAX = 10_000;

/** The open questions of one replica. */
export class StatusQueries {
  readonly #queries = new Map<RequestId, Query>();
  /** The question that each member has not answered, and when it was last asked. */
  readonly #asked = new Map<NodeId, { readonly number: number; readonly atMs: number }>();
  readonly #patienceMs: number;
  #numbers = 0;
  #replies: Reply<never>[] = [];
  #messages: Envelope[] = [];

  /** @param patienceMs After how many milliseconds without an answer a member may be asked again. */
  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  /** How many clients wait. */
  get pendingCount(): number {
    return this.#queries.size;
  }

  /** A client wants to know of every member that a link leads to. */
  add(
    requestId: RequestId,
    question: {
      readonly members: readonly Member[];
      readonly own: NodeStatus;
      readonly isUp: (peer: NodeId) => boolean;
      readonly nowMs: number;
      readonly deadlineMs: number;
    },
  ): void {
    const { members, own, isUp, nowMs, deadlineMs } = question;
    if (this.#queries.size >= OPEN_MAX) {
      this.#replies.push({ kind: "failed", requestId, reason: "overloaded" });
      return;
    }
    const awaited = new Set(members.map((member) => member.id).filter(isUp));
    for (const peer of awaited) this.#maybeAsk(peer, nowMs);
    const answers = new Map([[own.id, own]]);
    this.#queries.set(requestId, { members, answers, awaited, deadlineMs });
    this.#maybeEnd(requestId);
  }

  /** A member asks how this node is. */
  answer(to: NodeId, requestId: RequestId, status: NodeStatus): void {
    this.#messages.push({ to, message: { type: "status_response", requestId, status } });
  }

  /** A member has answered. */
  onResponse(from: NodeId, number: number, status: NodeStatus): void {
    // A repeated answer to an earlier question is from before those who wait now asked.
    if (this.#asked.get(from)?.number !== number) return;
    this.#asked.delete(from);
    for (const [requestId, query] of this.#queries) {
      if (!query.awaited.delete(from)) continue;
      query.answers.set(from, status);
      this.#maybeEnd(requestId);
    }
  }

  /** The link to a member broke: it will not answer. */
  onPeerDown(peer: NodeId): void {
    this.#asked.delete(peer);
    for (const [requestId, query] of this.#queries) {
      if (query.awaited.delete(peer)) this.#maybeEnd(requestId);
    }
  }

  /** Ends the questions that have run out of time with the answers there are. */
  expire(nowMs: number): void {
    for (const [requestId, query] of this.#queries) {
      if (query.deadlineMs <= nowMs) this.#end(requestId, query);
    }
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

  #maybeAsk(peer: NodeId, nowMs: number): void {
    const asked = this.#asked.get(peer);
    if (asked !== undefined && nowMs - asked.atMs < this.#patienceMs) return;
    // Asked again under the same number: whichever answer comes first will do, however slow the link.
    const number = asked?.number ?? ++this.#numbers;
    this.#asked.set(peer, { number, atMs: nowMs });
    this.#messages.push({ to: peer, message: { type: "status_request", requestId: number } });
  }

  #maybeEnd(requestId: RequestId): void {
    const query = this.#queries.get(requestId);
    if (query !== undefined && query.awaited.size === 0) this.#end(requestId, query);
  }

  #end(requestId: RequestId, query: Query): void {
    this.#queries.delete(requestId);
    this.#replies.push({
      kind: "cluster_status",
      requestId,
      nodes: query.members.map((member) => ({
        member,
        status: query.answers.get(member.id) ?? null,
      })),
    });
  }
}
