/**
 * How a client uses locks: it takes one under a lease, writes what the lock guards with its token,
 * and gives it back, or loses it without noticing.
 *
 * @module
 */

import type { Random } from "@raftkv/core";
import type { Branches, Committed, Compare, Key, LeaseCommand } from "@raftkv/core/kv";
import type { FencedWrite, LockHolding } from "../history/mod.ts";
import type { Marks } from "../run/marks.ts";
import { guardedKey, lockKey, only } from "./keyspace.ts";

/** A lock taken. */
export type Taken = Omit<LockHolding, "invoked" | "ended">;

/** The client that uses locks. */
export interface LockClient {
  /** Its name. */
  readonly name: string;
  /** Where it draws from. */
  readonly random: Random;
  /** Notes what came about. */
  readonly marks: Marks;
  /** A value that no other write has. */
  value(): Uint8Array;
  /** Proposes a commit; null if it was refused or its end is not known. */
  commit(
    branches: Branches,
    onEnd?: (committed: Committed | null, operation: number) => void,
  ): void;
  /** Proposes something about a lease; null if none lives. */
  lease(command: LeaseCommand, onEnd?: (lease: number | null) => void): void;
}

/** The locks of one client; it wants one at a time. */
export class LockUser {
  /** Every lock it came to hold. */
  readonly holdings: Taken[] = [];
  /** What it wrote under locks. */
  readonly writes: FencedWrite[] = [];
  readonly #client: LockClient;
  #held: { readonly lock: Key; readonly token: number; readonly lease: number } | null = null;
  #isTaking = false;

  /** Begins without a lock. */
  constructor(client: LockClient) {
    this.#client = client;
  }

  /** Does the next thing about a lock. */
  act(): void {
    const { random } = this.#client;
    if (this.#isTaking) return;
    if (this.#held === null) return this.#take(lockKey(random));
    const dice = random();
    if (dice < 0.6) this.#write();
    else if (dice < 0.8) this.#client.lease({ kind: "lease_keep_alive", lease: this.#held.lease });
    else if (dice < 0.95) this.#giveBack();
    else this.#held = null;
  }

  #take(lock: Key): void {
    const client = this.#client;
    this.#isTaking = true;
    const ttlMs = 500 + Math.floor(client.random() * 6_000);
    client.lease({ kind: "lease_grant", lease: 0, ttlMs }, (lease) => {
      if (lease === null) this.#isTaking = false;
      else this.#takeWith(lock, lease);
    });
  }

  #takeWith(lock: Key, lease: number): void {
    const client = this.#client;
    const isFree = { ...only(lock), target: "create", relation: "=", operand: 0 } as const;
    client.commit({
      compares: [isFree],
      operations: [{ kind: "put", key: lock, value: client.value(), encoding: "text", lease }],
      otherwise: [{ kind: "get", key: lock }],
    }, (committed, operation) => {
      this.#isTaking = false;
      if (committed === null || !committed.succeeded) return;
      const token = committed.revision;
      this.#held = { lock, token, lease };
      if (this.holdings.length > 0) client.marks.hit("a lock was taken again");
      this.holdings.push({ lock, client: client.name, token, operation });
    });
  }

  #write(): void {
    const held = this.#held!;
    const { lock, token } = held;
    const client = this.#client;
    const value = client.value();
    client.commit({
      compares: [stillHeld(held)],
      operations: [{ kind: "put", key: guardedKey(lock), value, encoding: "text" }],
    }, (committed, operation) => {
      if (committed === null) return;
      if (committed.succeeded) {
        this.writes.push({ lock, token, revision: committed.revision, operation });
      } else this.#lose(committed);
    });
  }

  #giveBack(): void {
    const held = this.#held!;
    this.#held = null;
    const { lock } = held;
    this.#client.commit({
      compares: [stillHeld(held)],
      operations: [{ kind: "delete", key: lock }],
    });
  }

  #lose({ succeeded }: Committed): void {
    if (succeeded) return;
    this.#client.marks.hit("a write was refused because its lock was lost");
    this.#held = null;
  }
}

function stillHeld({ lock, token }: { readonly lock: Key; readonly token: number }): Compare {
  return { ...only(lock), target: "create", relation: "=", operand: token };
}
