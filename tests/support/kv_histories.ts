/**
 * Histories that are right by construction: the production state machine carries out what simulated
 * clients ask, each at some moment between the request and its answer.
 *
 * @module
 */

import { pcg32, type Random } from "@raftkv/core";
import {
  type Command,
  type CommitCommand,
  encodeCommand,
  type Key,
  keyAfter,
  keyFromBytes,
  keyToBytes,
  KvStateMachine,
  type OnceRef,
  type Operation,
} from "@raftkv/core/kv";
import type { LogIndex, Term } from "@raftkv/core/raft";
import {
  HistoryRecorder,
  type JournalEntry,
  type KvAnswer,
  type KvOperation,
  type KvRequest,
  type ReadRequest,
} from "@raftkv/sim/history";

/** What to generate. */
export interface HistoryPlan {
  readonly seed: number;
  readonly clients: number;
  readonly operations: number;
  /** Share of operations whose clients give up. */
  readonly unknownRate: number;
  /** Whether leases and expiry take part. */
  readonly hasLeases: boolean;
}

/** A history and the log behind it. */
export interface GeneratedHistory {
  readonly history: readonly KvOperation[];
  readonly journal: readonly JournalEntry[];
  readonly machine: KvStateMachine;
}

interface UnderWay {
  readonly id: number;
  readonly client: string;
  readonly request: KvRequest;
  answer: KvAnswer | null;
  /** Whether its client has given up on it. */
  isAbandoned: boolean;
}

/** Generates one history; equal plans give equal histories. */
export function generateHistory(plan: HistoryPlan): GeneratedHistory {
  return new Generator(plan).run();
}

class Generator {
  readonly #plan: HistoryPlan;
  readonly #random: Random;
  readonly #machine = new KvStateMachine();
  readonly #journal: JournalEntry[] = [];
  readonly #recorder: HistoryRecorder<KvRequest, KvAnswer>;
  readonly #underWay: UnderWay[] = [];
  readonly #sessions: number[] = [];
  #sequence = 0;
  #nowMs = 0;
  #values = 0;
  #begun = 0;
  #clients = 0;

  constructor(plan: HistoryPlan) {
    this.#plan = plan;
    this.#random = pcg32(plan.seed);
    this.#recorder = new HistoryRecorder(() => this.#nowMs);
  }

  run(): GeneratedHistory {
    while (this.#begun < this.#plan.operations || this.#underWay.length > 0) {
      this.#nowMs += Math.floor(this.#random() * 5);
      const choice = Math.floor(this.#random() * (this.#plan.clients + 1));
      const one = this.#underWay[choice];
      if (one === undefined) this.#maybeBegin();
      else this.#advance(one);
    }
    const { operations } = this.#recorder;
    return { history: operations, journal: this.#journal, machine: this.#machine };
  }

  #maybeBegin(): void {
    const busy = this.#underWay.filter(({ isAbandoned }) => !isAbandoned).length;
    if (busy >= this.#plan.clients || this.#begun >= this.#plan.operations) return;
    this.#begun++;
    const request = this.#request();
    const client = `c${this.#clients++ % this.#plan.clients + 1}`;
    const id = this.#recorder.invoke(client, request);
    this.#underWay.push({ id, client, request, answer: null, isAbandoned: false });
  }

  #advance(one: UnderWay): void {
    const isGivenUp = one.request.kind === "commit" && !one.isAbandoned &&
      this.#random() < this.#plan.unknownRate;
    if (isGivenUp) {
      one.isAbandoned = true;
      this.#recorder.end(one.id, { kind: "unknown" });
      if (one.answer !== null || this.#random() < 0.3) this.#forget(one);
    } else if (one.answer === null) {
      one.answer = this.#carryOut(one);
    } else {
      this.#recorder.end(one.id, { kind: "answered", answer: one.answer });
      this.#forget(one);
    }
  }

  #forget(one: UnderWay): void {
    this.#underWay.splice(this.#underWay.indexOf(one), 1);
  }

  #carryOut({ id, request }: UnderWay): KvAnswer {
    if (request.kind === "read") return this.#read(request);
    const answer = this.#apply(id, request);
    if (answer.kind === "applied" && answer.result.kind === "session_opened") {
      this.#sessions.push(answer.result.session);
    }
    // A command with a session may come into the log again: its answer is the first one's.
    const isRepeated = request.kind === "commit" && request.once !== undefined &&
      this.#random() < 0.3;
    return isRepeated ? this.#apply(id, request) : answer;
  }

  #apply(operation: number, command: Command): KvAnswer {
    const index = this.#journal.length + 1;
    const at = { index, term: 1, timeMs: this.#nowMs };
    const result = this.#machine.apply({
      index: index as LogIndex,
      term: 1 as Term,
      timeMs: this.#nowMs,
      kind: "command",
      payload: encodeCommand(command),
    });
    this.#journal.push({ ...at, command, result, operation });
    return { kind: "applied", index, result };
  }

  #read(request: ReadRequest): KvAnswer {
    const { revision } = this.#machine;
    const { start, end, limit } = request;
    const { records } = this.#machine.range({ start, end, limit, bytesMax: 1 << 20 });
    return { kind: "read", revision, records };
  }

  #request(): KvRequest {
    const dice = this.#random();
    if (dice < 0.25) return this.#readRequest();
    if (dice < 0.3) return { kind: "open_session" };
    if (dice < 0.4 && this.#plan.hasLeases) return this.#leaseCommand();
    const [session] = this.#sessions.slice(-1);
    const isOnce = session !== undefined && this.#random() < 0.4;
    return {
      kind: "commit",
      ...isOnce ? { once: this.#name(session) } : {},
      ...this.#branches(),
    };
  }

  #name(session: number): OnceRef {
    const sequence = ++this.#sequence;
    return this.#random() < 0.5 ? { session, sequence } : { idempotencyKey: `name-${sequence}` };
  }

  #readRequest(): ReadRequest {
    const key = this.#key();
    const all = { start: "" as Key, end: null, limit: this.#random() < 0.7 ? 1_000 : 2 };
    const one = { start: key, end: keyAfter(key), limit: 1 };
    const range = this.#random() < 0.4 ? all : one;
    return { kind: "read", revision: null, isLinearizable: true, ...range };
  }

  #leaseCommand(): Command {
    const lease = 1 + Math.floor(this.#random() * 3);
    const dice = this.#random();
    if (dice < 0.5) return { kind: "lease_grant", lease, ttlMs: 20 + Math.floor(dice * 100) };
    return { kind: dice < 0.8 ? "lease_keep_alive" : "lease_revoke", lease };
  }

  #branches(): Pick<CommitCommand, "compares" | "operations" | "otherwise"> {
    const dice = this.#random();
    const key = this.#key();
    if (dice < 0.4) return { operations: [this.#put(key)] };
    if (dice < 0.5) return { operations: [{ kind: "delete", key, prevKv: true }] };
    if (dice < 0.6) return { operations: [{ kind: "increment", key: COUNTER, delta: 1n }] };
    if (dice < 0.65) {
      return { operations: [{ kind: "delete_range", start: "a" as Key, end: "c" as Key }] };
    }
    if (dice < 0.8) {
      const range = { start: key, end: keyAfter(key) };
      const compare = { ...range, target: "version", relation: "=", operand: 1 } as const;
      const otherwise: Operation[] = [{ kind: "get", key }];
      return { compares: [compare], operations: [this.#put(key)], otherwise };
    }
    const other = KEYS[(KEYS.indexOf(key) + 1) % KEYS.length]!;
    const nested: Operation = {
      kind: "commit",
      compares: [{
        start: other,
        end: keyAfter(other),
        target: "count",
        relation: "=",
        operand: 1,
      }],
      operations: [{ kind: "delete", key: other }],
      otherwise: [this.#put(other)],
    };
    return { operations: [this.#put(key), nested] };
  }

  #put(key: Key): Operation {
    const value = keyToBytes(`v${++this.#values}` as Key);
    const put = { kind: "put", key, value, encoding: "text" } as const;
    if (!this.#plan.hasLeases || this.#random() < 0.6) return { ...put, prevKv: true };
    return this.#random() < 0.5 ? { ...put, ttlMs: 30 } : { ...put, lease: 1 };
  }

  #key(): Key {
    return KEYS[Math.floor(this.#random() * KEYS.length)]!;
  }
}

/** The keys of a generated history, but for one that only counts. */
export const KEYS: readonly Key[] = ["a", "b", "c"].map((text) =>
  keyFromBytes(new TextEncoder().encode(text))
);
const COUNTER = "n" as Key;
