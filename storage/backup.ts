/**
 * A backup: one snapshot of the state in a file of its own, made to be taken elsewhere.
 *
 * ```text
 * envelope of file_header.ts, magic "RaftKVbk", with these fields:
 *   cluster id   text     whose state it is
 *   node id      text     which member wrote it down
 *   taken at     u64      that member's clock, in milliseconds since 1970
 *   revision     u64      of the store
 *   point        as in core/codec/snapshot_codec.ts
 * chunk          length u32 from 1 to 16 MiB, that many bytes of the state     as often as it takes
 * end            u32 = 0
 * size           u64      of the state
 * digest         32 B     SHA-256 of all bytes before it
 * ```
 *
 * It is written in one go, to a file or to a connection, and its size is known last. A file that
 * was cut off anywhere has no digest, one that was changed has another.
 *
 * @module
 */

import { ByteReader, ByteWriter, readSnapshotPoint, writeSnapshotPoint } from "@raftkv/core/codec";
import type { NodeId, SnapshotPoint } from "@raftkv/core/raft";
import { BackupDamagedError } from "./backup_damaged_error.ts";
import { Digest } from "./digest.ts";
import { UnsupportedFormatError } from "./errors.ts";
import { FORMAT_VERSION, HEADER_BYTES_MAX } from "./file_header.ts";
import { encodeFileHeader, parseFileHeader } from "./file_header.ts";
import { readU32 } from "./frame.ts";
import type { NodeIdentity } from "./identity.ts";

export { BackupDamagedError } from "./backup_damaged_error.ts";
export type { NodeIdentity } from "./identity.ts";

/** What a backup says about itself before its state. */
export interface BackupHeader {
  /** The cluster whose state it is, and the member that wrote it down. */
  readonly identity: NodeIdentity;
  /** When that was by the member's clock, in milliseconds since 1970. */
  readonly takenAtMs: number;
  /** The store's revision. */
  readonly revision: number;
  /** Where in the log the state stands, and the members of then. */
  readonly point: SnapshotPoint;
}

/** What a whole backup came to. */
export interface BackupSummary {
  /** What it says about itself. */
  readonly header: BackupHeader;
  /** Size of the state in bytes. */
  readonly sizeBytes: number;
  /** The digest at its end, as 64 lower-case hex digits: the name of exactly these bytes. */
  readonly digest: string;
}

/** The bytes of a backup, piece by piece; `slices` are asked for as they are needed. */
export function* encodeBackup(
  { identity, takenAtMs, revision, point }: BackupHeader,
  slices: Iterable<Uint8Array>,
): Generator<Uint8Array> {
  const digest = new Digest();
  const digested = (bytes: Uint8Array) => {
    digest.update(bytes);
    return bytes;
  };
  yield digested(encodeFileHeader(MAGIC, (writer) => {
    writer.text(identity.clusterId);
    writer.text(identity.nodeId);
    writer.u64(takenAtMs);
    writer.u64(revision);
    writeSnapshotPoint(writer, point);
  }));
  let sizeBytes = 0;
  for (const slice of slices) {
    for (let at = 0; at < slice.length; at += CHUNK_BYTES_MAX) {
      const part = slice.subarray(at, at + CHUNK_BYTES_MAX);
      const chunk = new ByteWriter(LENGTH_BYTES + part.length);
      chunk.u32(part.length);
      chunk.raw(part);
      sizeBytes += part.length;
      yield digested(chunk.finish());
    }
  }
  const end = new ByteWriter(TRAILER_BYTES);
  end.u32(0);
  end.u64(sizeBytes);
  digest.update(end.peek(0));
  end.raw(Uint8Array.fromHex(digest.finish()));
  yield end.finish();
}

/**
 * Reads a backup as it arrives, cut into whatever pieces. What it hands over is not to be believed
 * before {@linkcode BackupReader.finish} has returned.
 */
export class BackupReader {
  readonly #name: string;
  readonly #onState: (bytes: Uint8Array) => void;
  readonly #digest = new Digest();
  #header: BackupHeader | null = null;
  #summary: BackupSummary | null = null;
  /** Arrived, and not enough to be read. */
  #held: Uint8Array = new Uint8Array();
  /** Bytes of the present chunk that are still to come. */
  #chunkLeft = 0;
  #sizeBytes = 0;
  #offsetBytes = 0;

  /**
   * Starts before the first byte.
   *
   * @param name What to call it in messages.
   * @param onState Takes the next bytes of the state, valid until it returns.
   */
  constructor(name: string, onState: (bytes: Uint8Array) => void) {
    this.#name = name;
    this.#onState = onState;
  }

  /** What the backup says about itself; null until that has arrived. */
  get header(): BackupHeader | null {
    return this.#header;
  }

  /**
   * Takes the next bytes.
   *
   * @throws {BackupDamagedError} if they are not the next bytes of a backup
   * @throws {UnsupportedFormatError} if a later release wrote it
   */
  push(bytes: Uint8Array): void {
    let rest = this.#held.length === 0 ? bytes : concat(this.#held, bytes);
    for (;;) {
      const taken = this.#take(rest);
      if (taken === 0) break;
      this.#offsetBytes += taken;
      rest = rest.subarray(taken);
    }
    this.#held = rest.slice();
  }

  /**
   * Nothing more will come.
   *
   * @throws {BackupDamagedError} if something is missing
   */
  finish(): BackupSummary {
    if (this.#summary === null) return this.#refuse("It ends early");
    return this.#summary;
  }

  /** Reads what `bytes` begin with; returns how many were read, 0 if more are needed. */
  #take(bytes: Uint8Array): number {
    if (bytes.length === 0) return 0;
    if (this.#summary !== null) return this.#refuse("Something follows its end");
    if (this.#header === null) return this.#takeHeader(bytes);
    if (this.#chunkLeft > 0) return this.#takeState(bytes);
    return this.#takeLength(bytes);
  }

  #takeHeader(bytes: Uint8Array): number {
    const wanted = bytes.length < ENVELOPE_BYTES
      ? ENVELOPE_BYTES
      : readU32(bytes, SIZE_OFFSET_BYTES);
    // A file of another kind has no size to wait for; the parser below says so.
    const isOurs = startsWithMagic(bytes);
    if (isOurs && bytes.length < wanted && wanted <= HEADER_BYTES_MAX) return 0;
    const header = parseFileHeader(bytes, { magic: MAGIC, readFields });
    if (header.kind === "newer") {
      const { version } = header;
      throw new UnsupportedFormatError(this.#name, { version, versionMax: FORMAT_VERSION });
    }
    if (header.kind === "damaged") return this.#refuse(header.reason, header.offsetBytes);
    this.#header = header.fields;
    this.#digest.update(bytes.subarray(0, header.sizeBytes));
    return header.sizeBytes;
  }

  #takeState(bytes: Uint8Array): number {
    const part = bytes.subarray(0, this.#chunkLeft);
    this.#digest.update(part);
    this.#chunkLeft -= part.length;
    this.#sizeBytes += part.length;
    this.#onState(part);
    return part.length;
  }

  #takeLength(bytes: Uint8Array): number {
    if (bytes.length < LENGTH_BYTES) return 0;
    const length = readU32(bytes, 0);
    if (length === 0) return this.#takeTrailer(bytes);
    if (length > CHUNK_BYTES_MAX) return this.#refuse("A chunk is longer than any can be");
    this.#digest.update(bytes.subarray(0, LENGTH_BYTES));
    this.#chunkLeft = length;
    return LENGTH_BYTES;
  }

  #takeTrailer(bytes: Uint8Array): number {
    if (bytes.length < TRAILER_BYTES) return 0;
    this.#digest.update(bytes.subarray(0, TRAILER_BYTES - DIGEST_BYTES));
    const digest = bytes.subarray(TRAILER_BYTES - DIGEST_BYTES, TRAILER_BYTES).toHex();
    if (digest !== this.#digest.finish()) return this.#refuse("Its digest does not match");
    const size = new ByteReader(bytes.subarray(LENGTH_BYTES, TRAILER_BYTES - DIGEST_BYTES)).u64();
    if (size !== this.#sizeBytes) return this.#refuse("Its size does not match");
    this.#summary = { header: this.#header!, sizeBytes: this.#sizeBytes, digest };
    return TRAILER_BYTES;
  }

  #refuse(reason: string, offsetBytes = this.#offsetBytes): never {
    throw new BackupDamagedError({ file: this.#name, offsetBytes, reason });
  }
}

function readFields(reader: ByteReader): BackupHeader {
  const identity = { clusterId: reader.text(), nodeId: reader.text() as NodeId };
  const takenAtMs = reader.u64();
  const revision = reader.u64();
  return { identity, takenAtMs, revision, point: readSnapshotPoint(reader) };
}

function startsWithMagic(bytes: Uint8Array): boolean {
  return bytes.subarray(0, MAGIC.length).every((byte, at) => byte === MAGIC.charCodeAt(at));
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

const MAGIC = "RaftKVbk";
const ENVELOPE_BYTES = 16;
const SIZE_OFFSET_BYTES = 12;
const LENGTH_BYTES = 4;
const CHUNK_BYTES_MAX = 16_777_216;
const DIGEST_BYTES = 32;
const TRAILER_BYTES = LENGTH_BYTES + 8 + DIGEST_BYTES;
