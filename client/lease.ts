/**
 * A lease that is kept alive until it is let go, and a signal that says when it is lost.
 *
 * @module
 */

import { KvError } from "./kv_error.ts";
import type { RequestOptions } from "./request_options.ts";
import type { Timers } from "./timers.ts";

/** What a lease needs of the client. */
export interface LeaseParts {
  readonly timers: Timers;
  /** Renews it at the store. */
  readonly renew: (options: RequestOptions) => Promise<unknown>;
  /** Ends it at the store. */
  readonly revoke: (options: RequestOptions) => Promise<unknown>;
  /** Aborted when the client is closed, which then renews no more. */
  readonly closed: AbortSignal;
}

/** Of its time, after which it is renewed: two renewals may fail before it is lost. */
const RENEW_SHARE = 1 / 3;
/** How long to wait after a renewal that failed, in milliseconds. */
const RETRY_MS = 250;

/**
 * A lease, renewed in the background. The keys put with it end when it does.
 *
 * It counts its time from when the last successful renewal was *sent*, by the local monotonic clock;
 * the store counts from when it took it in, which is later. So the signal comes before the keys end,
 * unless the local clock runs slower than that of the leader, or this process is paused: what must
 * not happen twice even then needs a fencing token.
 */
export class Lease implements AsyncDisposable {
  /** Its id at the store. */
  readonly id: string;
  /** How many seconds it lives without renewal. */
  readonly ttl: number;
  readonly #parts: LeaseParts;
  readonly #lost = new AbortController();
  #deadlineMs: number;
  #cancel: () => void = () => {};
  #underWay: AbortController | null = null;

  /**
   * Takes over a lease that was granted.
   *
   * @param of `sentMs` is when the grant was asked for, by the timers' clock.
   */
  constructor(
    of: { readonly id: string; readonly ttl: number; readonly sentMs: number },
    parts: LeaseParts,
  ) {
    this.id = of.id;
    this.ttl = of.ttl;
    this.#parts = parts;
    this.#deadlineMs = of.sentMs + of.ttl * 1_000;
    const { closed } = parts;
    if (closed.aborted) this.#end(closed.reason);
    closed.addEventListener("abort", this.#onClosed, { once: true });
    this.#schedule(of.ttl * 1_000 * RENEW_SHARE);
  }

  /** Aborted when it is lost or revoked: whatever it protected must end. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** Ends it and its keys. Does nothing if it has ended. */
  async revoke(options: RequestOptions = {}): Promise<void> {
    this.#end(new DOMException("The lease was revoked", "AbortError"));
    try {
      await this.#parts.revoke(options);
    } catch (error) {
      if (!(error instanceof KvError) || error.code !== "lease_not_found") throw error;
    }
  }

  /** The same as {@linkcode Lease.revoke}, for `await using`; a store out of reach ends it by itself. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#parts.closed.aborted) return;
    try {
      await this.revoke({ timeoutMs: this.ttl * 1_000 });
    } catch (error) {
      if (!(error instanceof KvError) && !this.#parts.closed.aborted) throw error;
    }
  }

  readonly #onClosed = (): void => this.#end(this.#parts.closed.reason);

  #schedule(delayMs: number): void {
    if (this.signal.aborted) return;
    const leftMs = this.#deadlineMs - this.#parts.timers.nowMs();
    this.#cancel = this.#parts.timers.after(
      Math.max(0, Math.min(delayMs, leftMs)),
      () => void this.#renew(),
    );
  }

  async #renew(): Promise<void> {
    const { timers, renew } = this.#parts;
    const sentMs = timers.nowMs();
    const leftMs = this.#deadlineMs - sentMs;
    if (leftMs <= 0) return this.#lose("Its time was over before it could be renewed");
    const underWay = new AbortController();
    this.#underWay = underWay;
    try {
      await renew({ timeoutMs: leftMs, signal: underWay.signal });
      this.#deadlineMs = sentMs + this.ttl * 1_000;
      this.#schedule(this.ttl * 1_000 * RENEW_SHARE);
    } catch (error) {
      if (this.signal.aborted) return;
      if (error instanceof KvError && error.code === "lease_not_found") {
        return this.#lose("It has expired or was revoked");
      }
      this.#schedule(RETRY_MS);
    }
  }

  #lose(why: string): void {
    this.#end(
      new KvError(`Cannot keep lease ${this.id}: ${why}`, {
        code: "lease_not_found",
        retryable: false,
        outcome: "not_applied",
      }),
    );
  }

  #end(reason: unknown): void {
    if (this.signal.aborted) return;
    this.#cancel();
    this.#parts.closed.removeEventListener("abort", this.#onClosed);
    this.#lost.abort(reason);
    this.#underWay?.abort(reason);
  }
}
