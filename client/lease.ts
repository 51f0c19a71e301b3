/**
 * A lease that is kept alive until it is let go, and a signal that says when it is lost.
 *
 * @module
 */

import { KeepAlive, type KeepAliveParts, type LeaseTerm } from "./keep_alive.ts";
import { KvError } from "./kv_error.ts";
import type { RequestOptions } from "./request_options.ts";

/** What a lease needs of the client. */
export interface LeaseParts extends KeepAliveParts {
  /** Ends it at the store. */
  readonly revoke: (options: RequestOptions) => Promise<unknown>;
}

/**
 * A lease, renewed in the background, through outages too, for as long as it may still live. The keys
 * put with it end when it does.
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
  readonly #keepAlive: KeepAlive;

  /** Takes over a lease that was granted. */
  constructor(term: LeaseTerm, parts: LeaseParts) {
    this.id = term.id;
    this.ttl = term.ttl;
    this.#parts = parts;
    this.#keepAlive = new KeepAlive(term, parts, { isReliedOn: true });
  }

  /** Aborted when it is lost or revoked: whatever it protected must end. */
  get signal(): AbortSignal {
    return this.#keepAlive.signal;
  }

  /** Ends it and its keys. Does nothing if it has ended. */
  async revoke(options: RequestOptions = {}): Promise<void> {
    this.#keepAlive.end(new DOMException("The lease was revoked", "AbortError"));
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
}
