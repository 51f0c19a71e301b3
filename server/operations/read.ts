/**
 * What can be read of keys: at present or as of a past revision, one key or a range of them.
 *
 * @module
 */

import { LIMITS } from "@raftkv/core";
import { CompactedFailure, KvFailure } from "@raftkv/core/api";
import type { Key, KvReader, KvRecord, RangeRequest } from "@raftkv/core/kv";
import { getAnswer, listAnswer } from "../answers.ts";
import type { Freshness } from "../kv_port.ts";
import type { Consistency } from "../served.ts";
import { countAt } from "../ndjson.ts";
import { decodePageCursor, encodePageCursor } from "../page_cursor.ts";
import { begun } from "../sliced_text.ts";
import type { Answer, ReadAsk } from "./ask.ts";
import {
  CALL,
  type CallFields,
  callOf,
  choice,
  consistency,
  flag,
  integer,
  key,
  maxStaleness,
  minRevision,
  revision,
  text,
} from "./fields.ts";
import { RANGE, type RangeFields, rangeOf } from "./keys.ts";
import { operation } from "./operation.ts";

/** What a read says of how fresh it must be, and how long it may take. */
export interface ReadFields extends CallFields {
  readonly consistency?: Consistency | undefined;
  readonly maxStaleness?: number | undefined;
  readonly minRevision?: number | undefined;
}

/** The fields that every read has. */
export const READ = { consistency, maxStaleness, minRevision, ...CALL };

/** How a read may fail for what it demands. */
export const READ_FAILURES = ["too_stale", "revision_not_reached"] as const;

/**
 * A read that makes its result of the store.
 *
 * @throws {KvFailure} `invalid_argument`
 */
export function readAsk<Result>(
  fields: ReadFields,
  answer: ReadAsk<Result>["answer"],
): ReadAsk<Result> {
  return { kind: "read", freshness: freshnessOf(fields), ...callOf(fields), answer };
}

function freshnessOf(fields: ReadFields): Freshness {
  const { consistency = "linearizable", maxStaleness: maxStalenessMs, minRevision } = fields;
  if (maxStalenessMs !== undefined && consistency !== "stale") {
    throw new KvFailure("invalid_argument", "Only a stale read has a maxStaleness.");
  }
  return {
    consistency,
    ...(maxStalenessMs === undefined ? {} : { maxStalenessMs }),
    ...(minRevision === undefined ? {} : { minRevision }),
  };
}

/** Which key to read, and as of which revision. */
export interface GetRequest extends ReadFields {
  readonly key: Key;
  readonly revision?: number | undefined;
}

/** A key that was found. */
export interface Found {
  readonly record: KvRecord;
  /** As of which revision. */
  readonly revision: number;
}

/** Reads a key. */
export const get = operation({
  name: "get",
  summary: "Reads a key.",
  path: { key },
  query: { revision, ...READ },
  failures: ["invalid_key", "key_not_found", "compacted", "future_revision", ...READ_FAILURES],
  ask: (request) => readAsk(request, (reader) => foundAnswer(findIn(reader, request))),
});

/** Finds a key, for doors that show it in another way than as JSON. */
export function findAsk(request: GetRequest): ReadAsk<Found> {
  return readAsk(request, (reader) => findIn(reader, request));
}

/** A key that was found, as an answer. */
export function foundAnswer({ record, revision }: Found): Answer {
  const { modRevision } = record;
  return { json: getAnswer(record, revision), revision, modRevision };
}

function findIn(reader: KvReader, request: GetRequest): Found {
  const revision = readableRevision(reader, request.revision);
  const record = reader.get(request.key, revision);
  if (record === undefined) throw new KvFailure("key_not_found");
  return { record, revision };
}

const LISTED = {
  ...RANGE,
  revision,
  order: choice(["asc", "desc"]).optional().meta({ description: "By the bytes of the keys." }),
  keysOnly: flag.optional().meta({ description: "Whether to leave the values away." }),
  countOnly: flag.optional().meta({ description: "Whether to say only how many there are." }),
  cursor: text.optional().meta({
    description: "The `cursor` of the page before, for the same range.",
  }),
  ...READ,
};

/** What to list. */
export interface ListRequest extends ReadFields, RangeFields {
  readonly revision?: number | undefined;
  readonly order?: "asc" | "desc" | undefined;
  readonly limit?: number | undefined;
  readonly keysOnly?: boolean | undefined;
  readonly countOnly?: boolean | undefined;
  readonly cursor?: string | undefined;
}

const limit = integer(1, LIMITS.listItemsMax).optional().meta({
  description: "Most items in the page, from 1 to 1,000; 100 if not given.",
});

/** Reads a page of a range. */
export const range = operation({
  name: "range",
  summary: "Reads a page of a range; all pages are of one revision.",
  query: { ...LISTED, limit },
  failures: ["invalid_cursor", "compacted", "future_revision", ...READ_FAILURES],
  ask: (request) => {
    const listed = listedBy(request, LIMITS.listItemsDefault);
    return readAsk(request, (reader) => pageIn(reader, listed));
  },
});

/** The same without a bound to how many, for doors that can send them as they are made. */
export const wholeRange = operation({
  name: "range",
  summary: "Reads a range of any size.",
  query: { ...LISTED, limit: integer(1).optional() },
  ask: (request) => range.ask(request),
});

/** A range as of a revision, to be read at leisure. */
export interface RangeView {
  /** It stays as it is. */
  readonly view: KvReader;
  /** What to read of it. */
  readonly range: RangeRequest & { readonly revision: number };
}

/** Looks at a range of any size. */
export function viewAsk(request: ListRequest): ReadAsk<RangeView> {
  const { asked, range } = listedBy(request, Number.MAX_SAFE_INTEGER);
  return readAsk(request, (reader) => {
    const revision = readableRevision(reader, asked);
    return { view: reader.view(), range: { ...range, revision } };
  });
}

type Listed = RangeRequest & { readonly descending: boolean; readonly keysOnly: boolean };

/** What to list, but for the revision that only the store knows. */
interface ListedRange {
  readonly asked: number | undefined;
  readonly range: Listed;
  readonly countOnly: boolean;
}

function listedBy(request: ListRequest, limitDefault: number): ListedRange {
  const { start, end } = rangeOf(request);
  const { revision, cursor, limit = limitDefault } = request;
  const descending = request.order === "desc";
  const position = cursor === undefined
    ? null
    : decodePageCursor(cursor, { start, end, descending });
  if (position !== null && revision !== undefined && position.revision !== revision) {
    throw new KvFailure("invalid_cursor", "The cursor is of another revision.");
  }
  const range: Listed = {
    start,
    end,
    descending,
    keysOnly: request.keysOnly === true,
    limit,
    bytesMax: LIMITS.listBytesMax,
    ...(position === null ? {} : { after: position.last }),
  };
  return {
    asked: position?.revision ?? revision,
    range,
    countOnly: request.countOnly === true,
  };
}

function pageIn(reader: KvReader, { asked, range, countOnly }: ListedRange) {
  const revision = readableRevision(reader, asked);
  const request = { ...range, revision };
  if (countOnly) return countIn(reader, request);
  const { records, next } = reader.range(request);
  const cursor = next === null ? null : encodePageCursor({ ...request, last: next });
  const json = begun(listAnswer(records, { cursor, revision, keysOnly: range.keysOnly }));
  return { json, revision };
}

async function countIn(
  reader: KvReader,
  range: RangeRequest & { readonly revision: number },
): Promise<Answer> {
  const { revision } = range;
  const count = revision === reader.revision
    ? reader.count(range)
    : await countAt({ view: reader.view(), range });
  return { json: `{"count":${count},"revision":${revision}}`, revision };
}

/**
 * The revision to read: the one asked for, or the present one.
 *
 * @throws {KvFailure} `compacted` or `future_revision`
 */
function readableRevision(reader: KvReader, asked: number | undefined): number {
  const { revision, compactRevision } = reader;
  if (asked === undefined) return revision;
  if (asked > revision) {
    throw new KvFailure("future_revision", `The store is at revision ${revision}.`);
  }
  if (asked < compactRevision) throw new CompactedFailure(compactRevision);
  return asked;
}
