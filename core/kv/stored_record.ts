/**
 * A version of a key as the store keeps it: the bytes by which it stands in snapshots, in an
 * {@linkcode Arena}. They are trusted, for the store wrote them itself.
 *
 * @module
 */

import { byteStringOf } from "../codec/byte_string.ts";
import { type Address, type Arena, offsetOf } from "./arena.ts";
import type { Key } from "./key.ts";
import { type KvRecord, VALUE_ENCODINGS, type ValueEncoding } from "./record.ts";

/** A version of a key, read where it lies. */
export class StoredRecord {
  /** Where it lies. */
  readonly address: Address;
  /** What the value's bytes are. */
  readonly encoding: ValueEncoding;
  /** The revision at which the key last came into being. */
  readonly createRevision: number;
  /** The revision of its last change. */
  readonly modRevision: number;
  /** How many times the key was written since it came into being. */
  readonly version: number;
  /** The lease with which the key ends; 0 for none. */
  readonly lease: number;
  readonly #block: Uint8Array;
  readonly #start: number;
  readonly #keyStart: number;
  readonly #keyEnd: number;
  readonly #valueStart: number;
  readonly #end: number;
  #key: Key | null;

  /**
   * Reads everything but key and value.
   *
   * @param block The block of the address.
   * @param key The key, if it is at hand.
   */
  constructor(block: Uint8Array, address: Address, key: Key | null = null) {
    this.address = address;
    this.#block = block;
    this.#key = key;
    this.#start = offsetOf(address);
    place = this.#start;
    const keyBytes = nextVarint(block);
    this.#keyStart = place;
    this.#keyEnd = place += keyBytes;
    this.encoding = VALUE_ENCODINGS.nameOf(block[place++]!)!;
    this.createRevision = nextVarint(block);
    this.modRevision = nextVarint(block);
    this.version = nextVarint(block);
    this.lease = nextVarint(block);
    const valueBytes = nextVarint(block);
    this.#valueStart = place;
    this.#end = place + valueBytes;
  }

  /** Under which key it is or was. */
  get key(): Key {
    this.#key ??= byteStringOf(this.#block, this.#keyStart, this.#keyEnd) as Key;
    return this.#key;
  }

  /** The value, as a view: whoever keeps it keeps the whole block. Not to be changed. */
  get value(): Uint8Array {
    return this.#block.subarray(this.#valueStart, this.#end);
  }

  /** The whole record as it stands in snapshots, as a view. */
  get bytes(): Uint8Array {
    return this.#block.subarray(this.#start, this.#end);
  }

  /** How many bytes all of it takes. */
  get sizeBytes(): number {
    return this.#end - this.#start;
  }

  /** How many bytes the key and the value take. */
  get contentBytes(): number {
    return this.#keyEnd - this.#keyStart + this.#end - this.#valueStart;
  }

  /** The record as it is shown, with a value of its own; or with an empty one. */
  toRecord({ keysOnly = false }: { readonly keysOnly?: boolean } = {}): KvRecord {
    const { key, encoding, createRevision, modRevision, version, lease } = this;
    const value = keysOnly ? EMPTY : this.#block.slice(this.#valueStart, this.#end);
    const record = { key, encoding, createRevision, modRevision, version, value };
    return lease === 0 ? record : { ...record, lease };
  }
}

/** What is to be stored. */
export interface NewRecord {
  readonly key: Key;
  readonly encoding: ValueEncoding;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  /** 0 for none. */
  readonly lease: number;
  /** Is copied. */
  readonly value: Uint8Array;
}

/** Stores a record; returns where. */
export function store(arena: Arena, record: NewRecord): Address {
  const { key, encoding, createRevision, modRevision, version, lease, value } = record;
  const sizeBytes = 1 + varintBytes(key.length) + key.length + varintBytes(createRevision) +
    varintBytes(modRevision) + varintBytes(version) + varintBytes(lease) +
    varintBytes(value.length) + value.length;
  const address = arena.allocate(sizeBytes);
  const block = arena.blockOf(address);
  place = offsetOf(address);
  putVarint(block, key.length);
  for (let i = 0; i < key.length; i++) block[place++] = key.charCodeAt(i);
  block[place++] = VALUE_ENCODINGS.tagOf(encoding);
  putVarint(block, createRevision);
  putVarint(block, modRevision);
  putVarint(block, version);
  putVarint(block, lease);
  putVarint(block, value.length);
  block.set(value, place);
  return address;
}

/** Where the next byte is read or written: nothing here is interrupted. */
let place = 0;

function nextVarint(block: Uint8Array): number {
  const first = block[place++]!;
  if (first < 0x80) return first;
  let value = first & 0x7f;
  for (let scale = 128;; scale *= 128) {
    const byte = block[place++]!;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
  }
}

function putVarint(block: Uint8Array, value: number): void {
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) block[place++] = (rest % 128) | 0x80;
  block[place++] = rest;
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) bytes++;
  return bytes;
}

const EMPTY = new Uint8Array(0);
