/**
 * The node as the HTTP edge sees it: requests become inputs with numbers, replies settle promises.
 *
 * @module
 */

import { invariant, KvFailure } from "@raftkv/core";
import {
  type Command,
  type CommandResult,
  encodeCommand,
  type KvReader,
  type KvStateMachine,
} from "@raftkv/core/kv";
import { MachineFeed } from "./event_feed.ts";
import { FreshReads } from "./fresh_reads.ts";
import type {
  CallOptions,
  CapturedStore,
  Freshness,
  KvPort,
  Settle,
  TimeLimit,
} from "./kv_port.ts";
import { ReplicaDesk, type ReplicaDeskOptions } from "./replica_desk.ts";
import { writeSpans } from "./served.ts";

/** What the port stands in front of. */
export interface ReplicaPortOptions extends ReplicaDeskOptions<CommandResult> {
  /** The state machine that the replica drives. */
  readonly reader: KvStateMachine;
}

/** The freshness of reads that the node itself needs. */
const LINEARIZABLE: Freshness = { consistency: "linearizable" };

/** Requests to the key-value store on their way through one replica. */
export class ReplicaPort extends ReplicaDesk<CommandResult> implements KvPort {
  readonly #options: ReplicaPortOptions;

  readonly events: MachineFeed;
  readonly #reads: FreshReads;

  constructor(options: ReplicaPortOptions) {
    super(options);
    this.#options = options;
    this.events = new MachineFeed(options.reader);
    this.#reads = new FreshReads({
      reader: options.reader,
      events: this.events,
      isStopping: () => this.isStopping,
      isStateLost: () => this.isStateLost,
      nowMs: options.nowMs,
      ask: (mode, limit, { resolve, reject }) =>
        this.ask(limit, {
          inputOf: (requestId, deadlineMs) => ({ kind: "read", requestId, deadlineMs, mode }),
          resolve: (reply) => {
            invariant(reply.kind === "readable", "a read ends in a moment to read at");
            resolve(reply.round);
          },
          reject,
        }),
    });
  }

  proposeThen(
    command: Command,
    options: CallOptions,
    { resolve, reject }: Settle<CommandResult>,
  ): void {
    const { nowMs } = this.#options;
    const explains = options.explain === true;
    const startMs = explains ? nowMs() : 0;
    this.ask(options, {
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

  /** The node begins to stop: what comes from now on is refused. */
  override beginStop(stop: { readonly isRemoved: boolean }): void {
    super.beginStop(stop);
    this.events.stop();
  }

  /** The node has stopped: nobody will answer what still waits. */
  override abandon(): void {
    this.events.stop();
    super.abandon();
  }
}

const TRACED = { isTraced: true } as const;
