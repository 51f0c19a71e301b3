/**
 * The order of the log and of revisions keeps to real time: what ended before something else began
 * stands before it, whichever keys the two concern. Takes one walk over the moments.
 *
 * @module
 */

import { describeOperation } from "./describe.ts";
import { type Finding, HISTORY_RULES } from "./finding.ts";
import { type KvOperation, revisionOf } from "./kv_operation.ts";
import type { Moment } from "./operation.ts";

/** A revision that somebody has seen, by other means than an operation. */
export interface Sighting {
  /** When. */
  readonly at: Moment;
  /** Which revision. */
  readonly revision: number;
}

interface Floor {
  readonly value: number;
  /** Who set it; null if it was a sighting. */
  readonly by: KvOperation | null;
}

/** Finds the operations that stand before what had ended when they began. */
export function checkRealTime(
  history: readonly KvOperation[],
  sightings: readonly Sighting[] = [],
): Finding[] {
  const findings: Finding[] = [];
  let index: Floor = { value: 0, by: null };
  let revision: Floor = { value: 0, by: null };
  const floors = new Map<number, { readonly index: Floor; readonly revision: Floor }>();
  for (const { operation, sighting, isEnd } of momentsOf(history, sightings)) {
    if (operation === null) {
      if (sighting > revision.value) revision = { value: sighting, by: null };
    } else if (!isEnd) {
      floors.set(operation.id, { index, revision });
    } else if (operation.outcome.kind === "answered") {
      const floor = floors.get(operation.id)!;
      findings.push(
        ...checkIndex(operation, floor.index),
        ...checkRevision(operation, floor.revision),
      );
      const { answer } = operation.outcome;
      if (answer.kind === "applied" && answer.index > index.value) {
        index = { value: answer.index, by: operation };
      }
      const seen = revisionOf(answer) ?? 0;
      if (seen > revision.value) revision = { value: seen, by: operation };
    }
  }
  return findings;
}

function checkIndex(operation: KvOperation, floor: Floor): Finding[] {
  const { outcome } = operation;
  if (outcome.kind !== "answered" || outcome.answer.kind !== "applied") return [];
  if (outcome.answer.index > floor.value) return [];
  return [findingOf(HISTORY_RULES.serializable, operation, {
    floor,
    what: `stands at ${outcome.answer.index} in the log, not behind ${floor.value}`,
  })];
}

function checkRevision(operation: KvOperation, floor: Floor): Finding[] {
  const { outcome, request } = operation;
  if (outcome.kind !== "answered") return [];
  const { answer } = outcome;
  const revision = revisionOf(answer);
  if (revision === null) return [];
  if (answer.kind === "read") {
    const isFree = request.kind === "read" && !request.isLinearizable;
    if (isFree || revision >= floor.value) return [];
    const what = `reads at revision ${revision}, though ${floor.value} had been seen before`;
    const rule = answer.proof === "lease" ? HISTORY_RULES.freshByLease : HISTORY_RULES.fresh;
    return [findingOf(rule, operation, { floor, what })];
  }
  const isNew = answer.result.kind === "committed";
  if (isNew ? revision > floor.value : revision >= floor.value) return [];
  const what = `took revision ${revision}, though ${floor.value} had been seen before`;
  return [findingOf(HISTORY_RULES.serializable, operation, { floor, what })];
}

function findingOf(
  rule: string,
  operation: KvOperation,
  { floor, what }: { readonly floor: Floor; readonly what: string },
): Finding {
  const by = floor.by === null ? [] : [floor.by];
  return {
    rule,
    evidence: [
      `An operation ${what}:`,
      ...by.map((each) => `  ended before: ${describeOperation(each)}`),
      `  began after:  ${describeOperation(operation)}`,
    ].join("\n"),
    operations: [...by.map(({ id }) => id), operation.id],
  };
}

interface HistoryMoment {
  readonly order: number;
  readonly operation: KvOperation | null;
  readonly sighting: number;
  readonly isEnd: boolean;
}

function momentsOf(
  history: readonly KvOperation[],
  sightings: readonly Sighting[],
): HistoryMoment[] {
  const moments: HistoryMoment[] = sightings.map(({ at, revision }) => {
    return { order: at.order, operation: null, sighting: revision, isEnd: false };
  });
  for (const operation of history) {
    const { invoked, ended } = operation;
    moments.push({ order: invoked.order, operation, sighting: 0, isEnd: false });
    if (ended !== null) moments.push({ order: ended.order, operation, sighting: 0, isEnd: true });
  }
  return moments.sort((a, b) => a.order - b.order);
}
