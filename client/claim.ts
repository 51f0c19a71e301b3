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
import type { Value } from "./value.ts";
import { KvError } from "./kv_error.ts";
import type { Lease } from "./lease.ts";
import type { RequestOptions } from "./request_options.ts";
import type { Timers } from "./timers.ts";
import type { Entry, PutResult } from "./txn_operation.ts";
import type { WatchEvent, WatchOptions } from "./watch_event.ts";

/** What a claim needs of the client. */
export interface ClaimStore {
  readonly timers: Timers;
  lease(ttl: number, options: RequestOptions): Promise<Lease>;
  put(
    key: string,
    value: Value,
    options: RequestOptions & { readonly lease: Lease },
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
  /** Milliseconds to wait at the most; for ever if not given. */
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
 * Waits for one's turn.
 *
 * @throws {KvError} `timeout` if it did not come in time; `lease_not_found` if the claim was lost
 *   while it waited
 * @throws The signal's reason
 */
export async function claim(
  store: ClaimStore,
  prefix: string,
  { value, options }: { readonly value: Value; readonly options: ClaimOptions },
): Promise<Claim> {
  const { ttl = TTL_SECONDS_DEFAULT } = options;
  const patience = new Patience(options, store.timers);
  let lease: Lease | null = null;
  try {
    lease = await store.lease(ttl, patience.request());
    patience.follow(lease.signal);
    const key = `${prefix}${lease.id.padStart(16, "0")}`;
    const { createRevision: token } = await store.put(key, value, { ...patience.request(), lease });
    await untilFirst(store, { prefix, key, patience });
    // Until now the loss of the lease ended the waiting; from here on it is the holder's to heed.
    lease.signal.throwIfAborted();
    return new Claim({ key, token, lease });
  } catch (error) {
    await lease?.revoke({ timeoutMs: WITHDRAW_MS_MAX }).catch(() => {});
    throw error;
  } finally {
    patience.dispose();
  }
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
  { prefix, key, patience }: {
    readonly prefix: string;
    readonly key: string;
    readonly patience: Patience;
  },
): Promise<void> {
  for (;;) {
    // Linearizable, and with the own key in it: that nobody is before it says nothing if it is gone.
    const { revision, entries } = await store.entries(prefix, patience.request());
    const own = entries.find((each) => each.key === key);
    if (own === undefined) throw lostInQueue(key);
    const ahead = entries.filter((each) => each.createRevision < own.createRevision);
    const [first, ...others] = ahead;
    if (first === undefined) return;
    const before = others.reduce(
      (latest, each) => each.createRevision > latest.createRevision ? each : latest,
      first,
    );
    await untilGone(store, before.key, { revision: revision + 1, signal: patience.signal });
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

/** How long a claimant waits: until its own signal, its time, or the loss of its lease. */
class Patience {
  readonly #ended = new AbortController();
  readonly #unlisten: (() => void)[] = [];

  constructor({ signal, timeoutMs }: ClaimOptions, timers: Timers) {
    if (signal !== undefined) this.follow(signal);
    if (timeoutMs === undefined) return;
    const message = `Gave up after ${timeoutMs} ms: It is held by another`;
    const detail = { code: "timeout", retryable: true, outcome: "not_applied" } as const;
    this.#unlisten.push(
      timers.after(timeoutMs, () => this.#ended.abort(new KvError(message, detail))),
    );
  }

  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  request(): RequestOptions {
    return { signal: this.signal };
  }

  follow(signal: AbortSignal): void {
    const end = () => this.#ended.abort(signal.reason);
    if (signal.aborted) return end();
    signal.addEventListener("abort", end, { once: true });
    this.#unlisten.push(() => signal.removeEventListener("abort", end));
  }

  dispose(): void {
    for (const unlisten of this.#unlisten) unlisten();
  }
}
