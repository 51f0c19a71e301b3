/**
 * What the store answers to a command. Answers cross from node to node and are kept for sessions.
 *
 * ```text
 * version u8 = 1, kind u8
 *   1 committed                           revision varint, succeeded flag,
 *                                         results (operation_result.ts)
 *   2 replayed                            the answer given before, from its kind on
 *   3 session_opened                      session varint, revision varint
 *   4 refused                             reason u8, revision varint or 0
 *   5 compacted                           compactRevision varint, revision varint
 *   6 maintained                          revision varint
 *   7 lease_granted, 9 lease_renewed      lease varint, ttlMs varint, revision varint
 *   8 lease_revoked                       lease varint, deleted varint, revision varint
 * ```
 *
 * @module
 */

import { unreachable } from "../assert.ts";
import { ByteReader } from "../codec/byte_reader.ts";
import { ByteWriter } from "../codec/byte_writer.ts";
import { Tags } from "../codec/tags.ts";
import { type OperationResult, readResults, writeResults } from "./operation_result.ts";

/** Any answer. */
export type CommandResult =
  | Committed
  | SessionOpened
  | Compacted
  | Maintained
  | LeaseAnswer
  | Refused;

/** An answer that stands for ever: what a repetition is given instead of being carried out. */
export type Lasting = Committed | Compacted | LeaseAnswer | Refused;

/** Marks an answer that was given before. */
export interface Replayable {
  /** Present if the request was carried out earlier and this is the answer of then. */
  readonly replayed?: true;
}

/** The commit took effect. */
export interface Committed extends Replayable {
  /** Tells it from other answers. */
  readonly kind: "committed";
  /** The revision it took. */
  readonly revision: number;
  /** Whether its comparisons held. */
  readonly succeeded: boolean;
  /** One for each operation of the branch that was taken. */
  readonly results: readonly OperationResult[];
}

/** A session began. */
export interface SessionOpened {
  /** Tells it from other answers. */
  readonly kind: "session_opened";
  /** Its id, never given to another. */
  readonly session: number;
  /** The store's revision then. */
  readonly revision: number;
}

/** The past before a revision can no longer be read. */
export interface Compacted extends Replayable {
  /** Tells it from other answers. */
  readonly kind: "compacted";
  /** The first revision that stays readable. */
  readonly compactRevision: number;
  /** The store's revision then. */
  readonly revision: number;
}

/** What was due is done, or as much of it as one entry does. */
export interface Maintained {
  /** Tells it from other answers. */
  readonly kind: "maintained";
  /** The store's revision then. */
  readonly revision: number;
}

/** What became of a command about a lease. */
export type LeaseAnswer = LeaseLives | LeaseRevoked;

/** A lease was granted or renewed. */
export interface LeaseLives extends Replayable {
  /** Tells it from other answers. */
  readonly kind: "lease_granted" | "lease_renewed";
  /** Its id. */
  readonly lease: number;
  /** How long it lives from now on, in milliseconds. */
  readonly ttlMs: number;
  /** The store's revision then. */
  readonly revision: number;
}

/** A lease was ended, and its keys with it. */
export interface LeaseRevoked extends Replayable {
  /** Tells it from other answers. */
  readonly kind: "lease_revoked";
  /** Its id. */
  readonly lease: number;
  /** How many keys ended with it, all at one revision. */
  readonly deleted: number;
  /** The store's revision then. */
  readonly revision: number;
}

/** Nothing was done. */
export interface Refused extends Replayable {
  /** Tells it from other answers. */
  readonly kind: "refused";
  /** Why. */
  readonly reason: RefusalReason;
  /** For `compacted` the compact revision, for `future_revision` the store's. */
  readonly revision?: number;
}

/**
 * `session_expired`: the session is unknown or forgotten, or the sequence is older than its answers;
 * an earlier sending of the same request may have taken effect. `idempotency_key_reused`: its name
 * stands for another request. `malformed`: the payload is no
 * command. `compacted`: the past up to that revision is gone already. `future_revision`: the store
 * has not come to that revision. `not_an_integer`: an increment met a value that is no 64-bit
 * integer. `out_of_range`: its result would leave the bounds. `range_too_large`: the commit would
 * delete or compare too many keys by ranges, or answer with too many bytes. `lease_not_found`: there
 * is no such lease (any more). `lease_exists`: the id is taken. `lease_full`: the lease would get too
 * many keys.
 */
export type RefusalReason =
  | "session_expired"
  | "malformed"
  | "compacted"
  | "future_revision"
  | "not_an_integer"
  | "out_of_range"
  | "range_too_large"
  | "lease_not_found"
  | "lease_exists"
  | "lease_full"
  | "idempotency_key_reused";

/**
 * Whether a repetition of the request is to be given this answer. A refusal is, where it depends on what
 * the store held: else a copy of the request that comes late could act after its client was told that
 * nothing happened.
 */
export function isLasting(result: CommandResult): result is Lasting {
  switch (result.kind) {
    case "committed":
    case "compacted":
    case "lease_granted":
    case "lease_renewed":
    case "lease_revoked":
      return true;
    case "refused":
      return dependsOnState(result.reason);
    case "session_opened":
    case "maintained":
      return false;
    default:
      return unreachable(result);
  }
}

/** Whether the same request could be accepted later. */
function dependsOnState(reason: RefusalReason): boolean {
  switch (reason) {
    case "future_revision":
    case "not_an_integer":
    case "out_of_range":
    case "range_too_large":
    case "lease_not_found":
    case "lease_exists":
    case "lease_full":
      return true;
    // The past does not come back.
    case "compacted":
    case "malformed":
    case "session_expired":
    case "idempotency_key_reused":
      return false;
    default:
      return unreachable(reason);
  }
}

/** The bytes of an answer. */
export function encodeResult(result: CommandResult): Uint8Array {
  const writer = new ByteWriter(64);
  writer.u8(VERSION);
  writeResult(writer, result);
  return writer.finish();
}

/** Writes an answer without its version, as it stands in snapshots. */
export function writeResult(writer: ByteWriter, result: CommandResult): void {
  if ("replayed" in result) writer.u8(REPLAYED);
  switch (result.kind) {
    case "committed":
      writer.u8(COMMITTED);
      writer.varint(result.revision);
      writer.flag(result.succeeded);
      writeResults(writer, result.results);
      break;
    case "session_opened":
      writer.u8(SESSION_OPENED);
      writer.varint(result.session);
      writer.varint(result.revision);
      break;
    case "refused":
      writer.u8(REFUSED);
      writer.u8(REASONS.tagOf(result.reason));
      writer.varint(result.revision ?? 0);
      break;
    case "compacted":
      writer.u8(COMPACTED);
      writer.varint(result.compactRevision);
      writer.varint(result.revision);
      break;
    case "maintained":
      writer.u8(MAINTAINED);
      writer.varint(result.revision);
      break;
    case "lease_granted":
    case "lease_renewed":
      writer.u8(result.kind === "lease_granted" ? LEASE_GRANTED : LEASE_RENEWED);
      writer.varint(result.lease);
      writer.varint(result.ttlMs);
      writer.varint(result.revision);
      break;
    case "lease_revoked":
      writer.u8(LEASE_REVOKED);
      writer.varint(result.lease);
      writer.varint(result.deleted);
      writer.varint(result.revision);
      break;
    default:
      unreachable(result);
  }
}

/**
 * The answer that `bytes` hold.
 *
 * @throws {DecodeError} if they hold none
 */
export function decodeResult(bytes: Uint8Array): CommandResult {
  const reader = new ByteReader(bytes);
  if (reader.u8() !== VERSION) reader.fail("Answer is of an unknown version");
  const result = readResult(reader);
  reader.end();
  return result;
}

function readCommitted(reader: ByteReader): Committed {
  const revision = reader.varint();
  const succeeded = reader.flag();
  return { kind: "committed", revision, succeeded, results: readResults(reader, { revision }) };
}

/**
 * Reads what {@linkcode writeResult} wrote.
 *
 * @throws {DecodeError} if there is no answer
 */
export function readResult(reader: ByteReader): CommandResult {
  const kind = reader.u8();
  if (kind !== REPLAYED) return readResultOf(reader, kind);
  const answer = readResultOf(reader, reader.u8());
  if (!isLasting(answer)) return reader.fail("Answer cannot be a repetition");
  return { ...answer, replayed: true };
}

function readResultOf(reader: ByteReader, kind: number): CommandResult {
  switch (kind) {
    case COMMITTED:
      return readCommitted(reader);
    case SESSION_OPENED:
      return { kind: "session_opened", session: reader.varint(), revision: reader.varint() };
    case REFUSED: {
      const reason = REASONS.nameOf(reader.u8()) ?? reader.fail("Reason is unknown");
      const revision = reader.varint();
      return { kind: "refused", reason, ...(revision === 0 ? {} : { revision }) };
    }
    case COMPACTED:
      return {
        kind: "compacted",
        compactRevision: reader.varint(),
        revision: reader.varint(),
      };
    case MAINTAINED:
      return { kind: "maintained", revision: reader.varint() };
    case LEASE_GRANTED:
      return { kind: "lease_granted", ...readLeaseLives(reader) };
    case LEASE_RENEWED:
      return { kind: "lease_renewed", ...readLeaseLives(reader) };
    case LEASE_REVOKED:
      return {
        kind: "lease_revoked",
        lease: reader.varint(),
        deleted: reader.varint(),
        revision: reader.varint(),
      };
    default:
      return reader.fail("Answer is of an unknown kind");
  }
}

function readLeaseLives(reader: ByteReader): Omit<LeaseLives, "kind"> {
  return { lease: reader.varint(), ttlMs: reader.varint(), revision: reader.varint() };
}

const VERSION = 1;
const COMMITTED = 1;
const REPLAYED = 2;
const SESSION_OPENED = 3;
const REFUSED = 4;
const COMPACTED = 5;
const MAINTAINED = 6;
const LEASE_GRANTED = 7;
const LEASE_REVOKED = 8;
const LEASE_RENEWED = 9;
const REASONS = new Tags<RefusalReason>({
  session_expired: 1,
  malformed: 2,
  compacted: 3,
  future_revision: 4,
  not_an_integer: 5,
  out_of_range: 6,
  range_too_large: 7,
  lease_not_found: 8,
  lease_exists: 9,
  lease_full: 10,
  idempotency_key_reused: 11,
});
