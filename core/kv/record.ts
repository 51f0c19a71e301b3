/**
 * What the store keeps under a key.
 *
 * @module
 */

import type { ByteReader } from "../codec/byte_reader.ts";
import type { ByteWriter } from "../codec/byte_writer.ts";
import { Tags } from "../codec/tags.ts";
import { LIMITS } from "../limits.ts";
import type { Key } from "./key.ts";

/** What the writer said its bytes are: UTF-8 text, JSON in UTF-8, or just bytes. */
export type ValueEncoding = "text" | "json" | "bytes";

/** What is known of a version of a key beside its value. Never changed once made. */
export interface KvHistory {
  /** Where it is kept. */
  readonly key: Key;
  /** What the value's bytes are. */
  readonly encoding: ValueEncoding;
  /** The revision at which the key last came into being. */
  readonly createRevision: number;
  /** The revision of its last change. */
  readonly modRevision: number;
  /** How many times it was written since it came into being; 1 when new. */
  readonly version: number;
  /** The lease with which the key ends; only if it has one. */
  readonly lease?: number;
}

/** A key with its value and history. */
export interface KvRecord extends KvHistory {
  /** The value; not to be changed. */
  readonly value: Uint8Array;
}

/** The bytes that stand for encodings, in commands and snapshots. */
export const VALUE_ENCODINGS: Tags<ValueEncoding> = new Tags({ text: 1, json: 2, bytes: 3 });

/** Reads an encoding. */
export function readValueEncoding(reader: ByteReader): ValueEncoding {
  return VALUE_ENCODINGS.nameOf(reader.u8()) ?? reader.fail("Encoding of the value is unknown");
}

/** Reads a key of 1 to 2,048 bytes. */
export function readKey(reader: ByteReader): Key {
  const key = reader.byteString(LIMITS.keyBytesMax);
  if (key === "") reader.fail("Key is empty");
  return key as Key;
}

/** Reads a value of at most 1 MiB, as a view of the reader's bytes. */
export function readValue(reader: ByteReader): Uint8Array {
  const value = reader.bytes();
  if (value.length > LIMITS.valueBytesMax) reader.fail("Value is too large");
  return value;
}

/** Reads the id of a lease, or 0 for none. */
export function readLease(reader: ByteReader): { readonly lease?: number } {
  const lease = reader.varint();
  return lease === 0 ? {} : { lease };
}

/** Writes a version as it stands in snapshots. */
export function writeRecord(writer: ByteWriter, record: KvRecord): void {
  writer.byteString(record.key);
  writer.u8(VALUE_ENCODINGS.tagOf(record.encoding));
  writer.varint(record.createRevision);
  writer.varint(record.modRevision);
  writer.varint(record.version);
  writer.varint(record.lease ?? 0);
  writer.bytes(record.value);
}

/**
 * Reads a version, whose value is a view of the reader's bytes.
 *
 * @throws {DecodeError} if there is none, or its history contradicts itself
 */
export function readRecord(reader: ByteReader): KvRecord {
  const key = readKey(reader);
  const encoding = readValueEncoding(reader);
  const createRevision = reader.varint();
  const modRevision = reader.varint();
  const version = reader.varint();
  const lease = readLease(reader);
  const value = readValue(reader);
  if (version === 0) reader.fail("Record was never written");
  // One write at most for each revision from the first to the last.
  if (modRevision - createRevision < version - 1) reader.fail("Version passes the revisions");
  return { key, value, encoding, createRevision, modRevision, version, ...lease };
}
