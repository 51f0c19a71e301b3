/**
 * What is remembered of a request that was carried out: which request it was, and its answer.
 *
 * @module
 */

import { ByteReader } from "../codec/byte_reader.ts";
import type { ByteWriter } from "../codec/byte_writer.ts";
import { Digest } from "./digest.ts";
import { readOnce } from "./once.ts";
import { resultsSizeBytes } from "./operation_result.ts";
import { isLasting, type Lasting, readResult, writeResult } from "./result.ts";

/** One request and its first answer. Never changed once made. */
export interface Remembered {
  /** Of what was asked: another request under the same name shows by it. */
  readonly digest: Digest;
  /** What the first sending was answered. */
  readonly answer: Lasting;
}

/**
 * What a command asks for, whatever its name: equal for all sendings of one request.
 *
 * @param payload From `encodeCommand`: version, kind and name stand first.
 */
export function requestDigestOf(payload: Uint8Array): Digest {
  const reader = new ByteReader(payload);
  const digest = new Digest();
  digest.addInteger(reader.u8());
  digest.addInteger(reader.u8());
  readOnce(reader);
  digest.addBytes(reader.raw(reader.remainingBytes));
  return digest;
}

/** A request as it arrives. */
export interface Arrival {
  /** Of what is asked. */
  readonly digest: Digest;
  /** Replicated time. */
  readonly clockMs: number;
}

/** What a table knows of a request that arrives under some name. */
export type Recollection =
  /** It was carried out before. */
  | { readonly kind: "answered"; readonly answer: Lasting }
  /** It was not, as far as the table reaches back. */
  | { readonly kind: "fresh" }
  /** The table cannot tell any more. */
  | { readonly kind: "expired" }
  /** The name stands for another request. */
  | { readonly kind: "reused" };

/** What a request is answered that finds `kept` under its name. */
export function recollectionOf(kept: Remembered, digest: Digest): Recollection {
  if (!kept.digest.equals(digest)) return { kind: "reused" };
  return { kind: "answered", answer: kept.answer };
}

/** Bytes of keys and values in an answer. */
export function answerSizeBytes({ answer }: Remembered): number {
  return answer.kind === "committed" ? resultsSizeBytes(answer.results) : 0;
}

/** Writes it as it stands in snapshots. */
export function writeRemembered(writer: ByteWriter, { digest, answer }: Remembered): void {
  digest.writeTo(writer);
  writeResult(writer, answer);
}

/**
 * Reads what {@linkcode writeRemembered} wrote.
 *
 * @throws {DecodeError} if there is none, or nothing of the kind is ever remembered
 */
export function readRemembered(reader: ByteReader): Remembered {
  const digest = Digest.readFrom(reader);
  const answer = readResult(reader);
  if (!isLasting(answer)) return reader.fail("Answer is of a kind that is not remembered");
  if (answer.replayed !== undefined) return reader.fail("Answer was not the first");
  return { digest, answer };
}
