// A node that commits at once: the real state machine without a log around it.

import { KvFailure } from "@raftkv/core/api";
import {
  type Command,
  type CommandResult,
  encodeCommand,
  type KvReader,
  KvStateMachine,
} from "@raftkv/core/kv";
import {
  type Configuration,
  configurationOf,
  type LogIndex,
  type Member,
  type NodeId,
  type NodeStatus,
  type Term,
} from "@raftkv/core/raft";
import type { MemberStatus } from "@raftkv/core/replica";
import { MachineFeed } from "../../server/event_feed.ts";
import type {
  CallOptions,
  CapturedStore,
  ChangeRequest,
  Freshness,
  KvPort,
  Membership,
  Settle,
  TimeLimit,
} from "../../server/kv_port.ts";
import type { Served } from "../../server/served.ts";

export class FakePort implements KvPort {
  readonly nodeId = "n1";
  readonly clusterId = "test-cluster";
  isStopping = false;
  isRemoved = false;
  isStateLost = false;
  /** The members in force. */
  configuration: Configuration = configurationOf(
    ["n1", "n2", "n3"].map((id) => ({ id: id as NodeId, url: `http://${id}.test:8001` })),
  );
  /** The operators' orders that came through. */
  readonly orders: unknown[] = [];
  /** Who leads after a hand-over. */
  heir = "n3";
  leaderId: string | null = "n2";
  term = 7;
  /** Thrown by the next calls instead of an answer. */
  failure: unknown = null;
  /** Given to the next proposals instead of the machine's answer. */
  result: CommandResult | null = null;
  readonly proposals: { readonly command: Command; readonly timeoutMs: number }[] = [];
  readonly reads: (Freshness & { readonly timeoutMs: number })[] = [];
  /** Told of the next reads and writes. */
  served: Served = {};
  readonly #machine = new KvStateMachine();
  readonly events = new MachineFeed(this.#machine);
  /** Called after each command. */
  onTurn: () => void = () => {};
  #index = 0;
  #timeMs = 0;

  proposeThen(command: Command, options: CallOptions, settle: Settle<CommandResult>): void {
    this.#propose(command, options).then(
      (result) => settle.resolve(result, this.served),
      settle.reject,
    );
  }

  readThen(freshness: Freshness, options: CallOptions, settle: Settle<KvReader>): void {
    this.#read(freshness, options).then(
      (reader) => settle.resolve(reader, this.served),
      settle.reject,
    );
  }

  async #propose(command: Command, { timeoutMs }: TimeLimit): Promise<CommandResult> {
    await Promise.resolve();
    if (this.failure !== null) throw this.failure;
    this.proposals.push({ command, timeoutMs });
    if (this.result !== null) return this.result;
    const result = this.#machine.apply({
      index: ++this.#index as LogIndex,
      term: 7 as Term,
      kind: "command",
      timeMs: this.#timeMs,
      payload: encodeCommand(command),
    });
    this.events.onTurn();
    this.onTurn();
    return result;
  }

  /** Lets time pass in the log, and everything happen that is due by then. */
  advance(ms: number): void {
    this.#timeMs += ms;
    const now = { term: 7, timeMs: this.#timeMs };
    let payload: Uint8Array | null = encodeCommand({ kind: "maintain", compactRevision: 0 });
    for (; payload !== null; payload = this.#machine.maintenance(now)) {
      const index = ++this.#index as LogIndex;
      this.#machine.apply({ index, term: 7 as Term, kind: "command", timeMs: now.timeMs, payload });
    }
    this.events.onTurn();
    this.onTurn();
  }

  async #read(freshness: Freshness, { timeoutMs }: TimeLimit): Promise<KvReader> {
    await Promise.resolve();
    if (this.failure !== null) throw this.failure;
    this.reads.push({ ...freshness, timeoutMs });
    return this.#machine;
  }

  async capture(limit: TimeLimit): Promise<CapturedStore> {
    const { revision } = await this.#read({ consistency: "linearizable" }, limit);
    const last = { index: this.#index as LogIndex, term: 7 as Term };
    const point = { last, configuration: configurationOf(this.members()) };
    return { point, revision, slices: this.#machine.snapshot() };
  }

  status(): NodeStatus {
    const index = this.#index as LogIndex;
    return {
      id: this.nodeId as NodeId,
      role: "follower",
      term: this.term as Term,
      leaderId: this.leaderId as NodeId | null,
      lastIndex: index,
      commitIndex: index,
      appliedIndex: index,
      snapshotIndex: 0 as LogIndex,
      revision: this.#machine.revision,
    };
  }

  members(): readonly Member[] {
    return this.configuration.members;
  }

  membership(): Membership {
    return { index: 12, isCommitted: true, configuration: this.configuration };
  }

  async changeMembership(
    request: ChangeRequest,
    { timeoutMs }: TimeLimit,
  ): Promise<Membership> {
    await Promise.resolve();
    if (this.failure !== null) throw this.failure;
    this.orders.push({ ...request, timeoutMs });
    return { ...this.membership(), index: 13 };
  }

  async transferLeadership(target: NodeId | null, { timeoutMs }: TimeLimit) {
    await Promise.resolve();
    if (this.failure !== null) throw this.failure;
    this.orders.push({ target, timeoutMs });
    return { leaderId: this.heir as NodeId, term: 8 as Term };
  }

  async clusterStatus({ timeoutMs }: TimeLimit): Promise<readonly MemberStatus[]> {
    await Promise.resolve();
    if (timeoutMs > 1_000) throw new KvFailure("timeout");
    return this.members().map((member) => ({
      member,
      status: member.id === this.nodeId ? this.status() : null,
    }));
  }
}
