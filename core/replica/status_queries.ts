/**
 * Asking every member how it is, for the cluster's status page.
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
  const isMemberWithoutVote = node.configuration.learners.includes(node.id);
  return {
    id: node.id,
    role: isMemberWithoutVote ? "learner" : node.role,
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

/** The open questions of one replica. */
export class StatusQueries {
  readonly #queries = new Map<RequestId, Query>();
  #replies: Reply<never>[] = [];
  #messages: Envelope[] = [];

  /** How many questions are open. */
  get pendingCount(): number {
    return this.#queries.size;
  }

  /** Asks every member that a link leads to. */
  add(
    requestId: RequestId,
    question: {
      readonly members: readonly Member[];
      readonly own: NodeStatus;
      readonly isUp: (peer: NodeId) => boolean;
      readonly deadlineMs: number;
    },
  ): void {
    const { members, own, isUp, deadlineMs } = question;
    const awaited = new Set(members.map((member) => member.id).filter(isUp));
    for (const to of awaited) {
      this.#messages.push({ to, message: { type: "status_request", requestId } });
    }
    const answers = new Map([[own.id, own]]);
    this.#queries.set(requestId, { members, answers, awaited, deadlineMs });
    this.#maybeEnd(requestId);
  }

  /** A member asks how this node is. */
  answer(to: NodeId, requestId: RequestId, status: NodeStatus): void {
    this.#messages.push({ to, message: { type: "status_response", requestId, status } });
  }

  /** A member has answered. */
  onResponse(from: NodeId, requestId: RequestId, status: NodeStatus): void {
    const query = this.#queries.get(requestId);
    if (query === undefined || !query.awaited.delete(from)) return;
    query.answers.set(from, status);
    this.#maybeEnd(requestId);
  }

  /** The link to a member broke: it will not answer. */
  onPeerDown(peer: NodeId): void {
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
