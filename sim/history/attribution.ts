/**
 * Operations and the journal are two accounts of the same thing: what was acknowledged stands in the
 * journal with just that answer, what failed does not stand there, and nothing takes effect twice or
 * without having been asked for.
 *
 * @module
 */

import { describeOperation, describeRequest, describeResult } from "./describe.ts";
import { type Finding, HISTORY_RULES } from "./finding.ts";
import type { JournalEntry } from "./journal.ts";
import { appliedOf, commandOf, isRepeated, isSame, type KvOperation } from "./kv_operation.ts";

/** Compares a history with the journal of its log. */
export function checkAttribution(
  history: readonly KvOperation[],
  journal: readonly JournalEntry[],
): Finding[] {
  const byIndex = new Map(journal.map((entry) => [entry.index, entry]));
  const byOperation = Map.groupBy(journal, ({ operation }) => operation);
  const ids = new Set(history.map(({ id }) => id));
  const phantoms = journal.filter(({ operation }) => operation !== null && !ids.has(operation));
  return [
    ...phantoms.map(phantom),
    ...history.flatMap((operation) => {
      if (commandOf(operation) === null) return [];
      const entries = byOperation.get(operation.id) ?? [];
      return [
        ...checkAcknowledged(operation, byIndex),
        ...checkFailed(operation, entries),
        ...checkOnce(operation, entries),
      ];
    }),
  ];
}

function phantom({ index, command, result }: JournalEntry): Finding {
  return {
    rule: HISTORY_RULES.phantom,
    evidence: `Nobody asked for what stands at ${index} of the log: ${describeRequest(command)} ` +
      `-> ${describeResult(result)}`,
    operations: [],
  };
}

function checkAcknowledged(
  operation: KvOperation,
  byIndex: ReadonlyMap<number, JournalEntry>,
): Finding[] {
  const applied = appliedOf(operation);
  if (applied === null) return [];
  const entry = byIndex.get(applied.index);
  const other = entry?.operation ?? null;
  const isThere = other === operation.id && isSame(entry?.result, applied.result) &&
    isSame(entry?.command, operation.request);
  if (isThere) return [];
  return [{
    rule: HISTORY_RULES.acknowledged,
    evidence: [
      `The log does not hold what was acknowledged at ${applied.index}:`,
      `  acknowledged: ${describeOperation(operation)}`,
      entry === undefined
        ? "  nothing stands there"
        : `  stands there: ${describeRequest(entry.command)} -> ${describeResult(entry.result)}`,
    ].join("\n"),
    operations: [operation.id, ...other === null ? [] : [other]],
  }];
}

function checkFailed(operation: KvOperation, entries: readonly JournalEntry[]): Finding[] {
  const [entry] = entries.filter(isEffective);
  if (operation.outcome.kind !== "failed" || entry === undefined) return [];
  return [{
    rule: HISTORY_RULES.phantom,
    evidence: `A request was said to have failed, and stands at ${entry.index} of the log: ` +
      describeOperation(operation),
    operations: [operation.id],
  }];
}

/** A command with a session may stand in the log more than once; it must act once. */
function checkOnce(operation: KvOperation, entries: readonly JournalEntry[]): Finding[] {
  const effects = entries.filter(isEffective);
  if (effects.length <= 1) return [];
  return [{
    rule: HISTORY_RULES.exactlyOnce,
    evidence: [
      `A request took effect ${effects.length} times: ${describeOperation(operation)}`,
      ...effects.map(({ index, result }) => `  at ${index}: ${describeResult(result)}`),
    ].join("\n"),
    operations: [operation.id],
  }];
}

function isEffective({ result }: JournalEntry): boolean {
  return result.kind !== "refused" && !isRepeated(result);
}
