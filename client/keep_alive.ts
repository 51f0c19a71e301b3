/**
 * Renews a lease again and again, and says when it has ended.
 *
 * @module
 */

import { KvError } from "./kv_error.ts";
import { onAbort } from "./on_abort.ts";
import type { RequestOptions } from "./request_options.ts";
import type { Timers } from "./timers.ts";

/** A lease as of its grant or a renewal. */
export interface LeaseTerm {
  /** Its id at the store. */
  readonly id: string;
  /** How many seconds it lives without renewal. */
  readonly ttl: number;
  /**
   * When the grant or renewal was asked for, by the timers' clock. The store counts from when it took
   * it in, which is later: whoever counts from here is never late.
   */
  readonly sentMs: number;
}

/** What renewing needs of the client. */
export interface KeepAliveParts {
  readonly timers: Timers;
  /** Renews it at the store. */
  readonly renew: (options: RequestOptions) => Promise<unknown>;
  /** Aborted when the client is closed, which then renews no more. */
  readonly closed: AbortSignal;
}

/** Of its time, after which it is renewed: two renewals may fail before it is lost. */
const RENEW_SHARE = 1 / 3;
/** How long to wait after a renewal that failed, in milliseconds. */
const RETRY_MS = 250;

/** The renewing of one lease. */
export class KeepAlive {
  readonly #parts: KeepAliveParts;
  readonly #ended = new AbortController();
  readonly #isReliedOn: boolean;
  readonly #unlisten: () => void;
  #term: LeaseTerm;
  #cancel: () => void = () => {};
  #underWay: AbortController | null = null;

  /**
   * Begins.
   *
   * @param isReliedOn Whether the lease counts as lost once its time may be over. If not, it is kept
   *   until the store says that it has ended: in an outage its time does not pass there.
   */
  constructor(
    term: LeaseTerm,
    parts: KeepAliveParts,
    { isReliedOn }: { readonly isReliedOn: boolean },
  ) {
    this.#term = term;
    this.#parts = parts;
    this.#isReliedOn = isReliedOn;
    const { closed } = parts;
    this.#unlisten = onAbort(closed, () => this.end(closed.reason));
    if (closed.aborted) this.end(closed.reason);
    this.#schedule(this.#renewalMs - parts.timers.nowMs());
  }

  /** Aborted when the lease is lost, or by {@linkcode KeepAlive.end}. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /** The lease as of its last renewal. */
  get term(): LeaseTerm {
    return this.#term;
  }

  /** Renews no more. */
  end(reason: unknown): void {
    if (this.signal.aborted) return;
    this.#cancel();
    this.#unlisten();
    this.#ended.abort(reason);
    this.#underWay?.abort(reason);
  }

  get #renewalMs(): number {
    return this.#term.sentMs + this.#term.ttl * 1_000 * RENEW_SHARE;
  }

  get #leftMs(): number {
    return this.#isReliedOn ? endMsOf(this.#term) - this.#parts.timers.nowMs() : Infinity;
  }

  #schedule(delayMs: number): void {
    if (this.signal.aborted) return;
    const waitMs = Math.max(0, Math.min(delayMs, this.#leftMs));
    this.#cancel = this.#parts.timers.after(waitMs, () => void this.#renew());
  }

  async #renew(): Promise<void> {
    const { timers, renew } = this.#parts;
    const { id, ttl } = this.#term;
    const sentMs = timers.nowMs();
    const leftMs = this.#leftMs;
    if (leftMs <= 0) return this.#lose("Its time was over before it could be renewed");
    const underWay = new AbortController();
    this.#underWay = underWay;
    try {
      await renew({ timeoutMs: leftMs, signal: underWay.signal });
      this.#term = { id, ttl, sentMs };
      this.#schedule(this.#renewalMs - timers.nowMs());
    } catch (error) {
      if (this.signal.aborted) return;
      if (error instanceof KvError && error.code === "lease_not_found") {
        return this.#lose("It has expired or was revoked");
      }
      this.#schedule(RETRY_MS);
    }
  }

  #lose(why: string): void {
    this.end(
      new KvError(`Cannot keep lease ${this.#term.id}: ${why}`, {
        code: "lease_not_found",
        retryable: false,
        outcome: "not_applied",
      }),
    );
  }
}

/**
 * The same lease with time left: renewed first if its time may be over, as after a request that took
 * an outage to be answered.
 *
 * @throws {KvError} `lease_not_found` if it has ended
 */
export async function withTimeLeft(
  term: LeaseTerm,
  { timers, renew }: KeepAliveParts,
  options: RequestOptions,
): Promise<LeaseTerm> {
  let inTime = term;
  while (timers.nowMs() >= endMsOf(inTime)) {
    inTime = { ...inTime, sentMs: timers.nowMs() };
    await renew(options);
  }
  return inTime;
}

function endMsOf({ sentMs, ttl }: LeaseTerm): number {
  return sentMs + ttl * 1_000;
}
