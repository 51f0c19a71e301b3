/**
 * Reads of one key and of ranges, the same on the present state and on a pinned one.
 *
 * @module
 */

import { type Key, KEY_FIRST, keyAfter } from "./key.ts";
import type { KvRecord } from "./record.ts";
import type { TreeReader } from "./tree.ts";

/** What can be read of the store's state. */
export interface KvReader {
  /** The revision of the state. */
  readonly revision: number;

  /** How many keys there are. */
  readonly size: number;

  /** The record under `key`, or undefined. */
  get(key: Key): KvRecord | undefined;

  /** One page of the records in a range. */
  range(request: RangeRequest): RangePage;
}

/** Which records to read, and how many at most. */
export interface RangeRequest {
  /** The first key that may be read. */
  readonly start: Key;
  /** The first key that may not, or null for all from `start` on. */
  readonly end: Key | null;
  /** Where the page before ended: read only what comes after it. */
  readonly after?: Key;
  /** Most records in the page; at least 1. */
  readonly limit: number;
  /** The page ends with the record whose key and value bring it to this many bytes. */
  readonly bytesMax: number;
}

/** Some records, in the order of their keys. */
export interface RangePage {
  /** The page: at most `limit` of them. */
  readonly records: readonly KvRecord[];
  /** Whether the range goes on after the last of them. */
  readonly more: boolean;
}

/** Reads a page of `records`. */
export function readRange(records: TreeReader<KvRecord>, request: RangeRequest): RangePage {
  const { start, end, after, limit, bytesMax } = request;
  const page: KvRecord[] = [];
  let bytes = 0;
  let more = false;
  const resumed = after === undefined ? KEY_FIRST : keyAfter(after);
  records.scan(resumed > start ? resumed : start, (key, record) => {
    if (end !== null && key >= end) return false;
    more = page.length >= limit || bytes >= bytesMax;
    if (more) return false;
    page.push(record);
    bytes += key.length + record.value.length;
    return true;
  });
  return { records: page, more };
}
