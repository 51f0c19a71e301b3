/**
 * A sum that every transaction keeps: amounts move between keys, so whoever reads all the keys at
 * once must find the total unchanged.
 *
 * @module
 */

import { keyFromBytes, type KeyRange, type KvRecord } from "@raftkv/core/kv";
import { describeOperation } from "./describe.ts";
import { type Finding, HISTORY_RULES } from "./finding.ts";
import type { KvOperation } from "./kv_operation.ts";

/** Keys whose integers always come to the same sum. */
export interface ConservedTotal extends KeyRange {
  /** That sum. */
  readonly total: bigint;
}

/** Finds reads of the whole range that come to another sum. */
export function checkTotal(
  history: readonly KvOperation[],
  { start, end, total }: ConservedTotal,
): Finding[] {
  const findings: Finding[] = [];
  for (const operation of history) {
    const { request, outcome } = operation;
    if (request.kind !== "read" || request.start !== start || request.end !== end) continue;
    if (outcome.kind !== "answered" || outcome.answer.kind !== "read") continue;
    const { records } = outcome.answer;
    if (records.length >= request.limit) continue;
    const sum = sumOf(records);
    if (sum === total) continue;
    findings.push({
      rule: HISTORY_RULES.atomic,
      evidence: `A transaction shows by half: the sum of a range is ${sum}, not ${total}: ` +
        describeOperation(operation),
      operations: [operation.id],
    });
  }
  return findings;
}

function sumOf(records: readonly KvRecord[]): bigint {
  return records.reduce((sum, { value }) => sum + BigInt(keyFromBytes(value)), 0n);
}
