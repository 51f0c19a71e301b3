/**
 * What leases promise: none ends before its time to live has passed since it was last granted or
 * renewed, each ends soon after if it was not, and none is renewed once it has ended.
 *
 * That it holds in the time of the log is for the replay to show. Here it is held against true time,
 * which only a simulator knows.
 *
 * @module
 */

import type { OperationResult } from "@raftkv/core/kv";
import { type Finding, HISTORY_RULES } from "./finding.ts";
import type { JournalEntry } from "./journal.ts";
import { isRepeated } from "./kv_operation.ts";
import type { ReferenceLease } from "./reference_draft.ts";
import type { ReferenceExpiry, ReferenceStore } from "./reference_store.ts";

/** How true time relates to the log. */
export interface TrueTime {
  /** When the leader took an entry in, in milliseconds of true time. */
  readonly trueMsOf: (entry: JournalEntry) => number;
  /** Whether the leaders' clocks have told true time all along: else leases may end early. */
  readonly clocksAreRight: boolean;
  /** Since when a quorum has lived and clocks have been right; Infinity if it never came to that. */
  readonly calmSinceMs: number;
  /** The end of the history. */
  readonly endMs: number;
}

/** How long after its time a lease may still live while a quorum does, in milliseconds. */
export const LEASE_LATE_MS_MAX: number = 5_000;

/** Finds leases that were renewed after their end, as the answers alone tell. */
export function checkRenewals(journal: readonly JournalEntry[]): Finding[] {
  const findings: Finding[] = [];
  const revoked = new Map<number, number>();
  for (const { index, result, operation } of journal) {
    if (isRepeated(result)) continue;
    if (result.kind === "lease_granted") revoked.delete(result.lease);
    // A key that was put with a time to live got a lease of its own, perhaps of an id that was free.
    if (result.kind === "committed") {
      for (const id of leasesIn(result.results)) revoked.delete(id);
    }
    if (result.kind === "lease_revoked") revoked.set(result.lease, index);
    if (result.kind !== "lease_renewed") continue;
    const since = revoked.get(result.lease);
    if (since === undefined) continue;
    findings.push({
      rule: HISTORY_RULES.lease,
      evidence: `Lease ${result.lease} was revoked at ${since} of the log and renewed at ${index}`,
      operations: operation === null ? [] : [operation],
    });
  }
  return findings;
}

function leasesIn(results: readonly OperationResult[]): number[] {
  return results.flatMap((result) => {
    if (result.kind === "commit") return leasesIn(result.results);
    return result.kind === "put" && result.lease !== undefined ? [result.lease] : [];
  });
}

/**
 * Finds leases that ended too early, or not in time, by true time: those that keys were put with for
 * themselves among them.
 */
export function checkLeaseTimes(
  journal: readonly JournalEntry[],
  store: ReferenceStore,
  time: TrueTime,
): Finding[] {
  const trueMs = new Map(journal.map((entry) => [entry.index, time.trueMsOf(entry)]));
  return [
    ...store.expiries.flatMap((expiry) => {
      const livedMs = trueMs.get(expiry.index)! - trueMs.get(expiry.sinceIndex)!;
      return checkEarly(expiry, livedMs, time);
    }),
    ...[...store.leases.values()].flatMap((lease) => {
      return checkLate(lease, trueMs.get(lease.sinceIndex)!, time);
    }),
  ];
}

function checkEarly(
  { index, lease, ttlMs }: ReferenceExpiry,
  livedMs: number,
  { clocksAreRight }: TrueTime,
): Finding[] {
  if (!clocksAreRight || livedMs >= ttlMs) return [];
  return [{
    rule: HISTORY_RULES.lease,
    evidence: `Lease ${lease} of ${ttlMs} ms ended at ${index} of the log, ` +
      `${Math.round(livedMs)} ms after it was last renewed`,
    operations: [],
  }];
}

function checkLate(
  { id, ttlMs }: ReferenceLease,
  renewedMs: number,
  { calmSinceMs, endMs }: TrueTime,
): Finding[] {
  const lateMs = endMs - Math.max(renewedMs, calmSinceMs) - ttlMs;
  if (!(lateMs > LEASE_LATE_MS_MAX)) return [];
  return [{
    rule: HISTORY_RULES.lease,
    evidence: `Lease ${id} of ${ttlMs} ms still lives ${Math.round(lateMs)} ms after its ` +
      "time, though a quorum lived all the while",
    operations: [],
  }];
}
