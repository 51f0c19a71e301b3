/**
 * The bytes of a commit's comparisons and operations, as `operation.ts` lays them out.
 *
 * @module
 */

import { unreachable } from "../assert.ts";
import type { ByteReader } from "../codec/byte_reader.ts";
import type { ByteWriter } from "../codec/byte_writer.ts";
import { Tags } from "../codec/tags.ts";
import { LIMITS } from "../limits.ts";
import type { Key } from "./key.ts";
import type {
  Branches,
  Compare,
  CompareTarget,
  IncrementOperation,
  Operation,
  PutOperation,
  RangeOperation,
  Relation,
} from "./operation.ts";
import type { KeyRange } from "./range.ts";
import { readKey, readLease, readValue, readValueEncoding, VALUE_ENCODINGS } from "./record.ts";

/** Writes a condition and both branches. */
export function writeBranches(writer: ByteWriter, branches: Branches): void {
  const { compares = [], operations, otherwise = [] } = branches;
  writer.varint(compares.length);
  for (const compare of compares) writeCompare(writer, compare);
  for (const branch of [operations, otherwise]) {
    writer.varint(branch.length);
    for (const operation of branch) writeOperation(writer, operation);
  }
}

/** Reads a condition and both branches; values are views of the reader's bytes. */
export function readBranches(reader: ByteReader, depth = 1): Branches {
  if (depth > LIMITS.commitDepthMax) reader.fail("Commit is nested too deep");
  const compares: Compare[] = [];
  for (let left = reader.count(5); left > 0; left--) compares.push(readCompare(reader));
  const operations = readOperations(reader, depth);
  const otherwise = readOperations(reader, depth);
  if (compares.length === 0 && otherwise.length === 0) return { operations };
  return {
    ...(compares.length === 0 ? {} : { compares }),
    operations,
    ...(otherwise.length === 0 ? {} : { otherwise }),
  };
}

function readOperations(reader: ByteReader, depth: number): Operation[] {
  const operations: Operation[] = [];
  for (let left = reader.count(3); left > 0; left--) {
    operations.push(readOperation(reader, depth));
  }
  return operations;
}

function writeCompare(writer: ByteWriter, compare: Compare): void {
  writeRange(writer, compare);
  writer.u8(TARGETS.tagOf(compare.target));
  writer.u8(RELATIONS.tagOf(compare.relation));
  if (compare.target === "value") writer.bytes(compare.operand);
  else writer.varint(compare.operand);
}

function readCompare(reader: ByteReader): Compare {
  const range = readRange(reader);
  const target = TARGETS.nameOf(reader.u8()) ?? reader.fail("Target of a compare is unknown");
  const relation = RELATIONS.nameOf(reader.u8()) ?? reader.fail("Relation is unknown");
  return target === "value"
    ? { ...range, target, relation, operand: readValue(reader) }
    : { ...range, target, relation, operand: reader.varint() };
}

function writeOperation(writer: ByteWriter, operation: Operation): void {
  writer.u8(KINDS.tagOf(operation.kind));
  switch (operation.kind) {
    case "put":
      return writePut(writer, operation);
    case "delete":
      writer.byteString(operation.key);
      return writer.flag(operation.prevKv === true);
    case "delete_range":
      writeRange(writer, operation);
      return writer.flag(operation.prevKv === true);
    case "get":
      return writer.byteString(operation.key);
    case "range":
      writeRange(writer, operation);
      writer.varint(operation.limit);
      writer.flag(operation.descending);
      writer.flag(operation.keysOnly);
      return writer.flag(operation.countOnly);
    case "increment":
      return writeIncrement(writer, operation);
    case "commit":
      return writeBranches(writer, operation);
    default:
      return unreachable(operation);
  }
}

function readOperation(reader: ByteReader, depth: number): Operation {
  const kind = KINDS.nameOf(reader.u8()) ?? reader.fail("Operation is of an unknown kind");
  switch (kind) {
    case "put":
      return readPut(reader);
    case "delete":
      return { kind, key: readKey(reader), ...readPrevKv(reader) };
    case "delete_range":
      return { kind, ...readRange(reader), ...readPrevKv(reader) };
    case "get":
      return { kind, key: readKey(reader) };
    case "range":
      return readRangeOperation(reader);
    case "increment":
      return readIncrement(reader);
    case "commit":
      return { kind, ...readBranches(reader, depth + 1) };
    default:
      return unreachable(kind);
  }
}

function writePut(writer: ByteWriter, operation: PutOperation): void {
  const { key, encoding, value, prevKv, lease = 0, ttlMs = 0 } = operation;
  writer.byteString(key);
  writer.u8(VALUE_ENCODINGS.tagOf(encoding));
  writer.bytes(value);
  writer.flag(prevKv === true);
  writer.varint(lease);
  writer.varint(ttlMs);
}

function readPut(reader: ByteReader): PutOperation {
  const key = readKey(reader);
  const encoding = readValueEncoding(reader);
  const put = { kind: "put", key, value: readValue(reader), encoding } as const;
  const prevKv = readPrevKv(reader);
  const lease = readLease(reader);
  const ttlMs = reader.varint();
  const isPlain = prevKv.prevKv === undefined && lease.lease === undefined && ttlMs === 0;
  if (isPlain) return put;
  if (ttlMs === 0) return { ...put, ...prevKv, ...lease };
  if (lease.lease !== undefined) reader.fail("Put has a lease and a time of its own");
  if (ttlMs > LIMITS.leaseTtlMsMax) reader.fail("Time to live is too long");
  return { ...put, ...prevKv, ttlMs };
}

function readRangeOperation(reader: ByteReader): RangeOperation {
  const range = readRange(reader);
  const limit = reader.varint();
  if (limit < 1 || limit > LIMITS.listItemsMax) reader.fail("Limit of a range is out of bounds");
  return {
    kind: "range",
    ...range,
    limit,
    descending: reader.flag(),
    keysOnly: reader.flag(),
    countOnly: reader.flag(),
  };
}

function writeIncrement(writer: ByteWriter, operation: IncrementOperation): void {
  writer.byteString(operation.key);
  writer.i64(operation.delta);
  for (const bound of [operation.min, operation.max]) {
    writer.flag(bound !== undefined);
    if (bound !== undefined) writer.i64(bound);
  }
}

function readIncrement(reader: ByteReader): IncrementOperation {
  const key = readKey(reader);
  const delta = reader.i64();
  const min = reader.flag() ? { min: reader.i64() } : {};
  const max = reader.flag() ? { max: reader.i64() } : {};
  return { kind: "increment", key, delta, ...min, ...max };
}

function readPrevKv(reader: ByteReader): { readonly prevKv?: true } {
  return reader.flag() ? { prevKv: true } : NONE;
}

function writeRange(writer: ByteWriter, { start, end }: KeyRange): void {
  writer.byteString(start);
  writer.flag(end !== null);
  if (end !== null) writer.byteString(end);
}

/** The bounds may be empty, and one byte longer than any key: so is the first key behind another. */
function readRange(reader: ByteReader): KeyRange {
  const start = reader.byteString(LIMITS.keyBytesMax + 1) as Key;
  const end = reader.flag() ? reader.byteString(LIMITS.keyBytesMax + 1) as Key : null;
  return { start, end };
}

const KINDS = new Tags<Operation["kind"]>({
  put: 1,
  delete: 2,
  delete_range: 3,
  get: 4,
  range: 5,
  increment: 6,
  commit: 7,
});

const TARGETS = new Tags<CompareTarget>({
  value: 1,
  version: 2,
  create: 3,
  mod: 4,
  lease: 5,
  count: 6,
});

const RELATIONS = new Tags<Relation>({ "=": 1, "!=": 2, "<": 3, ">": 4 });

/** Nothing to add. */
const NONE = {};
