/**
 * The node as the HTTP edge sees it: requests become inputs with numbers, replies settle promises.
 *
 * @module
 */

import { FAILURES, invariant, KvFailure, unreachable } from "@raftkv/core";
import {
  type Command,
  type CommandResult,
  encodeCommand,
  type KvReader,
  type KvStateMachine,
} from "@raftkv/core/kv";
import type { Member, NodeStatus } from "@raftkv/core/raft";
import type {
  Input,
  MemberStatus,
  Replica,
  Reply,
  RequestFailure,
  RequestId,
} from "@raftkv/core/replica";
import { MachineFeed } from "./event_feed.ts";
import type { CapturedStore, Consistency, KvPort, TimeLimit } from "./kv_port.ts";

/** What the port stands in front of. */
export interface ReplicaPortOptions {
  readonly clusterId: string;
  readonly replica: Replica<CommandResult>;
  /** The state machine that the replica drives. */
  readonly reader: KvStateMachine;
  readonly push: (input: Input) => void;
  /** The monotonic clock in milliseconds. */
  readonly nowMs: () => number;
}

type Settled = Exclude<Reply<CommandResult>, { kind: "failed" }>;

interface Waiting {
  readonly resolve: (reply: Settled) => void;
  readonly reject: (failure: KvFailure) => void;
}

/** Requests on their way through one replica. */
export class ReplicaPort implements KvPort {
  readonly #options: ReplicaPortOptions;
  readonly #waiting = new Map<RequestId, Waiting>();
  #requests = 0;
  #stopping = false;

  readonly events: MachineFeed;

  constructor(options: ReplicaPortOptions) {
    this.#options = options;
    this.events = new MachineFeed(options.reader);
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

  async propose(command: Command, limit: TimeLimit): Promise<CommandResult> {
    const reply = await this.#ask(limit, (requestId, deadlineMs) => ({
      kind: "propose",
      requestId,
      payload: encodeCommand(command),
      deadlineMs,
    }));
    invariant(reply.kind === "applied", "a proposal ends in a result");
    return reply.result;
  }

  async read(consistency: Consistency, limit: TimeLimit): Promise<KvReader> {
    switch (consistency) {
      case "stale":
        return this.#options.reader;
      case "linearizable":
        await this.#ask(
          limit,
          (requestId, deadlineMs) => ({ kind: "read", requestId, deadlineMs }),
        );
        return this.#options.reader;
      default:
        return unreachable(consistency);
    }
  }

  async capture(limit: TimeLimit): Promise<CapturedStore> {
    const { revision } = await this.read("linearizable", limit);
    const captured = this.#options.replica.capture();
    if (captured !== null) return { ...captured, revision };
    throw new KvFailure("no_leader", "The node is taking over a snapshot; ask another.");
  }

  status(): NodeStatus {
    return this.#options.replica.status();
  }

  members(): readonly Member[] {
    return this.#options.replica.members;
  }

  async clusterStatus(limit: TimeLimit): Promise<readonly MemberStatus[]> {
    const reply = await this.#ask(limit, (requestId, deadlineMs) => ({
      kind: "cluster_status",
      requestId,
      deadlineMs,
    }));
    invariant(reply.kind === "cluster_status", "a question about the cluster ends in its status");
    return reply.nodes;
  }

  /** A request has ended. */
  onReply(reply: Reply<CommandResult>): void {
    const waiting = this.#waiting.get(reply.requestId);
    this.#waiting.delete(reply.requestId);
    if (reply.kind === "failed") waiting?.reject(failureOf(reply.reason));
    else waiting?.resolve(reply);
  }

  /** The node begins to stop: what comes from now on is refused. */
  beginStop(): void {
    this.#stopping = true;
    this.events.stop();
  }

  /** The node has stopped: nobody will answer what still waits. */
  abandon(): void {
    this.#stopping = true;
    this.events.stop();
    for (const { reject } of this.#waiting.values()) reject(new KvFailure("leadership_lost"));
    this.#waiting.clear();
  }

  #ask(
    limit: TimeLimit,
    inputOf: (requestId: RequestId, deadlineMs: number) => Input,
  ): Promise<Settled> {
    if (this.#stopping) return Promise.reject(new KvFailure("stopping"));
    const requestId = ++this.#requests;
    return new Promise((resolve, reject) => {
      this.#waiting.set(requestId, { resolve, reject });
      this.#options.push(inputOf(requestId, this.#options.nowMs() + limit.timeoutMs));
    });
  }
}

/** The failure table's row for each way a request can end without an answer. */
function failureOf(reason: RequestFailure): KvFailure {
  switch (reason) {
    case "no_leader":
    case "overloaded":
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
