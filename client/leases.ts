/**
 * Leases at the store: granted, taken over, looked at.
 *
 * @module
 */

import { isLeaseAnswer, isLeasesAnswer, isLeaseTimeAnswer } from "./answers.ts";
import { orNull } from "./kv_error.ts";
import type { LeaseTime } from "./kv.ts";
import { type LeaseTerm, withTimeLeft } from "./keep_alive.ts";
import { Lease, type LeaseParts } from "./lease.ts";
import { type LeaseOptions, readFields, type ReadOptions } from "./options.ts";
import type { RequestOptions } from "./request_options.ts";
import type { Requester } from "./requester.ts";
import type { Timers } from "./timers.ts";

/** What they need of the client. */
export interface LeasesParts {
  readonly requester: Requester;
  readonly timers: Timers;
  /** Aborted when the client is closed. */
  readonly closed: AbortSignal;
}

/** The leases of one client. */
export class Leases {
  readonly #parts: LeasesParts;

  constructor(parts: LeasesParts) {
    this.#parts = parts;
  }

  async grant(options: LeaseOptions): Promise<Lease> {
    return await this.#leaseOf(await this.granted(options), options);
  }

  /** Grants a lease that nobody keeps alive yet. */
  async granted({ ttl, ...options }: LeaseOptions): Promise<LeaseTerm> {
    const { requester, timers } = this.#parts;
    const sentMs = timers.nowMs();
    const call = {
      op: "leaseGrant",
      fields: { ttl },
      shape: isLeaseAnswer,
      prefer: "leader",
    } as const;
    const { lease } = await requester.write(call, options);
    return { id: lease, ttl, sentMs };
  }

  async adopt(id: string, options: RequestOptions): Promise<Lease> {
    const sentMs = this.#parts.timers.nowMs();
    await this.#change("leaseKeepAlive", id, options);
    const { grantedTtl } = await this.#time(id, options);
    return await this.#leaseOf({ id, ttl: grantedTtl, sentMs }, options);
  }

  /** What it takes to keep a lease alive, and to end it. */
  partsOf(id: string): LeaseParts {
    const { timers, closed } = this.#parts;
    return {
      timers,
      closed,
      renew: (limit) => this.#change("leaseKeepAlive", id, limit),
      revoke: (limit) => this.#change("leaseRevoke", id, limit),
    };
  }

  time(id: string, options: ReadOptions): Promise<LeaseTime | null> {
    return orNull("lease_not_found", this.#time(id, options));
  }

  async *ids(options: ReadOptions): AsyncGenerator<string, void, undefined> {
    let after: string | undefined;
    for (;;) {
      const fields = { after, ...readFields(options) };
      const call = { op: "leases", fields, shape: isLeasesAnswer, prefer: "leader" } as const;
      const { leases, more } = await this.#parts.requester.read(call, options);
      yield* leases;
      after = leases.at(-1);
      if (!more || after === undefined) return;
    }
  }

  #time(id: string, options: ReadOptions): Promise<LeaseTime> {
    const fields = { lease: id, ...readFields(options) };
    return this.#parts.requester.read({
      op: "leaseTimeToLive",
      fields,
      shape: isLeaseTimeAnswer,
      prefer: "leader",
    }, options);
  }

  /** Renewing and ending may be done twice without harm, so no session watches over them. */
  #change(
    op: "leaseKeepAlive" | "leaseRevoke",
    id: string,
    options: RequestOptions,
  ): Promise<unknown> {
    const call = { op, fields: { lease: id }, shape: isLeaseAnswer, prefer: "leader" } as const;
    return this.#parts.requester.change(call, options);
  }

  async #leaseOf(term: LeaseTerm, options: RequestOptions): Promise<Lease> {
    const parts = this.partsOf(term.id);
    return new Lease(await withTimeLeft(term, parts, options), parts);
  }
}
