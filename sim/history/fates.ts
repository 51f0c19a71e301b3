/**
 * What became of requests whose clients never learned it, as the log tells: the search for an order
 * is short if it need not guess.
 *
 * @module
 */

import type { JournalEntry } from "./journal.ts";
import { appliedOf, commandOf, isRepeated, type KvOperation } from "./kv_operation.ts";
import { endOrderOf } from "./operation.ts";

/**
 * The history with the ends that its clients never learned. What stands in the log without having
 * been answered took effect, with the log's answer, before the end of whatever stands behind it; what
 * does not stand there never did.
 */
export function withFates(
  history: readonly KvOperation[],
  journal: readonly JournalEntry[],
): KvOperation[] {
  const effects = new Map<number, JournalEntry>();
  for (const entry of journal) {
    const isEffect = entry.operation !== null && entry.result.kind !== "refused" &&
      !isRepeated(entry.result);
    if (isEffect) effects.set(entry.operation!, entry);
  }
  const ends = endsBehind(history, journal);
  return history.flatMap((operation): KvOperation[] => {
    const isOpen = operation.outcome.kind === "unknown" && commandOf(operation) !== null;
    if (!isOpen) return [operation];
    const effect = effects.get(operation.id);
    if (effect === undefined) return [];
    const { index, result } = effect;
    const answer = { kind: "applied", index, result } as const;
    const order = ends.get(index) ?? Infinity;
    const ended = order === Infinity ? null : { order, timeMs: 0 };
    return [{ ...operation, ended, outcome: { kind: "answered", answer } }];
  });
}

/** For each place of the log, right before the first end of an operation that stands behind it. */
function endsBehind(
  history: readonly KvOperation[],
  journal: readonly JournalEntry[],
): ReadonlyMap<number, number> {
  const answered = new Map(
    history.flatMap((operation) => {
      const applied = appliedOf(operation);
      return applied === null ? [] : [[applied.index, endOrderOf(operation)] as const];
    }),
  );
  const ends = new Map<number, number>();
  let earliest = Infinity;
  for (const { index } of journal.toReversed()) {
    ends.set(index, earliest - 1 / 2);
    earliest = Math.min(earliest, answered.get(index) ?? Infinity);
  }
  return ends;
}
