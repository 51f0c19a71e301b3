/**
 * The whole state as bytes, in frames that are made and read one at a time.
 *
 * ```text
 * snapshot  frames: head, then sessions, idempotency keys, leases, records and past records in as
 *           many as it takes, tail
 * frame     length u32, content
 * head      version u8 = 1, revision varint, compactRevision varint, sweptRevision varint,
 *           sweptKey, appliedIndex varint, clock (nowMs varint, last term varint, its timeMs varint),
 *           state digest (8 bytes), count of marks varint, marks (revision varint, timeMs varint),
 *           last lease id varint, then the counts of sessions, idempotency keys, leases, records and
 *           past records, each varint
 * session   id varint, lastUsedMs varint, highestSequence varint, then for each of the last 64
 *           sequences: flag, [request]          least recently used first
 * key       idempotency key, atMs varint, request                       oldest first
 * request   digest (8 bytes), answer (result.ts)
 * lease     id varint, ttlMs varint, expiresMs varint, private flag            in order of ids
 * record    key, encoding u8, createRevision varint, modRevision varint, version varint, lease
 *           varint or 0, value                  in order of keys
 * past      record, endRevision varint          in order of keys, then of revisions
 * tail      digest of all frames before (8 bytes)
 * ```
 *
 * Nothing in it depends on how the state came about, only on what it is: replicas in equal states
 * write equal bytes, frame for frame.
 *
 * @module
 */

import { ByteWriter } from "../codec/byte_writer.ts";
import { LIMITS } from "../limits.ts";
import { Digest } from "./digest.ts";
import type { HistoryView, PastRecord } from "./history.ts";
import type { CapturedKeys } from "./idempotency.ts";
import { KEY_FIRST, keyAfter } from "./key.ts";
import { type LeaseReader, writeLease } from "./lease.ts";
import type { StoredRecord } from "./stored_record.ts";
import type { CapturedSessions } from "./session.ts";
import type { KvState } from "./state.ts";
import type { TreeReader } from "./tree.ts";

/** A frame is closed once its content reaches this size. */
const FRAME_BYTES = 65_536;

/** What the last item of a frame mostly takes: with room for it, a frame is not moved to grow. */
const ITEM_BYTES = 4_096;

/** Leases in a frame. */
const FRAME_LEASES = 2_048;

/** No content is larger: the last item in a frame may be a record of the largest size. */
export const FRAME_CONTENT_BYTES_MAX: number = FRAME_BYTES + LIMITS.keyBytesMax +
  LIMITS.valueBytesMax + 64;

/** Size of a frame's length. */
export const FRAME_LENGTH_BYTES: number = 4;

/** First byte of the first frame's content. */
export const SNAPSHOT_VERSION: number = 1;

/** The state of this moment as frames, to be taken once; it may change while they are made. */
export function snapshotOf(state: KvState): Iterable<Uint8Array> {
  const head = new FrameWriter();
  writeHead(head.body, state);
  const sessions = state.sessions.capture();
  const keys = state.idempotency.capture();
  const leases = state.leases.view();
  const records = state.records.view();
  const history = state.history.view();
  head.body.varint(sessions.size);
  head.body.varint(keys.size);
  head.body.varint(leases.size);
  head.body.varint(records.size);
  head.body.varint(history.size);
  return framesOf({ head, sessions, keys, leases, records, history });
}

function writeHead(writer: ByteWriter, state: KvState): void {
  writer.u8(SNAPSHOT_VERSION);
  writer.varint(state.revision);
  writer.varint(state.compactRevision);
  writer.varint(state.sweptRevision);
  writer.byteString(state.sweptKey);
  writer.varint(state.appliedIndex);
  state.clock.writeTo(writer);
  state.digest.writeTo(writer);
  writer.varint(state.marks.length);
  for (const { revision, timeMs } of state.marks) {
    writer.varint(revision);
    writer.varint(timeMs);
  }
  writer.varint(state.leaseLast);
}

interface Captured {
  readonly head: FrameWriter;
  readonly sessions: CapturedSessions;
  readonly keys: CapturedKeys;
  readonly leases: LeaseReader;
  readonly records: TreeReader<StoredRecord>;
  readonly history: HistoryView;
}

function* framesOf(captured: Captured): Generator<Uint8Array> {
  const { head, sessions, keys, leases, records, history } = captured;
  const digest = new Digest();
  yield head.close(digest);
  for (const table of [sessions, keys]) {
    for (let place = 0; place < table.size;) {
      const frame = new FrameWriter();
      while (place < table.size && !frame.isFull) table.write(frame.body, place++);
      yield frame.close(digest);
    }
  }
  for (let left = leases.size, after = 0; left > 0;) {
    const frame = new FrameWriter();
    for (const id of leases.ids(after, FRAME_LEASES)) {
      writeLease(frame.body, leases.get(id)!);
      after = id;
      left--;
    }
    yield frame.close(digest);
  }
  for (let left = records.size, start = KEY_FIRST; left > 0;) {
    const frame = new FrameWriter();
    let last = start;
    records.scan(start, (key, record) => {
      frame.body.raw(record.bytes);
      last = key;
      left--;
      return !frame.isFull;
    });
    start = keyAfter(last);
    yield frame.close(digest);
  }
  for (let left = history.size, after: PastRecord | null = null; left > 0;) {
    const frame = new FrameWriter();
    history.scan(after, (past) => {
      frame.body.raw(past.record.bytes);
      frame.body.varint(past.endRevision);
      after = past;
      left--;
      return !frame.isFull;
    });
    yield frame.close(digest);
  }
  const tail = new FrameWriter();
  digest.writeTo(tail.body);
  yield tail.close(digest);
}

/** One frame in the making. */
class FrameWriter {
  readonly body = new ByteWriter(FRAME_BYTES + ITEM_BYTES);

  constructor() {
    this.body.u32(0);
  }

  get isFull(): boolean {
    return this.body.sizeBytes >= FRAME_BYTES;
  }

  /** The frame with its length filled in; its content goes into `digest`. */
  close(digest: Digest): Uint8Array {
    this.body.setU32(0, this.body.sizeBytes - FRAME_LENGTH_BYTES);
    const frame = this.body.finish();
    digest.addBytes(frame.subarray(FRAME_LENGTH_BYTES));
    return frame;
  }
}
