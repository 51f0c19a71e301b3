/**
 * What became of the operations of one commit.
 *
 * ```text
 * results  count varint, then for each: kind u8
 *   1 put            createRevision varint, version varint, lease varint or 0, prevKv
 *   2 delete         deleted varint, prevKvs flag, [records]
 *   3 get            flag, [record]
 *   4 range          count varint, more flag, keysOnly flag, records
 *   5 increment      value 8 bytes, createRevision varint, version varint
 *   6 commit         succeeded flag, results
 * prevKv   u8: 0 not asked for, 1 nothing was there, 2 record
 * records  count varint, then as in snapshots
 * ```
 *
 * @module
 */

import { unreachable } from "../assert.ts";
import type { ByteReader } from "../codec/byte_reader.ts";
import type { ByteWriter } from "../codec/byte_writer.ts";
import { Tags } from "../codec/tags.ts";
import { LIMITS } from "../limits.ts";
import type { Operation } from "./operation.ts";
import { type KvRecord, readLease, readRecord, writeRecord } from "./record.ts";

/** What became of one operation. */
export type OperationResult =
  | PutResult
  | DeleteResult
  | GetResult
  | RangeResult
  | IncrementResult
  | NestedResult;

/** Where a written key stands. */
export interface Written {
  /** The revision at which the key last came into being. */
  readonly createRevision: number;
  /** The commit's revision. */
  readonly modRevision: number;
  /** How many times the key was written since it came into being. */
  readonly version: number;
}

/** A value was written. */
export interface PutResult extends Written {
  /** Tells it from other operations' answers. */
  readonly kind: "put";
  /** What was there before, or null; only if asked for. */
  readonly prevKv?: KvRecord | null;
  /** The lease that the key now ends with; only if it has one. */
  readonly lease?: number;
}

/** Keys were taken out, if they were there. */
export interface DeleteResult {
  /** Tells it from other operations' answers. */
  readonly kind: "delete";
  /** How many keys were removed. */
  readonly deleted: number;
  /** What they held, in the order of the keys; only if asked for. */
  readonly prevKvs?: readonly KvRecord[];
}

/** A key was read. */
export interface GetResult {
  /** Tells it from other operations' answers. */
  readonly kind: "get";
  /** What was there, or null. */
  readonly record: KvRecord | null;
}

/** A range was read. */
export interface RangeResult {
  /** Tells it from other operations' answers. */
  readonly kind: "range";
  /** The records up to the limit; none if only their number was asked for. */
  readonly records: readonly KvRecord[];
  /** How many the range has, whatever the limit. */
  readonly count: number;
  /** Whether the range goes on after the last of the records. */
  readonly more: boolean;
  /** Whether the values of the records were left empty. */
  readonly keysOnly: boolean;
}

/** An integer was added to. */
export interface IncrementResult extends Written {
  /** Tells it from other operations' answers. */
  readonly kind: "increment";
  /** What it came to. */
  readonly value: bigint;
}

/** A commit within the commit was carried out. */
export interface NestedResult {
  /** Tells it from other operations' answers. */
  readonly kind: "commit";
  /** Whether its comparisons held. */
  readonly succeeded: boolean;
  /** One for each operation of the branch that was taken. */
  readonly results: readonly OperationResult[];
}

/** Writes results, all of one revision. */
export function writeResults(writer: ByteWriter, results: readonly OperationResult[]): void {
  writer.varint(results.length);
  for (const result of results) {
    writer.u8(KINDS.tagOf(result.kind));
    writeResult(writer, result);
  }
}

/** Reads results of a commit that took `revision`. */
export function readResults(
  reader: ByteReader,
  of: { readonly revision: number; readonly depth?: number },
): OperationResult[] {
  const { revision, depth = 1 } = of;
  if (depth > LIMITS.commitDepthMax) reader.fail("Answers are nested too deep");
  const results: OperationResult[] = [];
  for (let left = reader.count(2); left > 0; left--) {
    results.push(readResult(reader, { revision, depth }));
  }
  return results;
}

/** How many bytes of keys and values the results hold. */
export function resultsSizeBytes(results: readonly OperationResult[]): number {
  let size = 0;
  for (const result of results) {
    for (const { key, value } of recordsIn(result)) size += key.length + value.length;
    if (result.kind === "commit") size += resultsSizeBytes(result.results);
  }
  return size;
}

function recordsIn(result: OperationResult): readonly KvRecord[] {
  switch (result.kind) {
    case "put":
      return result.prevKv ? [result.prevKv] : [];
    case "delete":
      return result.prevKvs ?? [];
    case "get":
      return result.record === null ? [] : [result.record];
    case "range":
      return result.records;
    case "increment":
    case "commit":
      return [];
  }
}

function writeResult(writer: ByteWriter, result: OperationResult): void {
  switch (result.kind) {
    case "put":
      writer.varint(result.createRevision);
      writer.varint(result.version);
      writer.varint(result.lease ?? 0);
      writer.u8(result.prevKv === undefined ? 0 : result.prevKv === null ? 1 : 2);
      if (result.prevKv) writeRecord(writer, result.prevKv);
      return;
    case "delete":
      writer.varint(result.deleted);
      writer.flag(result.prevKvs !== undefined);
      if (result.prevKvs !== undefined) writeRecords(writer, result.prevKvs);
      return;
    case "get":
      writer.flag(result.record !== null);
      if (result.record !== null) writeRecord(writer, result.record);
      return;
    case "range":
      writer.varint(result.count);
      writer.flag(result.more);
      writer.flag(result.keysOnly);
      return writeRecords(writer, result.records);
    case "increment":
      writer.i64(result.value);
      writer.varint(result.createRevision);
      return writer.varint(result.version);
    case "commit":
      writer.flag(result.succeeded);
      return writeResults(writer, result.results);
    default:
      return unreachable(result);
  }
}

function readResult(
  reader: ByteReader,
  { revision, depth }: { readonly revision: number; readonly depth: number },
): OperationResult {
  const kind = KINDS.nameOf(reader.u8()) ?? reader.fail("Operation's answer is of an unknown kind");
  switch (kind) {
    case "put": {
      const createRevision = reader.varint();
      const version = reader.varint();
      const written = { createRevision, modRevision: revision, version };
      return { kind, ...written, ...readLease(reader), ...readPrevKv(reader) };
    }
    case "delete": {
      const deleted = reader.varint();
      return { kind, deleted, ...(reader.flag() ? { prevKvs: readRecords(reader) } : {}) };
    }
    case "get":
      return { kind, record: reader.flag() ? readOwnRecord(reader) : null };
    case "range": {
      const count = reader.varint();
      const more = reader.flag();
      const keysOnly = reader.flag();
      return { kind, records: readRecords(reader), count, more, keysOnly };
    }
    case "increment": {
      const value = reader.i64();
      const createRevision = reader.varint();
      return { kind, value, createRevision, modRevision: revision, version: reader.varint() };
    }
    case "commit": {
      const succeeded = reader.flag();
      return { kind, succeeded, results: readResults(reader, { revision, depth: depth + 1 }) };
    }
    default:
      return unreachable(kind);
  }
}

function readPrevKv(reader: ByteReader): { readonly prevKv?: KvRecord | null } {
  switch (reader.u8()) {
    case 0:
      return {};
    case 1:
      return { prevKv: null };
    case 2:
      return { prevKv: readOwnRecord(reader) };
    default:
      return reader.fail("Mark of a previous record is unknown");
  }
}

function writeRecords(writer: ByteWriter, records: readonly KvRecord[]): void {
  writer.varint(records.length);
  for (const record of records) writeRecord(writer, record);
}

function readRecords(reader: ByteReader): KvRecord[] {
  const records: KvRecord[] = [];
  for (let left = reader.count(7); left > 0; left--) records.push(readOwnRecord(reader));
  return records;
}

/** With a value of its own: answers are kept for longer than the bytes that they came in. */
function readOwnRecord(reader: ByteReader): KvRecord {
  const record = readRecord(reader);
  return { ...record, value: record.value.slice() };
}

const KINDS = new Tags<Exclude<Operation["kind"], "delete_range">>({
  put: 1,
  delete: 2,
  get: 3,
  range: 4,
  increment: 5,
  commit: 6,
});
