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
import type { Member, NodeId, NodeStatus } from "@raftkv/core/raft";
import type {
  Input,
  MemberStatus,
  Replica,
  Reply,
  RequestFailure,
  RequestId,
} from "@raftkv/core/replica";
import { MachineFeed } from "./event_feed.ts";
import { FreshReads } from "./fresh_reads.ts";
import type {
  CallOptions,
  CapturedStore,
  ChangeRequest,
  Freshness,
  Heir,
  KvPort,
  Membership,
  Settle,
  TimeLimit,
} from "./kv_port.ts";
import { writeSpans } from "./served.ts";
import { membershipFailureOf, transferFailureOf } from "./refusals.ts";

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

/** The freshness of reads that the node itself needs. */
const LINEARIZABLE: Freshness = { consistency: "linearizable" };

interface Asking extends Settle<Settled> {
  readonly inputOf: (requestId: RequestId, deadlineMs: number) => Input;
}

/** Requests on their way through one replica. */
export class ReplicaPort implements KvPort {
  readonly #options: ReplicaPortOptions;
  readonly #waiting = new Map<RequestId, Settle<Settled>>();
  #requests = 0;
  #stopping = false;
  #removed = false;

  readonly events: MachineFeed;
  readonly #reads: FreshReads;

  constructor(options: ReplicaPortOptions) {
    this.#options = options;
    this.events = new MachineFeed(options.reader);
    this.#reads = new FreshReads({
      reader: options.reader,
      events: this.events,
      isStopping: () => this.#stopping,
      nowMs: options.nowMs,
      ask: (mode, limit, { resolve, reject }) =>
        this.#ask(limit, {
          inputOf: (requestId, deadlineMs) => ({ kind: "read", requestId, deadlineMs, mode }),
          resolve: (reply) => {
            invariant(reply.kind === "readable", "a read ends in a moment to read at");
            resolve(reply.round);
          },
          reject,
        }),
    });
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

  proposeThen(
    command: Command,
    options: CallOptions,
    { resolve, reject }: Settle<CommandResult>,
  ): void {
    const { nowMs } = this.#options;
    const explains = options.explain === true;
    const startMs = explains ? nowMs() : 0;
    this.#ask(options, {
      inputOf: (requestId, deadlineMs) => ({
        kind: "propose",
        requestId,
        payload: encodeCommand(command),
        deadlineMs,
        ...(explains ? TRACED : {}),
      }),
      resolve: (reply) => {
        invariant(reply.kind === "applied", "a proposal ends in a result");
        const { result, trace } = reply;
        if (trace === undefined) return resolve(result);
        resolve(result, { spans: writeSpans(trace, { startMs, endMs: nowMs() }) });
      },
      reject,
    });
  }

  readThen(freshness: Freshness, options: CallOptions, settle: Settle<KvReader>): void {
    this.#reads.readThen(freshness, options, settle);
  }

  async capture(limit: TimeLimit): Promise<CapturedStore> {
    const { revision } = await new Promise<KvReader>((resolve, reject) =>
      this.readThen(LINEARIZABLE, limit, { resolve, reject })
    );
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

  membership(): Membership {
    const { configurationIndex, isConfigurationCommitted, configuration } = this.#options.replica;
    return { index: configurationIndex, isCommitted: isConfigurationCommitted, configuration };
  }

  changeMembership(request: ChangeRequest, limit: TimeLimit): Promise<Membership> {
    return new Promise((resolve, reject) =>
      this.#ask(limit, {
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
      this.#ask(limit, {
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
      this.#ask(limit, {
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
  onReply(reply: Reply<CommandResult>): void {
    const waiting = this.#waiting.get(reply.requestId);
    this.#waiting.delete(reply.requestId);
    if (reply.kind === "failed") waiting?.reject(failureOf(reply.reason));
    else waiting?.resolve(reply);
  }

  /** The node begins to stop: what comes from now on is refused. */
  beginStop({ isRemoved }: { readonly isRemoved: boolean }): void {
    this.#stopping = true;
    this.#removed = isRemoved;
    this.events.stop();
  }

  /** The node has stopped: nobody will answer what still waits. */
  abandon(): void {
    this.#stopping = true;
    this.events.stop();
    for (const { reject } of this.#waiting.values()) reject(new KvFailure("leadership_lost"));
    this.#waiting.clear();
  }

  #ask(limit: TimeLimit, asking: Asking): void {
    if (this.#stopping) return asking.reject(new KvFailure("stopping"));
    const requestId = ++this.#requests;
    this.#waiting.set(requestId, asking);
    this.#options.push(asking.inputOf(requestId, this.#options.nowMs() + limit.timeoutMs));
  }
}

const TRACED = { isTraced: true } as const;

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
