/**
 * How the past is let go. A compaction takes effect at once, as a number that readers compare with;
 * what became unreadable is swept away a little with each entry, because a million versions at once
 * would hold up everything else. Both are part of the replicated state: what is left to sweep is the
 * same on every replica.
 *
 * @module
 */

import type { LeaderTime } from "../replica/state_machine.ts";
import { type Key, KEY_FIRST } from "./key.ts";
import type { StoredRecord } from "./stored_record.ts";
import type { KvState } from "./state.ts";

/** How much of the past a leader keeps readable. */
export interface HistoryPolicy {
  /** Longest readable age in milliseconds of replicated time. */
  readonly ageMsMax: number;
  /** Most readable revisions. */
  readonly revisionsMax: number;
  /** Most bytes of past keys and values; beyond it, the older half of the past goes. */
  readonly bytesMax: number;
}

/** One hour, a hundred thousand revisions, 256 MiB. */
export const DEFAULT_HISTORY_POLICY: HistoryPolicy = {
  ageMsMax: 3_600_000,
  revisionsMax: 100_000,
  bytesMax: 268_435_456,
};

/**
 * Swept by each entry; a revision is a step, and so is each key it changed. It is more than an entry
 * of a few operations adds, so that sweeping catches up without help.
 */
export const SWEEP_STEPS: number = 64;

/** Swept by an entry that is made for it: a few milliseconds of work. */
export const SWEEP_STEPS_OWN: number = 1_024;

/** Notes the time of the present revision, once a minute. */
export function markTime(state: KvState): void {
  const { marks, clock: { nowMs: timeMs }, revision } = state;
  const last = marks.at(-1);
  if (last !== undefined && (timeMs - last.timeMs < MARK_MS || revision === last.revision)) return;
  state.marks = [...marks, { revision, timeMs }];
}

/** Keeps what the present revision ended, and notes that it did. */
export function noteEnded(state: KvState, key: Key, record: StoredRecord | undefined): void {
  state.changes.add(state.revision, key);
  if (record === undefined) return;
  state.history.add({ record, endRevision: state.revision });
  state.historyBytes += record.contentBytes;
}

/** Makes everything before `revision` unreadable. */
export function compact(state: KvState, revision: number): void {
  state.compactRevision = revision;
  state.marks = state.marks.filter((mark) => mark.revision > revision);
}

/** Forgets unreadable versions, in at most `stepsMax` steps. */
export function sweep(state: KvState, stepsMax: number): void {
  const { changes, history } = state;
  let left = stepsMax;
  while (left > 0 && state.sweptRevision < state.compactRevision) {
    const revision = state.sweptRevision + 1;
    left--;
    const keys = changes.keysAt(revision);
    for (let at = placeBehind(keys, state.sweptKey); at < keys.length; at++, left--) {
      // A revision may have changed thousands of keys: the next entry goes on behind this one.
      if (left <= 0) return;
      const key = keys[at]!;
      // What this revision ended can only be read before it.
      const dropped = history.drop(key, revision);
      if (dropped !== undefined) state.historyBytes -= dropped.contentBytes;
      state.sweptKey = key;
    }
    changes.forget(revision);
    state.sweptRevision = revision;
    state.sweptKey = KEY_FIRST;
  }
}

/** Where in a sorted list the first key after `key` stands. */
function placeBehind(keys: readonly Key[], key: Key): number {
  if (key === KEY_FIRST) return 0;
  const at = keys.findIndex((each) => each > key);
  return at < 0 ? keys.length : at;
}

/** The revision to which a leader should compact now, or null. */
export function compactionDue(
  state: KvState,
  now: { readonly policy: HistoryPolicy; readonly time: LeaderTime },
): number | null {
  const { policy, time } = now;
  const { revision, compactRevision, marks, clock } = state;
  const kept = revision - compactRevision;
  // A tenth more than the limit, so that it is not one compaction for each write.
  const byCount = kept > policy.revisionsMax * 1.1 ? revision - policy.revisionsMax : 0;
  const oldMs = clock.at(time) - policy.ageMsMax;
  const byAge = marks.findLast((mark) => mark.timeMs <= oldMs)?.revision ?? 0;
  const isLarge = state.historyBytes > policy.bytesMax && state.sweptRevision === compactRevision;
  const bySize = isLarge ? revision - Math.floor(kept / 2) : 0;
  const target = Math.max(byCount, byAge, bySize);
  return target > compactRevision ? target : null;
}

const MARK_MS = 60_000;
