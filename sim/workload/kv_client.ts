/**
 * One simulated client: what it remembers, and what it does next.
 *
 * @module
 */

import type { Random } from "@raftkv/core";
import {
  type Branches,
  type Command,
  type Committed,
  type Key,
  keyToBytes,
  type LeaseCommand,
  type OnceRef,
  type OperationResult,
} from "@raftkv/core/kv";
import type { KvAnswer, KvRequest } from "../history/mod.ts";
import type { Marks } from "../run/marks.ts";
import type { Errands } from "./errands.ts";
import { LockUser } from "./lock_user.ts";

/** What all clients know together, as people who talk to each other do. */
export interface Hearsay {
  /** The highest revision that anyone has seen. */
  revision: number;
  /** Leases that may live. */
  readonly leases: number[];
}

/** What a client is made of. */
export interface KvClientParts {
  /** Its name. */
  readonly name: string;
  /** The node it likes best. */
  readonly home: string;
  /** Where nothing else draws from. */
  readonly random: Random;
  /** Notes what came about. */
  readonly marks: Marks;
  /** Carries its requests. */
  readonly errands: Errands;
  /** What it hears from others. */
  readonly hearsay: Hearsay;
}

/** A client with its session, its locks and what it has seen of keys. */
export class KvClient {
  /** Its name. */
  readonly name: string;
  /** Where it draws from. */
  readonly random: Random;
  /** Notes what came about. */
  readonly marks: Marks;
  /** What it hears from others. */
  readonly hearsay: Hearsay;
  /** Its locks. */
  readonly locks: LockUser;
  /** The revision at which it last saw each key change. */
  readonly seen: Map<Key, number> = new Map();
  readonly #errands: Errands;
  readonly #home: string;
  #session: number | null = null;
  #sequence = 0;
  #names = 0;
  #values = 0;
  #openCount = 0;

  /** Begins knowing nothing. */
  constructor(parts: KvClientParts) {
    this.name = parts.name;
    this.random = parts.random;
    this.marks = parts.marks;
    this.hearsay = parts.hearsay;
    this.#errands = parts.errands;
    this.#home = parts.home;
    this.locks = new LockUser(this);
  }

  /** Whether it waits for so much already that it asks for nothing more. */
  get isBusy(): boolean {
    return this.#openCount >= OPEN_MAX;
  }

  /** One of them, drawn by chance. */
  oneOf<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.random() * choices.length)] as T;
  }

  /** A value that no other write has, unless it is empty. */
  value(): Uint8Array {
    const text = `${this.name}.${++this.#values}`;
    const dice = this.random();
    const size = dice < 0.9 ? 0 : dice < 0.94 ? 1_023 + Math.floor(this.random() * 3) : 6_000;
    if (dice > 0.98) return new Uint8Array(dice > 0.998 ? 100_000 : 0);
    return keyToBytes(text.padEnd(size, ".") as Key);
  }

  /** Asks, at home or anywhere, and learns from the answer. */
  ask(
    request: KvRequest,
    options: {
      readonly mode?: "linearizable" | "lease";
      readonly onEnd?: (answer: KvAnswer | null, operation: number) => void;
    } = {},
  ): void {
    this.#openCount++;
    this.#errands.begin({
      client: this.name,
      node: this.random() < 0.7 ? this.#home : null,
      request,
      ...options,
      onEnd: (answer, operation) => {
        this.#openCount--;
        this.#learn(request, answer);
        options.onEnd?.(answer, operation);
      },
    });
  }

  /** Proposes a commit, mostly under a name so that it may be sent again. */
  commit(
    branches: Branches,
    onEnd: (committed: Committed | null, operation: number) => void = () => {},
  ): void {
    this.ask(this.#named({ kind: "commit", ...branches }), {
      onEnd: (answer, operation) => {
        const result = answer?.kind === "applied" ? answer.result : null;
        onEnd(result?.kind === "committed" ? result : null, operation);
      },
    });
  }

  /** Proposes something about a lease. */
  lease(command: LeaseCommand, onEnd: (lease: number | null) => void = () => {}): void {
    this.ask(this.#named(command), {
      onEnd: (answer) => {
        const result = answer?.kind === "applied" ? answer.result : null;
        const isAlive = result?.kind === "lease_granted" || result?.kind === "lease_renewed";
        onEnd(isAlive ? result.lease : null);
      },
    });
  }

  /** Asks for a session, within which a write takes effect once. */
  openSession(): void {
    this.ask({ kind: "open_session" }, {
      onEnd: (answer) => {
        if (answer?.kind !== "applied" || answer.result.kind !== "session_opened") return;
        this.#session = answer.result.session;
        this.#sequence = 0;
      },
    });
  }

  #named<C extends Exclude<Command, { kind: "open_session" | "maintain" }>>(command: C): C {
    const once = this.#name();
    return once === null ? command : { ...command, once };
  }

  #name(): OnceRef | null {
    const dice = this.random();
    if (dice < 0.005) return { session: LONG_GONE, sequence: ++this.#sequence };
    if (dice < 0.2) return null;
    if (dice < 0.6 || this.#session === null) {
      return { idempotencyKey: `${this.name}-${++this.#names}` };
    }
    return { session: this.#session, sequence: ++this.#sequence };
  }

  #learn(request: KvRequest, answer: KvAnswer | null): void {
    if (answer === null) return;
    const { hearsay } = this;
    if (answer.kind === "read") {
      hearsay.revision = Math.max(hearsay.revision, answer.revision);
      for (const { key, modRevision } of answer.records) this.seen.set(key, modRevision);
      return;
    }
    const { result } = answer;
    if (result.kind === "refused") {
      if (result.reason === "session_expired") this.#onExpired(request);
      return;
    }
    hearsay.revision = Math.max(hearsay.revision, result.revision);
    if (result.kind === "lease_granted") hearsay.leases.push(result.lease);
    if (result.kind === "committed") this.#learnFrom(result.results);
  }

  /** Of a session that never was, or that another has followed since, there is nothing to learn. */
  #onExpired(request: KvRequest): void {
    const once = "once" in request ? request.once : undefined;
    if (once === undefined || !("session" in once)) return;
    if (once.session === LONG_GONE) this.marks.hit("a session that never was is refused");
    if (once.session !== this.#session) return;
    this.marks.hit("a session was forgotten");
    this.#session = null;
    this.openSession();
  }

  #learnFrom(results: readonly OperationResult[]): void {
    for (const result of results) {
      const record = result.kind === "get" ? result.record : null;
      if (record !== null) this.seen.set(record.key, record.modRevision);
    }
  }
}

const OPEN_MAX = 3;

/** A session that nobody remembers: its number is that of an entry that was none. */
const LONG_GONE = 1;
