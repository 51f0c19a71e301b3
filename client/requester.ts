/**
 * Carries one request through: chooses endpoints, repeats attempts as `retry.ts` decides, and gives
 * each write its place in the session.
 *
 * @module
 */

import type { Outcome } from "@raftkv/core/api";
import { isSessionAnswer, type Shape } from "./answers.ts";
import { type AttemptResult, type Exchange, unrecognized } from "./attempt.ts";
import type { Discovery } from "./discovery.ts";
import { KvError } from "./kv_error.ts";
import type { Operation } from "./operation.ts";
import type { LeaderCache, Preference } from "./leader_cache.ts";
import type { RequestOptions } from "./request_options.ts";
import { RequestScope } from "./request_scope.ts";
import { type AttemptFailure, attemptLimitMs, decideRetry, outcomeOf } from "./retry.ts";
import type { Timers } from "./timers.ts";
import { WriteSession, type WriteTicket } from "./write_session.ts";

/** A request and what its answer must look like. */
export interface Call<T> extends Operation {
  readonly shape: Shape<T>;
  readonly prefer: Preference;
  /** What a request without a place in the session is, if it is no read. */
  readonly kind?: "change" | "order";
}

/** What a requester works with. */
export interface RequesterParts {
  readonly exchange: Exchange;
  readonly timers: Timers;
  /** A source of numbers in [0, 1). */
  readonly random: () => number;
  readonly cache: LeaderCache;
  readonly discovery: Discovery | null;
  /** Milliseconds for a request that names no budget of its own. */
  readonly timeoutMs: number;
  /** Aborted when the client is closed. */
  readonly closed: AbortSignal;
}

/** A write's hold on the session: the key it travels under, and the way to a new one. */
interface Hold {
  key(): string;
  renew(): Promise<void>;
}

/** What has happened to a request so far. */
interface History {
  attempts: number;
  /** Whether an attempt under the present key may have been applied. */
  mayBeApplied: boolean;
  /** Where the last attempt went. */
  endpoint: string | undefined;
}

/** Sends requests until they succeed, fail for good, or run out of time. */
export class Requester {
  readonly #parts: RequesterParts;
  readonly #session = new WriteSession();

  constructor(parts: RequesterParts) {
    this.#parts = parts;
  }

  /** Sends a request that changes nothing. */
  read<T>(call: Call<T>, options: RequestOptions): Promise<T> {
    return this.#within(options, (scope) => this.#repeat(scope, call));
  }

  /** Sends a request that changes the cluster, until it may have had an effect. */
  order<T>(call: Call<T>, options: RequestOptions): Promise<T> {
    return this.#within(options, (scope) => this.#repeat(scope, { ...call, kind: "order" }));
  }

  /** Sends a request that may be carried out twice without harm. */
  change<T>(call: Call<T>, options: RequestOptions): Promise<T> {
    return this.#within(options, (scope) => this.#repeat(scope, { ...call, kind: "change" }));
  }

  /** Sends a request that changes the store, however often it takes, with the effect of once. */
  write<T>(call: Call<T>, options: RequestOptions): Promise<T> {
    return this.#within(options, (scope) => this.#writeIn(scope, call));
  }

  async #within<T>(
    options: RequestOptions,
    work: (scope: RequestScope) => Promise<T>,
  ): Promise<T> {
    const { timers, timeoutMs, closed } = this.#parts;
    const budgetMs = options.timeoutMs ?? timeoutMs;
    const scope = new RequestScope(timers, budgetMs, [closed, options.signal]);
    try {
      return await work(scope);
    } finally {
      scope.dispose();
    }
  }

  async #writeIn<T>(scope: RequestScope, call: Call<T>): Promise<T> {
    let ticket = await this.#ticket(scope);
    try {
      return await this.#repeat(scope, call, {
        key: () => ticket.idempotencyKey,
        renew: async () => {
          this.#session.forget(ticket.session);
          ticket.release();
          ticket = await this.#ticket(scope);
        },
      });
    } finally {
      ticket.release();
    }
  }

  async #ticket(scope: RequestScope): Promise<WriteTicket> {
    const ticket = await this.#session.take(scope, () => this.#openSession(scope));
    if (ticket !== null) return ticket;
    throw new KvError(
      `Gave up after ${scope.timeoutMs} ms: Earlier writes still wait for their answers`,
      { code: "timeout", retryable: true, outcome: "not_applied" },
    );
  }

  async #openSession(scope: RequestScope): Promise<string> {
    const answer = await this.#repeat(scope, {
      op: "openSession",
      fields: {},
      shape: isSessionAnswer,
      prefer: "leader",
    });
    return answer.session;
  }

  /** Repeats a request; one with a hold on the session is a write. */
  async #repeat<T>(scope: RequestScope, call: Call<T>, hold?: Hold): Promise<T> {
    const request = hold !== undefined ? "write" : call.kind ?? "read";
    const history: History = { attempts: 0, mayBeApplied: false, endpoint: undefined };
    for (;;) {
      const result = await this.#attempt(scope, withKey(call, hold), history);
      if (result.kind === "success") return result.answer;
      const { failure } = result;
      const decision = decideRetry({
        failure,
        request,
        attempts: history.attempts,
        mayBeApplied: history.mayBeApplied,
        elapsedMs: scope.elapsedMs,
        timeoutMs: scope.timeoutMs,
        random: this.#parts.random(),
      });
      switch (decision.kind) {
        case "give_up":
          throw errorOf(failure, "not_applied");
        case "unknown":
          throw errorOf(failure, "unknown");
        case "timeout":
          throw timeoutOf(failure, { scope, history, outcome: decision.outcome });
        case "again_in_new_session":
          await hold?.renew();
          break;
        case "again":
          history.mayBeApplied ||= request !== "read" && outcomeOf(failure) === "unknown";
          break;
      }
      await scope.sleep(decision.afterMs);
      if (scope.remainingMs <= 0) {
        const outcome = history.mayBeApplied ? "unknown" : "not_applied";
        throw timeoutOf(failure, { scope, history, outcome });
      }
    }
  }

  async #attempt<T>(scope: RequestScope, call: Call<T>, history: History): Promise<Attempted<T>> {
    const { cache, timers, exchange } = this.#parts;
    const choice = { preference: call.prefer, avoid: history.endpoint };
    const endpoint = cache.choose(timers.nowMs(), choice);
    history.endpoint = endpoint;
    history.attempts += 1;
    const limitMs = attemptLimitMs(scope.remainingMs);
    const result = await exchange(endpoint, { operation: call, scope, limitMs });
    this.#note(endpoint, result);
    if (result.kind === "failure") return result;
    if (call.shape(result.body)) return { kind: "success", answer: result.body };
    return { kind: "failure", failure: unrecognized(result.status) };
  }

  /** Lets the next choice of an endpoint profit from what this attempt met. */
  #note(endpoint: string, result: AttemptResult): void {
    const { cache, timers, discovery } = this.#parts;
    const { from } = result;
    if (from === null || isForeign(result)) return cache.onSilence(endpoint, timers.nowMs());
    cache.onAnswer(endpoint, from);
    if (result.kind === "failure" && isUnavailable(result.failure)) {
      cache.onUnavailable(endpoint, from);
    }
    discovery?.onAnswer(endpoint);
  }
}

type Attempted<T> =
  | { readonly kind: "success"; readonly answer: T }
  | { readonly kind: "failure"; readonly failure: AttemptFailure };

function withKey<T>(call: Call<T>, hold: Hold | undefined): Call<T> {
  if (hold === undefined) return call;
  return { ...call, fields: { ...call.fields, idempotencyKey: hold.key() } };
}

function isForeign(result: AttemptResult): boolean {
  return result.kind === "failure" && result.failure.kind === "unrecognized";
}

/** Whether another node might serve where this one could not. */
function isUnavailable(failure: AttemptFailure): boolean {
  return failure.kind === "answered" && failure.retryable;
}

function errorOf(failure: AttemptFailure, outcome: Outcome): KvError {
  const { message } = failure;
  if (failure.kind !== "answered") {
    return new KvError(message, { code: "unrecognized", retryable: false, outcome });
  }
  return new KvError(message, { code: failure.code, retryable: failure.retryable, outcome });
}

function timeoutOf(
  last: AttemptFailure,
  { scope, history, outcome }: {
    readonly scope: RequestScope;
    readonly history: History;
    readonly outcome: Outcome;
  },
): KvError {
  const tries = history.attempts === 1 ? "one attempt" : `${history.attempts} attempts`;
  return new KvError(
    `Gave up after ${scope.timeoutMs} ms and ${tries}, the last at ${history.endpoint}: ` +
      last.message,
    { code: "timeout", retryable: true, outcome },
  );
}
