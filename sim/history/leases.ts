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

/** Finds leases that ended too early, or not in time, by true time. */
export function checkLeaseTimes(
  journal: readonly JournalEntry[],
  store: ReferenceStore,
  time: TrueTime,
): Finding[] {
  const expiries = Map.groupBy(store.expiries, ({ index }) => index);
  const lives = new Map<number, { readonly sinceMs: number; readonly ttlMs: number }>();
  const findings: Finding[] = [];
  for (const entry of journal) {
    const nowMs = time.trueMsOf(entry);
    for (const expiry of expiries.get(entry.index) ?? []) {
      findings.push(...checkEarly(expiry, { life: lives.get(expiry.lease), nowMs, time }));
      lives.delete(expiry.lease);
    }
    const { result } = entry;
    if (isRepeated(result)) continue;
    if (result.kind === "lease_granted" || result.kind === "lease_renewed") {
      lives.set(result.lease, { sinceMs: nowMs, ttlMs: result.ttlMs });
    } else if (result.kind === "lease_revoked") {
      lives.delete(result.lease);
    }
  }
  const left = [...store.leases.values()].filter(({ isPrivate }) => !isPrivate);
  for (const { id } of left) {
    const life = lives.get(id);
    if (life !== undefined) findings.push(...checkLate(id, { life, time }));
  }
  return findings;
}

interface Life {
  readonly sinceMs: number;
  readonly ttlMs: number;
}

function checkEarly(
  { lease, index }: ReferenceExpiry,
  { life, nowMs, time }: {
    readonly life: Life | undefined;
    readonly nowMs: number;
    readonly time: TrueTime;
  },
): Finding[] {
  if (life === undefined) return [];
  const livedMs = nowMs - life.sinceMs;
  if (!time.clocksAreRight || livedMs >= life.ttlMs) return [];
  return [{
    rule: HISTORY_RULES.lease,
    evidence: `Lease ${lease} of ${life.ttlMs} ms ended at ${index} of the log, ` +
      `${Math.round(livedMs)} ms after it was last renewed`,
    operations: [],
  }];
}

function checkLate(
  lease: number,
  { life, time }: { readonly life: Life; readonly time: TrueTime },
): Finding[] {
  const sinceMs = Math.max(life.sinceMs, time.calmSinceMs);
  const lateMs = time.endMs - sinceMs - life.ttlMs;
  if (!(lateMs > LEASE_LATE_MS_MAX)) return [];
  return [{
    rule: HISTORY_RULES.lease,
    evidence: `Lease ${lease} of ${life.ttlMs} ms still lives ${Math.round(lateMs)} ms after its ` +
      "time, though a quorum lived all the while",
    operations: [],
  }];
}
