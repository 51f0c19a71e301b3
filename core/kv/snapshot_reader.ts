/**
 * Reads what {@linkcode snapshotOf} wrote, cut into whatever slices it arrives in.
 *
 * @module
 */

import { ByteReader } from "../codec/byte_reader.ts";
import { DecodeError } from "../codec/decode_error.ts";
import { LIMITS } from "../limits.ts";
import { ReplicatedClock } from "./clock.ts";
import { Digest } from "./digest.ts";
import type { PastRecord } from "./history.ts";
import { type Key, KEY_FIRST } from "./key.ts";
import { readLeaseEntry } from "./lease.ts";
import { readRecord } from "./record.ts";
import { FRAME_CONTENT_BYTES_MAX, FRAME_LENGTH_BYTES, SNAPSHOT_VERSION } from "./snapshot.ts";
import { StoredRecord } from "./stored_record.ts";
import { emptyState, type KvState, type TimeMark } from "./state.ts";

/** A snapshot on its way to becoming a state. */
export class SnapshotReader {
  readonly #frames = new FrameBuffer();
  readonly #digest = new Digest();
  #state: KvState | null = null;
  #sessionsLeft = 0;
  #idempotencyKeysLeft = 0;
  #leasesLeft = 0;
  #leaseId = 0;
  #recordsLeft = 0;
  #pastLeft = 0;
  #keyLast = KEY_FIRST;
  #pastLast: PastRecord | null = null;
  #isComplete = false;

  /** Takes the next bytes; throws `DecodeError` if they cannot be. */
  push(slice: Uint8Array): void {
    this.#frames.push(slice);
    for (let content = this.#frames.next(); content !== null; content = this.#frames.next()) {
      this.#onFrame(content);
    }
  }

  /** The state that was read; throws `DecodeError` if bytes are missing. */
  finish(): KvState {
    if (this.#state === null || !this.#isComplete || !this.#frames.isEmpty) {
      throw new DecodeError("Snapshot ends early", this.#frames.offsetBytes);
    }
    return this.#state;
  }

  #onFrame(content: Uint8Array): void {
    const reader = new ByteReader(content, this.#frames.offsetBytes - content.length);
    if (this.#state === null) this.#state = this.#readHead(reader);
    else if (this.#sessionsLeft > 0) this.#readSessions(reader, this.#state);
    else if (this.#idempotencyKeysLeft > 0) this.#readIdempotencyKeys(reader, this.#state);
    else if (this.#leasesLeft > 0) this.#readLeases(reader, this.#state);
    else if (this.#recordsLeft > 0) this.#readRecords(reader, content, this.#state);
    else if (this.#pastLeft > 0) this.#readPast(reader, content, this.#state);
    else this.#readTail(reader);
    reader.end();
    this.#digest.addBytes(content);
  }

  #readHead(reader: ByteReader): KvState {
    if (reader.u8() !== SNAPSHOT_VERSION) reader.fail("Snapshot is of an unknown version");
    const revision = reader.varint();
    if (revision === 0) reader.fail("Snapshot has no revision");
    const compactRevision = reader.varint();
    if (compactRevision > revision) reader.fail("Snapshot is compacted past its revision");
    const sweptRevision = reader.varint();
    const sweptKey = reader.byteString(LIMITS.keyBytesMax) as Key;
    const isSweptPast = sweptRevision > compactRevision ||
      (sweptRevision === compactRevision && sweptKey !== KEY_FIRST);
    if (isSweptPast) reader.fail("Snapshot is swept past its compaction");
    const appliedIndex = reader.varint();
    const clock = ReplicatedClock.readFrom(reader);
    const digest = Digest.readFrom(reader);
    const marks: TimeMark[] = [];
    for (let left = reader.count(2); left > 0; left--) {
      marks.push({ revision: reader.varint(), timeMs: reader.varint() });
    }
    const leaseLast = reader.varint();
    this.#sessionsLeft = reader.varint();
    this.#idempotencyKeysLeft = reader.varint();
    this.#leasesLeft = reader.varint();
    this.#recordsLeft = reader.varint();
    this.#pastLeft = reader.varint();
    const swept = { sweptRevision, sweptKey };
    const head = { revision, compactRevision, ...swept, appliedIndex, clock, digest, marks };
    return { ...emptyState(), ...head, leaseLast };
  }

  #readSessions(reader: ByteReader, { sessions, clock }: KvState): void {
    while (reader.remainingBytes > 0) {
      if (this.#sessionsLeft-- === 0) reader.fail("Snapshot has more sessions than it says");
      sessions.restore(reader, clock.nowMs);
    }
  }

  #readIdempotencyKeys(reader: ByteReader, { idempotency, clock }: KvState): void {
    while (reader.remainingBytes > 0) {
      if (this.#idempotencyKeysLeft-- === 0) reader.fail("Snapshot has more keys than it says");
      idempotency.restore(reader, clock.nowMs);
    }
  }

  #readLeases(reader: ByteReader, { leases }: KvState): void {
    while (reader.remainingBytes > 0) {
      if (this.#leasesLeft-- === 0) reader.fail("Snapshot has more leases than it says");
      const lease = readLeaseEntry(reader);
      if (lease.id <= this.#leaseId) reader.fail("Leases are not in order");
      this.#leaseId = lease.id;
      leases.set(lease);
    }
  }

  #readRecords(reader: ByteReader, content: Uint8Array, state: KvState): void {
    while (reader.remainingBytes > 0) {
      if (this.#recordsLeft-- === 0) reader.fail("Snapshot has more records than it says");
      const from = reader.offsetBytes;
      const record = readRecord(reader);
      if (record.key <= this.#keyLast) reader.fail("Records are not in order of their keys");
      if (record.modRevision > state.revision) reader.fail("Record is newer than its snapshot");
      this.#keyLast = record.key;
      // Equal records have equal bytes, so these are what the store would write.
      const address = state.arena.add(content.subarray(from, reader.offsetBytes));
      state.records.place(record.key, address);
      if (record.lease !== undefined) {
        if (state.leases.get(record.lease) === undefined) {
          reader.fail("Lease of a record is unknown");
        }
        state.leases.attach(record.lease, record.key);
      }
      noteChange(state, record.key, record.modRevision);
    }
  }

  #readPast(reader: ByteReader, content: Uint8Array, state: KvState): void {
    while (reader.remainingBytes > 0) {
      if (this.#pastLeft-- === 0) reader.fail("Snapshot has more past records than it says");
      const from = reader.offsetBytes;
      const { key } = readRecord(reader);
      const bytes = content.subarray(from, reader.offsetBytes);
      const endRevision = reader.varint();
      const address = state.arena.add(bytes);
      const record = new StoredRecord(state.arena.blockOf(address), address, key);
      const past = { record, endRevision };
      this.#checkPast(reader, past);
      if (past.endRevision > state.revision) reader.fail("Record ended after its snapshot");
      if (isSwept(state, past)) reader.fail("Record was swept away");
      this.#noteDeletion(state, past);
      this.#pastLast = past;
      state.history.add(past);
      state.historyBytes += record.contentBytes;
      noteChange(state, key, record.modRevision);
    }
    if (this.#pastLeft === 0) this.#noteDeletion(state, null);
  }

  /** The last past record was ended by the key's next version, or else by a deletion. */
  #noteDeletion(state: KvState, next: PastRecord | null): void {
    if (this.#pastLast === null) return;
    const { record: { key }, endRevision } = this.#pastLast;
    const after = next?.record.key === key ? next.record : state.records.get(key);
    if (after?.modRevision !== endRevision) noteChange(state, key, endRevision);
  }

  #checkPast(reader: ByteReader, { record, endRevision }: PastRecord): void {
    const last = this.#pastLast;
    if (endRevision <= record.modRevision) reader.fail("Record ended before it began");
    if (last === null || last.record.key < record.key) return;
    const isInOrder = last.record.key === record.key && last.endRevision <= record.modRevision;
    if (!isInOrder) reader.fail("Past records are not in order");
  }

  #readTail(reader: ByteReader): void {
    const promised = Digest.readFrom(reader).toString();
    if (promised !== this.#digest.toString()) reader.fail("Digest does not match");
    this.#isComplete = true;
  }
}

function isSwept(
  { sweptRevision, sweptKey }: KvState,
  { record, endRevision }: PastRecord,
): boolean {
  return endRevision <= sweptRevision ||
    (endRevision === sweptRevision + 1 && record.key <= sweptKey);
}

/** What was swept needs no note: the changes are kept for those that were not. */
function noteChange(
  { changes, sweptRevision }: KvState,
  key: Key,
  revision: number,
): void {
  if (revision > sweptRevision) changes.add(revision, key);
}

/** Bytes not yet made into frames: less than one frame between two pushes. */
class FrameBuffer {
  #bytes: Uint8Array = new Uint8Array(FRAME_LENGTH_BYTES);
  #from = 0;
  #to = 0;
  #offsetBytes = 0;

  /** Where in the snapshot the next frame begins. */
  get offsetBytes(): number {
    return this.#offsetBytes;
  }

  get isEmpty(): boolean {
    return this.#from === this.#to;
  }

  push(slice: Uint8Array): void {
    if (this.#from > 0) {
      this.#bytes.copyWithin(0, this.#from, this.#to);
      this.#to -= this.#from;
      this.#from = 0;
    }
    const needed = this.#to + slice.length;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.#to));
      this.#bytes = grown;
    }
    this.#bytes.set(slice, this.#to);
    this.#to = needed;
  }

  /** The content of the next frame, valid until the next push; null if it is not all there. */
  next(): Uint8Array | null {
    if (this.#to - this.#from < FRAME_LENGTH_BYTES) return null;
    const size = new ByteReader(this.#bytes.subarray(this.#from, this.#to)).u32();
    if (size === 0 || size > FRAME_CONTENT_BYTES_MAX) {
      throw new DecodeError("Length of a frame is out of range", this.#offsetBytes);
    }
    const start = this.#from + FRAME_LENGTH_BYTES;
    if (this.#to - start < size) return null;
    this.#from = start + size;
    this.#offsetBytes += FRAME_LENGTH_BYTES + size;
    return this.#bytes.subarray(start, this.#from);
  }
}
