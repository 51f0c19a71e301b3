/**
 * What locks promise: whoever holds one has a token, the revision at which it took the lock, and
 * tokens only grow; so a resource that refuses smaller tokens than it has seen is safe from a holder
 * who has lost the lock and does not know it.
 *
 * @module
 */

import type { Key } from "@raftkv/core/kv";
import { type Finding, HISTORY_RULES } from "./finding.ts";
import type { Moment } from "./operation.ts";

/** Somebody has come to hold a lock. */
export interface LockHolding {
  /** The lock's key. */
  readonly lock: Key;
  /** Who holds it. */
  readonly client: string;
  /** The lock's create revision. */
  readonly token: number;
  /** The operation that took it. */
  readonly operation: number;
  /** When that was made. */
  readonly invoked: Moment;
  /** When the holder learned of it. */
  readonly ended: Moment;
}

/** A write that names a token, and was let through. */
export interface FencedWrite {
  /** The lock's key. */
  readonly lock: Key;
  /** The token it named. */
  readonly token: number;
  /** The revision it took. */
  readonly revision: number;
  /** The operation. */
  readonly operation: number;
}

/** Finds tokens that do not grow, and writes let through with a token that was no longer the last. */
export function checkLocks(
  holdings: readonly LockHolding[],
  writes: readonly FencedWrite[],
): Finding[] {
  const locks = new Set([...holdings, ...writes].map(({ lock }) => lock));
  return [...locks].flatMap((lock) => [
    ...checkTokens(holdings.filter((each) => each.lock === lock)),
    ...checkFences(writes.filter((each) => each.lock === lock)),
  ]);
}

function checkTokens(holdings: readonly LockHolding[]): Finding[] {
  const findings: Finding[] = [];
  const began = holdings.toSorted((a, b) => a.invoked.order - b.invoked.order);
  const ended = holdings.toSorted((a, b) => a.ended.order - b.ended.order);
  let highest: LockHolding | null = null;
  let place = 0;
  const holders = new Map<number, LockHolding>();
  for (const holding of began) {
    for (; ended[place] !== undefined; place++) {
      const before: LockHolding = ended[place]!;
      if (before.ended.order >= holding.invoked.order) break;
      if (highest === null || before.token > highest.token) highest = before;
    }
    const same = holders.get(holding.token);
    holders.set(holding.token, holding);
    const rival: LockHolding | null = same ??
      (highest !== null && highest.token >= holding.token ? highest : null);
    if (rival !== null) findings.push(findingOf(rival, holding));
  }
  return findings;
}

function checkFences(writes: readonly FencedWrite[]): Finding[] {
  const findings: Finding[] = [];
  let highest: FencedWrite | null = null;
  for (const write of writes.toSorted((a, b) => a.revision - b.revision)) {
    if (highest !== null && write.token < highest.token) {
      findings.push({
        rule: HISTORY_RULES.fencing,
        evidence: `A write with token ${write.token} was let through at revision ` +
          `${write.revision}, after one with token ${highest.token} at ${highest.revision}`,
        operations: [highest.operation, write.operation],
      });
    }
    if (highest === null || write.token > highest.token) highest = write;
  }
  return findings;
}

function findingOf(before: LockHolding, after: LockHolding): Finding {
  return {
    rule: HISTORY_RULES.fencing,
    evidence: `${after.client} took lock ${JSON.stringify(after.lock)} with token ` +
      `${after.token}, after ${before.client} had taken it with token ${before.token}`,
    operations: [before.operation, after.operation],
  };
}
