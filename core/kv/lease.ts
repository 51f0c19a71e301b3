/**
 * Leases: times to live that clients renew, and the keys that end with them. All in replicated time,
 * all replicated state: who expires, and when, depends on the log alone.
 *
 * @module
 */

import type { ByteReader } from "../codec/byte_reader.ts";
import type { ByteWriter } from "../codec/byte_writer.ts";
import { LIMITS } from "../limits.ts";
import { type Key, prefixEnd } from "./key.ts";
import { numberKey } from "./number_key.ts";
import { Tree, type TreeReader } from "./tree.ts";

/** One lease. Never changed once made. */
export interface Lease {
  /** Its id, from 1 on. */
  readonly id: number;
  /** How long it lives from its grant or last renewal, in milliseconds. */
  readonly ttlMs: number;
  /** When it ends, in replicated time. */
  readonly expiresMs: number;
  /** Whether it was made for one key and goes with it. */
  readonly isPrivate: boolean;
}

/** What can be asked of leases, now or as they were at some moment. */
export interface LeaseReader {
  /** How many there are. */
  readonly size: number;
  /** The lease of this id, or undefined. */
  get(id: number): Lease | undefined;
  /** The keys that end with it, in order. */
  keysOf(id: number): Key[];
  /** Ids greater than `after`, in order, at most `limit` of them. */
  ids(after: number, limit: number): number[];
}

/** All leases and what hangs on them. */
export class LeaseTable implements LeaseReader {
  readonly #byId = new Tree<Lease>();
  readonly #byExpiry = new Tree<Lease>();
  readonly #keys = new Tree<Key>();

  /** How many there are. */
  get size(): number {
    return this.#byId.size;
  }

  /** The lease of this id, or undefined. */
  get(id: number): Lease | undefined {
    return this.#byId.get(placeOf(id));
  }

  /** How many keys end with it. */
  countOf(id: number): number {
    const place = placeOf(id);
    return this.#keys.count(place, prefixEnd(place));
  }

  /** How many bytes the keys have that end with it. Looks at each of them. */
  keyBytesOf(id: number): number {
    return this.keysOf(id).reduce((bytes, key) => bytes + key.length, 0);
  }

  /** The keys that end with it, in order. */
  keysOf(id: number): Key[] {
    return keysIn(this.#keys, id);
  }

  /** Ids greater than `after`, in order, at most `limit` of them. */
  ids(after: number, limit: number): number[] {
    return idsIn(this.#byId, { after, limit });
  }

  /** The lease that ends first, or undefined if there is none. */
  first(): Lease | undefined {
    return this.#byExpiry.ceiling("" as Key)?.[1];
  }

  /** Adds a lease, or puts it in the place of the one with its id. */
  set(lease: Lease): void {
    const before = this.get(lease.id);
    if (before !== undefined) this.#byExpiry.delete(expiryPlaceOf(before));
    this.#byId.set(placeOf(lease.id), lease);
    this.#byExpiry.set(expiryPlaceOf(lease), lease);
  }

  /** Hangs a key on a lease. */
  attach(id: number, key: Key): void {
    this.#keys.set(keyPlaceOf(id, key), key);
  }

  /** Takes a key off its lease; a lease that was made for it goes with it. */
  detach(id: number, key: Key): void {
    this.#keys.delete(keyPlaceOf(id, key));
    const lease = this.get(id);
    if (lease?.isPrivate === true) this.#delete(lease);
  }

  /** Takes a lease out, on which no key hangs any more. */
  #delete(lease: Lease): void {
    this.#byId.delete(placeOf(lease.id));
    this.#byExpiry.delete(expiryPlaceOf(lease));
  }

  /** Ends a lease: takes it out, and all keys off it. Returns them, in order. */
  end(lease: Lease): Key[] {
    const places: Key[] = [];
    const found: Key[] = [];
    const place = placeOf(lease.id);
    this.#keys.scan(place, (at, key) => {
      if (!at.startsWith(place)) return false;
      places.push(at);
      found.push(key);
      return true;
    });
    for (const at of places) this.#keys.delete(at);
    this.#delete(lease);
    return found;
  }

  /** The leases as they are now, whatever happens later. Takes constant time. */
  view(): LeaseReader {
    const byId = this.#byId.view();
    const keys = this.#keys.view();
    return {
      size: byId.size,
      get: (id) => byId.get(placeOf(id)),
      keysOf: (id) => keysIn(keys, id),
      ids: (after, limit) => idsIn(byId, { after, limit }),
    };
  }
}

/** Writes a lease as it stands in snapshots. */
export function writeLease(writer: ByteWriter, lease: Lease): void {
  writer.varint(lease.id);
  writer.varint(lease.ttlMs);
  writer.varint(lease.expiresMs);
  writer.flag(lease.isPrivate);
}

/**
 * Reads a lease.
 *
 * @throws {DecodeError} if there is none
 */
export function readLeaseEntry(reader: ByteReader): Lease {
  const [id, ttlMs, expiresMs] = [reader.varint(), reader.varint(), reader.varint()];
  if (id === 0) reader.fail("Lease has no id");
  if (ttlMs === 0 || ttlMs > LIMITS.leaseTtlMsMax) reader.fail("Time to live is out of bounds");
  return { id, ttlMs, expiresMs, isPrivate: reader.flag() };
}

function keysIn(keys: TreeReader<Key>, id: number): Key[] {
  const found: Key[] = [];
  const place = placeOf(id);
  keys.scan(place, (at, key) => at.startsWith(place) && found.push(key) > 0);
  return found;
}

function idsIn(
  leases: TreeReader<Lease>,
  { after, limit }: { readonly after: number; readonly limit: number },
): number[] {
  const ids: number[] = [];
  if (after >= Number.MAX_SAFE_INTEGER) return ids;
  leases.scan(placeOf(after + 1), (_, { id }) => ids.length < limit && ids.push(id) > 0);
  return ids;
}

function placeOf(id: number): Key {
  return numberKey(id) as Key;
}

function expiryPlaceOf({ id, expiresMs }: Lease): Key {
  return `${numberKey(expiresMs)}${numberKey(id)}` as Key;
}

function keyPlaceOf(id: number, key: Key): Key {
  return `${numberKey(id)}${key}` as Key;
}
