/**
 * What each revision changed, read from the past that is kept: whoever follows the store needs no
 * memory of his own but the revision he has come to.
 *
 * @module
 */

import { invariant } from "../assert.ts";
import { LIMITS } from "../limits.ts";
import type { ChangeLog } from "./change_log.ts";
import type { Key } from "./key.ts";
import type { ReadSource } from "./range.ts";
import type { KvRecord } from "./record.ts";

/** One change of one key. */
export type KvEvent = PutEvent | DeleteEvent;

/** A key was given a value. */
export interface PutEvent {
  /** Tells it from other events. */
  readonly kind: "put";
  /** What stands there since. */
  readonly record: KvRecord;
  /** What stood there before, or null. */
  readonly before: KvRecord | null;
  /** Whether the value of what stood there before is left away. */
  readonly isBeforeCut?: true;
}

/** A key was taken out, or ended with its lease. */
export interface DeleteEvent {
  /** Tells it from other events. */
  readonly kind: "delete";
  /** Which key. */
  readonly key: Key;
  /** What stood there before. */
  readonly before: KvRecord;
  /** Whether the value of what stood there before is left away. */
  readonly isBeforeCut?: true;
}

/** What events are read from. */
export interface EventSource extends ReadSource {
  readonly changes: ChangeLog;
}

/**
 * What `revision` changed, in the order of the keys; each event is read when it is asked for. The
 * store may go on meanwhile, as long as it keeps the revision. One deletion of a range may end
 * gigabytes: of what stood there before, only the first MiB is read.
 *
 * @param isWanted Says of a key whether to read it at all.
 * @throws {InvariantViolation} if the revision is compacted or still to come
 */
export function* eventsAt(
  source: EventSource,
  revision: number,
  { isWanted }: { readonly isWanted: (key: Key) => boolean },
): Generator<KvEvent, undefined> {
  const left = { beforeBytes: LIMITS.listBytesMax };
  checkKept(source, revision);
  for (const key of source.changes.keysAt(revision).filter(isWanted)) {
    checkKept(source, revision);
    yield eventOf(source, key, { revision, left });
  }
}

function checkKept(source: EventSource, revision: number): void {
  invariant(
    revision > source.compactRevision && revision <= source.revision,
    "the events of a revision that is kept are read",
    () => ({ revision, compactRevision: source.compactRevision }),
  );
}

function eventOf(
  { records, history }: EventSource,
  key: Key,
  { revision, left }: { readonly revision: number; readonly left: { beforeBytes: number } },
): KvEvent {
  const live = records.get(key);
  const isLive = live !== undefined && live.modRevision <= revision;
  const last = isLive ? undefined : history.last(key, revision);
  const put = isLive ? live : last?.record.modRevision === revision ? last.record : undefined;
  // The revision changed the key, so whatever stood there just before ended with it.
  const ended = put === undefined ? last?.record : history.at(key, revision - 1);
  const isCut = left.beforeBytes <= 0;
  left.beforeBytes -= ended?.contentBytes ?? 0;
  const before = ended === undefined ? null : ended.toRecord({ keysOnly: isCut });
  const cut = isCut && before !== null ? { isBeforeCut: true } as const : {};
  if (put !== undefined) return { kind: "put", record: put.toRecord(), before, ...cut };
  invariant(before !== null, "what is deleted was there");
  return { kind: "delete", key, before, ...cut };
}
