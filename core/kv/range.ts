/**
 * Reads of one key and of ranges, at the present revision or a past one, the same on the present
 * state and on a pinned one.
 *
 * @module
 */

import { invariant } from "../assert.ts";
import type { HistoryReader } from "./history.ts";
import { type Key, KEY_FIRST, keyAfter } from "./key.ts";
import type { LeaseReader } from "./lease.ts";
import type { KvRecord } from "./record.ts";
import type { StoredRecord } from "./stored_record.ts";
import type { TreeReader } from "./tree.ts";

/** What can be read of the store's state. */
export interface KvReader {
  /** The revision of the state. */
  readonly revision: number;

  /** The first revision that can be read, unless it is 0: then every one can. */
  readonly compactRevision: number;

  /** How many keys there are. */
  readonly size: number;

  /**
   * The record under `key`, or undefined.
   *
   * @param revision As of which readable revision; the present one if not given.
   */
  get(key: Key, revision?: number): KvRecord | undefined;

  /** One page of the records in a range. */
  range(request: RangeRequest): RangePage;

  /** How many keys a range has now. Takes a time that hardly grows with their number. */
  count(range: KeyRange): number;

  /** A lease, what is left of it and the keys that end with it; null if there is none. */
  lease(id: number): LeaseTime | null;

  /** Ids of leases greater than `after`, in order, at most `limit` of them. */
  leaseIds(after: number, limit: number): readonly number[];

  /** The state as it is now, whatever is applied later. Takes constant time. */
  view(): KvReader;
}

/** A lease at some moment of replicated time. */
export interface LeaseTime {
  /** Its id. */
  readonly id: number;
  /** How long it lives from its grant or last renewal, in milliseconds. */
  readonly ttlMs: number;
  /** How much of that is left, in milliseconds. */
  readonly leftMs: number;
  /** The keys that end with it, in order. */
  readonly keys: readonly Key[];
}

/** The keys from one to before another. */
export interface KeyRange {
  /** The first key of the range. */
  readonly start: Key;
  /** The first key behind it, or null for all from `start` on. */
  readonly end: Key | null;
}

/** Which records to read, and how many at most. */
export interface RangeRequest extends KeyRange {
  /** As of which readable revision; the present one if not given. */
  readonly revision?: number;
  /** Whether to begin with the last key. */
  readonly descending?: boolean;
  /** Whether to leave the values empty. */
  readonly keysOnly?: boolean;
  /** Where the page before ended: read only what comes after it, in the page's direction. */
  readonly after?: Key;
  /** Most records in the page; at least 1. */
  readonly limit: number;
  /** The page ends with the record whose key and value bring it to this many bytes. */
  readonly bytesMax: number;
}

/** Some records, in the order of their keys or in the opposite one. */
export interface RangePage {
  /** The page: at most `limit` of them, perhaps none though more follow. */
  readonly records: readonly KvRecord[];
  /** What to pass as `after` for the next page; null if this is the last. */
  readonly next: Key | null;
}

/** What reads need of a state. */
export interface ReadSource {
  readonly revision: number;
  readonly compactRevision: number;
  readonly records: TreeReader<StoredRecord>;
  readonly history: HistoryReader;
  readonly leases: LeaseReader;
  readonly clock: { readonly nowMs: number };
}

/** A state that does not change any more. */
export function readerOf(source: ReadSource): KvReader {
  const { revision, compactRevision, records } = source;
  const reader: KvReader = {
    revision,
    compactRevision,
    size: records.size,
    get: (key, at) => readKeyAt(source, key, { revision: at ?? revision }),
    range: (request) => readRange(source, request),
    count: ({ start, end }) => records.count(start, end),
    lease: (id) => readLeaseTime(source, id),
    leaseIds: (after, limit) => source.leases.ids(after, limit),
    view: () => reader,
  };
  return reader;
}

/** Reads the record of `key` as of a readable revision. */
export function readKeyAt(
  source: ReadSource,
  key: Key,
  { revision }: { readonly revision: number },
): KvRecord | undefined {
  requireReadable(source, revision);
  const live = source.records.get(key);
  const stored = revision === source.revision ? live : storedAt(source, { key, live, revision });
  return stored?.toRecord();
}

/** What is left of a lease by the clock of the state. */
export function readLeaseTime({ leases, clock }: ReadSource, id: number): LeaseTime | null {
  const lease = leases.get(id);
  if (lease === undefined) return null;
  const leftMs = Math.max(0, lease.expiresMs - clock.nowMs);
  return { id, ttlMs: lease.ttlMs, leftMs, keys: leases.keysOf(id) };
}

/** Reads a page. */
export function readRange(source: ReadSource, request: RangeRequest): RangePage {
  const { revision = source.revision, limit, bytesMax, keysOnly = false } = request;
  requireReadable(source, revision);
  const records: KvRecord[] = [];
  let bytes = 0;
  let visits = 0;
  let last: Key | null = null;
  let next: Key | null = null;
  const visit = (key: Key, stored: StoredRecord | undefined): boolean => {
    const isFull = records.length >= limit || bytes >= bytesMax || visits >= VISITS_MAX;
    if (isFull) {
      next = last;
      return false;
    }
    visits++;
    last = key;
    if (stored === undefined) return true;
    bytes += keysOnly ? key.length : stored.contentBytes;
    records.push(stored.toRecord({ keysOnly }));
    return true;
  };
  const isPresent = revision === source.revision;
  if (isPresent && request.descending !== true) walkPresent(source, request, visit);
  else walk(source, { ...request, revision }, visit);
  return { records, next };
}

/**
 * Takes a key of the range and what stood under it, undefined if nothing did at that revision;
 * returns whether to go on.
 */
type VisitKey = (key: Key, stored: StoredRecord | undefined) => boolean;

function walkPresent(
  { records }: ReadSource,
  { start, end, after }: RangeRequest,
  visit: VisitKey,
): void {
  const resumed = after === undefined ? KEY_FIRST : keyAfter(after);
  records.scan(resumed > start ? resumed : start, (key, stored) => {
    if (end !== null && key >= end) return false;
    return visit(key, stored);
  });
}

/** Shows every key that is present or has a past, in either direction. */
function walk(
  source: ReadSource,
  request: RangeRequest & { readonly revision: number },
  visit: VisitKey,
): void {
  const { start, end, after, revision, descending = false } = request;
  const isPresent = revision === source.revision;
  const resumed = after === undefined ? null : descending ? after : keyAfter(after);
  let from: Key | null = descending
    ? resumed === null || (end !== null && end < resumed) ? end : resumed
    : resumed === null || resumed < start
    ? start
    : resumed;
  while (true) {
    const { records, history } = source;
    const [live, past] = descending
      ? [records.lower(from), isPresent ? undefined : history.lowerKey(from)]
      : [records.ceiling(from ?? KEY_FIRST), history.ceilingKey(from ?? KEY_FIRST)];
    const key = nearer({ live: live?.[0], past, descending });
    if (key === undefined) return;
    if (descending ? key < start : end !== null && key >= end) return;
    const stored = live?.[0] === key ? live[1] : undefined;
    if (!visit(key, storedAt(source, { key, live: stored, revision }))) return;
    from = descending ? key : keyAfter(key);
  }
}

function nearer(keys: {
  readonly live: Key | undefined;
  readonly past: Key | undefined;
  readonly descending: boolean;
}): Key | undefined {
  const { live, past, descending } = keys;
  if (live === undefined || past === undefined) return live ?? past;
  return (live < past) === descending ? past : live;
}

/** The version of a key that was in force at a readable revision. */
export function storedAt(
  { history }: ReadSource,
  of: { readonly key: Key; readonly live: StoredRecord | undefined; readonly revision: number },
): StoredRecord | undefined {
  const { key, live, revision } = of;
  if (live !== undefined && live.modRevision <= revision) return live;
  return history.at(key, revision);
}

function requireReadable({ revision, compactRevision }: ReadSource, asked: number): void {
  invariant(
    asked >= compactRevision && asked <= revision,
    "a revision that is read is kept",
    () => ({ asked, revision, compactRevision }),
  );
}

/** Keys looked at for one page: among those of the past, many may have nothing to show. */
const VISITS_MAX = 1_024;
