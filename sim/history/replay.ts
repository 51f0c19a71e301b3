/**
 * The journal carried out again, one entry after the other, by the reference store: it must come to
 * the same answers, and whoever read at a revision must have seen what stood there.
 *
 * @module
 */

import type { CommandResult } from "@raftkv/core/kv";
import type { LogPlace } from "./causality.ts";
import { describeOperation, describeRequest, describeResult } from "./describe.ts";
import { type Finding, HISTORY_RULES } from "./finding.ts";
import type { JournalEntry } from "./journal.ts";
import { isRepeated, isSame, type KvOperation } from "./kv_operation.ts";
import { ReferenceStore } from "./reference_store.ts";

/** What a replay came to. */
export interface Replay {
  /** The store after the last entry that gave its answer again. */
  readonly store: ReferenceStore;
  /** What it came to at each place of the log, up to there. */
  readonly places: readonly LogPlace[];
  /** What differed: at most one, since what follows a difference says nothing. */
  readonly findings: readonly Finding[];
}

/** Carries the journal out until an answer differs. */
export function replay(journal: readonly JournalEntry[]): Replay {
  const store = new ReferenceStore();
  const places: LogPlace[] = [];
  let index = 0;
  for (const entry of journal) {
    if (entry.index <= index) {
      return { store, places, findings: [outOfOrder(entry, index)] };
    }
    index = entry.index;
    const expected = store.apply(entry);
    if (!isSame(expected, entry.result)) {
      const expired = store.expiries.some((expiry) => expiry.index === entry.index);
      return { store, places, findings: [differenceOf(entry, { expected, expired })] };
    }
    const { revision, compactRevision } = store;
    places.push({ entry, revision, compactRevision });
  }
  return { store, places, findings: [] };
}

/** Finds reads that did not see what stood at their revision. */
export function checkReads(history: readonly KvOperation[], store: ReferenceStore): Finding[] {
  const findings: Finding[] = [];
  for (const operation of history) {
    const { request, outcome } = operation;
    if (request.kind !== "read" || outcome.kind !== "answered") continue;
    if (outcome.answer.kind !== "read") continue;
    const { revision, records } = outcome.answer;
    const asked = request.revision ?? revision;
    const isKnown = revision <= store.revision && asked <= revision;
    const expected = isKnown ? store.range(request, asked).slice(0, request.limit) : null;
    if (expected !== null && isSame(expected, records)) continue;
    const answer = { kind: "read", revision, records: expected ?? [] } as const;
    const right = { ...operation, outcome: { kind: "answered", answer } as const };
    findings.push({
      rule: isKnown ? HISTORY_RULES.fresh : HISTORY_RULES.phantom,
      evidence: [
        `A read differs from what stood at revision ${asked}:`,
        `  answered: ${describeOperation(operation)}`,
        isKnown
          ? `  expected: ${describeOperation(right)}`
          : `  the store has only come to revision ${store.revision}`,
      ].join("\n"),
      operations: [operation.id],
    });
  }
  return findings;
}

/** What an entry should have come to. */
interface Expectation {
  readonly expected: CommandResult;
  /** Whether its time should have ended a lease first. */
  readonly expired: boolean;
}

function differenceOf(entry: JournalEntry, expectation: Expectation): Finding {
  const { expected } = expectation;
  const { index, command, result, operation } = entry;
  return {
    rule: ruleOf(entry, expectation),
    evidence: [
      `The log, carried out in its order, gives another answer at ${index}:`,
      `  request:  ${describeRequest(command)}`,
      `  answered: ${describeResult(result)}`,
      `  expected: ${describeResult(expected)}`,
    ].join("\n"),
    operations: operation === null ? [] : [operation],
  };
}

function ruleOf({ command, result }: JournalEntry, { expected, expired }: Expectation): string {
  if (isRepeated(result) !== isRepeated(expected)) return HISTORY_RULES.exactlyOnce;
  const isOfLease = expired || command.kind.startsWith("lease_") ||
    [result, expected].some((each) => each.kind === "refused" && each.reason.startsWith("lease_"));
  if (isOfLease) return HISTORY_RULES.lease;
  if (result.kind === "committed" && expected.kind === "committed") {
    if (result.revision !== expected.revision) return HISTORY_RULES.revision;
    const isLarge = command.kind === "commit" &&
      command.operations.length + (command.compares?.length ?? 0) > 1;
    if (isLarge) return HISTORY_RULES.atomic;
  }
  return HISTORY_RULES.serializable;
}

function outOfOrder({ index, operation, command }: JournalEntry, before: number): Finding {
  return {
    rule: HISTORY_RULES.serializable,
    evidence: `Two commands stand at the same place of the log, or in disorder: ${index} after ` +
      `${before}: ${describeRequest(command)}`,
    operations: operation === null ? [] : [operation],
  };
}
