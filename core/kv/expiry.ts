/**
 * How leases are granted, renewed, revoked and expire.
 *
 * @module
 */

import type { LeaseCommand } from "./command.ts";
import { noteEnded } from "./compaction.ts";
import type { Lease } from "./lease.ts";
import type { LeaseAnswer, RefusalReason } from "./result.ts";
import type { KvState } from "./state.ts";

/** Keys and leases that may expire with one entry; a few milliseconds of work. */
const EXPIRY_STEPS = 1_024;

/** Carries out a command about one lease. */
export function carryOutLease(state: KvState, command: LeaseCommand): LeaseAnswer | RefusalReason {
  const { leases, clock } = state;
  if (command.kind === "lease_grant") {
    if (leases.get(command.lease) !== undefined) return "lease_exists";
    const lease = command.lease === 0 ? freshLeaseId(state) : command.lease;
    const { ttlMs } = command;
    leases.set({ id: lease, ttlMs, expiresMs: clock.nowMs + ttlMs, isPrivate: false });
    return { kind: "lease_granted", lease, ttlMs, revision: state.revision };
  }
  const lease = leases.get(command.lease);
  if (lease === undefined) return "lease_not_found";
  if (command.kind === "lease_revoke") {
    const deleted = end(state, lease);
    return { kind: "lease_revoked", lease: lease.id, deleted, revision: state.revision };
  }
  leases.set({ ...lease, expiresMs: clock.nowMs + lease.ttlMs });
  return { kind: "lease_renewed", lease: lease.id, ttlMs: lease.ttlMs, revision: state.revision };
}

/**
 * Ends the leases whose time is over, the earliest first, each at a revision of its own. It happens
 * before anything else that an entry asks for: nothing is carried out, or served, that would find an
 * expired value. Of very many at once, the rest is left to the next entries.
 */
export function expireDue(state: KvState): void {
  const { leases, clock } = state;
  for (let steps = 0; steps < EXPIRY_STEPS;) {
    const lease = leases.first();
    if (lease === undefined || lease.expiresMs > clock.nowMs) return;
    steps += 1 + end(state, lease);
  }
}

/** An id that no lease has. */
export function freshLeaseId(state: KvState): number {
  do state.leaseLast++; while (state.leases.get(state.leaseLast) !== undefined);
  return state.leaseLast;
}

/** Returns how many keys ended with it; a lease without keys takes no revision. */
function end(state: KvState, lease: Lease): number {
  const { records, leases } = state;
  const keys = leases.end(lease);
  if (keys.length > 0) state.revision++;
  for (const key of keys) {
    const record = records.get(key);
    records.delete(key);
    noteEnded(state, key, record);
  }
  return keys.length;
}
