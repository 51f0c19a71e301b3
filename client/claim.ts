/**
 * A place in a queue that the store keeps: whoever came first holds what the queue is for. Locks and
 * elections are both this.
 *
 * Each claimant puts a key of its own under the queue's prefix, with its lease; the key's create
 * revision is its place, and no two are equal. It holds once no key of the queue has an earlier one.
 * Each waits for the one right before it, so that an end wakes one and not all.
 *
 * @module
 */

import { type Compare, when } from "./compare.ts";
import { KeepAlive, type LeaseTerm, withTimeLeft } from "./keep_alive.ts";
import { KvError } from "./kv_error.ts";
import { Lease, type LeaseParts } from "./lease.ts";
import type { RequestOptions } from "./request_options.ts";
import { RequestScope } from "./request_scope.ts";
import { backoffMs } from "./retry.ts";
import type { Timers } from "./timers.ts";
import type { Entry, PutResult } from "./txn_operation.ts";
import type { Value } from "./value.ts";
import type { WatchEvent, WatchOptions } from "./watch_event.ts";

/** What a claim needs of the client. */
export interface ClaimStore {
  readonly timers: Timers;
  /** A source of numbers in [0, 1). */
  readonly random: () => number;
  grant(ttl: number, options: RequestOptions): Promise<LeaseTerm>;
  leaseParts(id: string): LeaseParts;
  put(
    key: string,
    value: Value,
    options: RequestOptions & { readonly lease: string },
  ): Promise<PutResult>;
  entries(prefix: string, options: RequestOptions): Promise<{
    readonly revision: number;
    readonly entries: readonly Entry[];
  }>;
  watch(options: WatchOptions): AsyncIterable<WatchEvent>;
}

/** How to claim. */
export interface ClaimOptions {
  /** Seconds after which the claim of a process that is gone ends; 15 if not given. */
  readonly ttl?: number;
  /** Ends the waiting; the claim is withdrawn. */
  readonly signal?: AbortSignal;
  /** Milliseconds to wait at the most; for ever if not given, through outages too. */
  readonly timeoutMs?: number;
}

const TTL_SECONDS_DEFAULT = 15;
/** Whoever gave up waits no longer than this, in milliseconds; the claim then ends with its lease. */
const WITHDRAW_MS_MAX = 2_000;

/** What is held by the first of a queue. */
export class Claim implements AsyncDisposable {
  /** The claim's key at the store. */
  readonly key: string;
  /**
   * The fencing token: greater than that of every earlier holder. What is protected should refuse a
   * smaller one than it has seen; the store itself does by {@linkcode Claim.held}.
   */
  readonly token: number;
  readonly #lease: Lease;

  /** Takes over a claim that holds. */
  constructor(of: { readonly key: string; readonly token: number; readonly lease: Lease }) {
    this.key = of.key;
    this.token = of.token;
    this.#lease = of.lease;
  }

  /** Aborted when it is no longer held: by release, by loss, or because nobody can tell. */
  get signal(): AbortSignal {
    return this.#lease.signal;
  }

  /** The condition that it is still held, for the transactions that depend on it. */
  held(): Compare {
    return when(this.key).createRevision("=", this.token);
  }

  /** Lets it go; the next in the queue holds. Does nothing if it is lost. */
  async release(options: RequestOptions = {}): Promise<void> {
    await this.#lease.revoke(options);
  }

  /** The same as {@linkcode Claim.release}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lease[Symbol.asyncDispose]();
  }
}

/**
 * Waits for one's turn, through outages of any length: whoever lost the place meanwhile takes another
 * one at the end.
 *
 * @throws {KvError} `timeout` if the turn did not come in time; what cannot be mended by waiting
 * @throws The signal's reason
 */
export async function claim(
  store: ClaimStore,
  prefix: string,
  { value, options }: { readonly value: Value; readonly options: ClaimOptions },
): Promise<Claim> {
  const { ttl = TTL_SECONDS_DEFAULT } = options;
  const patience = new Patience(options, store.timers);
  try {
    for (let attempts = 1;; attempts++) {
      try {
        return await stand(store, prefix, { value, ttl, patience });
      } catch (error) {
        patience.signal.throwIfAborted();
        if (!isPlaceLost(error)) throw error;
      }
      await patience.sleep(backoffMs(attempts, store.random()));
    }
  } finally {
    patience.dispose();
  }
}

/** Takes a place in the queue and waits until it is the first. */
async function stand(
  store: ClaimStore,
  prefix: string,
  { value, ttl, patience }: {
    readonly value: Value;
    readonly ttl: number;
    readonly patience: Patience;
  },
): Promise<Claim> {
  const term = await store.grant(ttl, { signal: patience.signal, timeoutMs: Infinity });
  const { id } = term;
  const parts = store.leaseParts(id);
  const { timers } = store;
  // Nobody relies on the lease of a claim that waits. In an outage no time passes at the store, and
  // the place is still there after it.
  const waiting = new KeepAlive(term, parts, { isReliedOn: false });
  const scope = new RequestScope(timers, Infinity, [patience.signal, waiting.signal]);
  const request = { signal: scope.signal, timeoutMs: Infinity };
  try {
    const key = `${prefix}${id.padStart(16, "0")}`;
    const { createRevision: token } = await store.put(key, value, { ...request, lease: id });
    await untilFirst(store, { prefix, key, request, patience });
    const inTime = await withTimeLeft(waiting.term, parts, request);
    const lease = new Lease(inTime, parts);
    lease.signal.throwIfAborted();
    return new Claim({ key, token, lease });
  } catch (error) {
    await parts.revoke({ timeoutMs: WITHDRAW_MS_MAX }).catch(() => {});
    throw error;
  } finally {
    scope.dispose();
    waiting.end(new DOMException("The waiting is over", "AbortError"));
  }
}

/**
 * Whether another place would do: the lease of this one has ended, or nobody can tell whether it was
 * taken, or the queue is so long that it was compacted while it was read.
 */
function isPlaceLost(error: unknown): boolean {
  return error instanceof KvError &&
    ["lease_not_found", "session_expired", "compacted"].includes(error.code);
}

/** The one that holds, of the claims of a queue. */
export function firstOf(entries: readonly Entry[]): Entry | null {
  return entries.reduce<Entry | null>(
    (first, each) => first === null || each.createRevision < first.createRevision ? each : first,
    null,
  );
}

async function untilFirst(
  store: ClaimStore,
  { prefix, key, request, patience }: {
    readonly prefix: string;
    readonly key: string;
    readonly request: RequestOptions & { readonly signal: AbortSignal };
    readonly patience: Patience;
  },
): Promise<void> {
  for (;;) {
    // Linearizable, and with the own key in it: that nobody is before it says nothing if it is gone.
    const { revision, entries } = await store.entries(prefix, request);
    const own = entries.find((each) => each.key === key);
    if (own === undefined) throw lostInQueue(key);
    const ahead = entries.filter((each) => each.createRevision < own.createRevision);
    const [first, ...others] = ahead;
    if (first === undefined) return;
    patience.isBehind = true;
    const before = others.reduce(
      (latest, each) => each.createRevision > latest.createRevision ? each : latest,
      first,
    );
    await untilGone(store, before.key, { revision: revision + 1, signal: request.signal });
  }
}

async function untilGone(
  store: ClaimStore,
  key: string,
  from: { readonly revision: number; readonly signal: AbortSignal },
): Promise<void> {
  for await (const event of store.watch({ key, ...from })) {
    if (event.type === "delete") return;
    if (event.type === "reset" && event.entries.length === 0) return;
  }
}

function lostInQueue(key: string): KvError {
  return new KvError(`Cannot wait any longer: The claim ${key} ended in the queue`, {
    code: "lease_not_found",
    retryable: true,
    outcome: "not_applied",
  });
}

/** How long a claimant waits: until its own signal or its time. */
class Patience {
  /** Whether somebody was seen to be first. */
  isBehind = false;
  readonly #ended = new AbortController();
  readonly #scope: RequestScope;
  readonly #cancel: () => void;

  constructor({ signal, timeoutMs = Infinity }: ClaimOptions, timers: Timers) {
    this.#scope = new RequestScope(timers, Infinity, [signal, this.#ended.signal]);
    this.#cancel = timers.after(timeoutMs, () => {
      const why = this.isBehind ? "It is held by another" : "The store did not answer";
      const detail = { code: "timeout", retryable: true, outcome: "not_applied" } as const;
      this.#ended.abort(new KvError(`Gave up after ${timeoutMs} ms: ${why}`, detail));
    });
  }

  get signal(): AbortSignal {
    return this.#scope.signal;
  }

  async sleep(delayMs: number): Promise<void> {
    await this.#scope.sleep(delayMs);
  }

  dispose(): void {
    this.#cancel();
    this.#scope.dispose();
  }
}
