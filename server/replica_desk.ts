/**
 * What a node answers whatever state machine it replicates: requests become inputs with numbers,
 * replies settle them. Of the cluster it tells who belongs to it, who leads, and carries orders.
 *
 * @module
 */

import { FAILURES, invariant, KvFailure, unreachable } from "@raftkv/core";
import type { Member, NodeId, NodeStatus } from "@raftkv/core/raft";
import type {
  Input,
  MemberStatus,
  Replica,
  Reply,
  RequestFailure,
  RequestId,
} from "@raftkv/core/replica";
import type { ChangeRequest, Heir, Membership, Settle, TimeLimit } from "./kv_port.ts";
import { membershipFailureOf, transferFailureOf } from "./refusals.ts";

/** What the desk stands in front of. */
export interface ReplicaDeskOptions<Result> {
  readonly clusterId: string;
  readonly replica: Replica<Result>;
  readonly push: (input: Input) => void;
  /** The monotonic clock in milliseconds. */
  readonly nowMs: () => number;
}

/** Any reply but a failure. */
export type Settled<Result> = Exclude<Reply<Result>, { kind: "failed" }>;

/** A request as the replica is to get it, and who is told of its end. */
export interface Asking<Result> extends Settle<Settled<Result>> {
  readonly inputOf: (requestId: RequestId, deadlineMs: number) => Input;
}

/** Requests on their way through one replica. */
export class ReplicaDesk<Result> {
  readonly #options: ReplicaDeskOptions<Result>;
  readonly #waiting = new Map<RequestId, Settle<Settled<Result>>>();
  #requests = 0;
  #stopping = false;
  #removed = false;

  constructor(options: ReplicaDeskOptions<Result>) {
    this.#options = options;
  }

  get nodeId(): string {
    return this.#options.replica.id;
  }

  get clusterId(): string {
    return this.#options.clusterId;
  }

  get isStopping(): boolean {
    return this.#stopping;
  }

  get isRemoved(): boolean {
    return this.#removed;
  }

  /** Whether the node lost its state to damage, and has no snapshot in its place yet. */
  get isStateLost(): boolean {
    return this.#options.replica.damage.isStateLost;
  }

  status(): NodeStatus {
    return this.#options.replica.status();
  }

  members(): readonly Member[] {
    return this.#options.replica.members;
  }

  membership(): Membership {
    const { configurationIndex, isConfigurationCommitted, configuration } = this.#options.replica;
    return { index: configurationIndex, isCommitted: isConfigurationCommitted, configuration };
  }

  changeMembership(request: ChangeRequest, limit: TimeLimit): Promise<Membership> {
    const [first, ...others] = this.members();
    // A node in memory would begin anew under its old id, and vote a second time. One with a directory
    // names it in its first entry.
    if (request.change.add.length > 0 && others.length === 0 && first?.incarnation === undefined) {
      const message = "The only member keeps its data in memory, and takes in no others.";
      return Promise.reject(new KvFailure("change_in_progress", message));
    }
    return new Promise((resolve, reject) =>
      this.ask(limit, {
        inputOf: (requestId, deadlineMs) => ({
          kind: "change_membership",
          requestId,
          ...request,
          deadlineMs,
        }),
        resolve: (reply) => {
          if (reply.kind === "membership_refused") return reject(membershipFailureOf(reply.reason));
          invariant(reply.kind === "membership_changed", "a change ends in a configuration");
          const { index, configuration } = reply;
          resolve({ index, isCommitted: true, configuration });
        },
        reject,
      })
    );
  }

  transferLeadership(target: NodeId | null, limit: TimeLimit): Promise<Heir> {
    return new Promise((resolve, reject) =>
      this.ask(limit, {
        inputOf: (requestId, deadlineMs) => ({
          kind: "transfer_leadership",
          target,
          answer: { requestId, deadlineMs },
        }),
        resolve: (reply) => {
          if (reply.kind === "transfer_refused") return reject(transferFailureOf(reply.reason));
          invariant(reply.kind === "leadership_transferred", "a hand-over ends in a leader");
          resolve(reply);
        },
        reject,
      })
    );
  }

  clusterStatus(limit: TimeLimit): Promise<readonly MemberStatus[]> {
    return new Promise((resolve, reject) =>
      this.ask(limit, {
        inputOf: (requestId, deadlineMs) => ({ kind: "cluster_status", requestId, deadlineMs }),
        resolve: (reply) => {
          invariant(
            reply.kind === "cluster_status",
            "a question about the cluster ends in its status",
          );
          resolve(reply.nodes);
        },
        reject,
      })
    );
  }

  /** A request has ended. */
  onReply(reply: Reply<Result>): void {
    const waiting = this.#waiting.get(reply.requestId);
    this.#waiting.delete(reply.requestId);
    if (reply.kind === "failed") waiting?.reject(failureOf(reply.reason));
    else waiting?.resolve(reply);
  }

  /** The node begins to stop: what comes from now on is refused. */
  beginStop({ isRemoved }: { readonly isRemoved: boolean }): void {
    this.#stopping = true;
    this.#removed = isRemoved;
  }

  /** The node has stopped: nobody will answer what still waits. */
  abandon(): void {
    this.#stopping = true;
    for (const { reject } of this.#waiting.values()) reject(new KvFailure("leadership_lost"));
    this.#waiting.clear();
  }

  /** Puts a request to the replica. */
  ask(limit: TimeLimit, asking: Asking<Result>): void {
    if (this.#stopping) return asking.reject(new KvFailure("stopping"));
    const requestId = ++this.#requests;
    this.#waiting.set(requestId, asking);
    this.#options.push(asking.inputOf(requestId, this.#options.nowMs() + limit.timeoutMs));
  }
}

/** The failure table's row for each way a request can end without an answer. */
function failureOf(reason: RequestFailure): KvFailure {
  switch (reason) {
    case "no_leader":
    case "overloaded":
    case "storage_full":
    case "stopping":
    case "timeout":
      return new KvFailure(reason);
    case "unknown":
      return new KvFailure("leadership_lost");
    case "lost":
      // Another leader's entry was committed in its place: that much is certain.
      return new KvFailure("leadership_lost", FAILURES.leadership_lost.meaning, "not_applied");
    default:
      return unreachable(reason);
  }
}
