/**
 * Histories of the key-value store: what its clients ask and are answered.
 *
 * @module
 */

import type { Command, CommandResult, Key, KeyRange, KvRecord } from "@raftkv/core/kv";
import type { ReadProof } from "@raftkv/core/raft";
import type { Operation } from "./operation.ts";
import { isSameBytes } from "../same_bytes.ts";

/** Anything a client asks of the store. */
export type KvRequest = Command | ReadRequest;

/** A read of one key or of a range. */
export interface ReadRequest extends KeyRange {
  /** Tells it from commands. */
  readonly kind: "read";
  /** As of which revision; null for that at which it is served. */
  readonly revision: number | null;
  /** Most records to answer with. */
  readonly limit: number;
  /** Whether it must see all that was acknowledged before it was made. */
  readonly isLinearizable: boolean;
}

/** Any answer. */
export type KvAnswer = AppliedAnswer | ReadAnswer;

/** A command was carried out. */
export interface AppliedAnswer {
  /** Tells it from reads. */
  readonly kind: "applied";
  /** Where in the log it was; or, for who cannot know, anything else that grows with it. */
  readonly index: number;
  /** What came of it. */
  readonly result: CommandResult;
}

/** A read was served. */
export interface ReadAnswer {
  /** Tells it from commands. */
  readonly kind: "read";
  /** The store's revision then, whichever was asked for. */
  readonly revision: number;
  /** What was there, in the order of the keys. */
  readonly records: readonly KvRecord[];
  /** What showed that the leader still led; not there if nobody was asked, or it is not known. */
  readonly proof?: ReadProof;
}

/** One request to the store. */
export type KvOperation = Operation<KvRequest, KvAnswer>;

/** The command that an operation carries, or null if it is a read. */
export function commandOf({ request }: KvOperation): Command | null {
  return request.kind === "read" ? null : request;
}

/** The answer to an operation's command, if it has one. */
export function appliedOf({ outcome }: KvOperation): AppliedAnswer | null {
  if (outcome.kind !== "answered" || outcome.answer.kind !== "applied") return null;
  return outcome.answer;
}

/** The revision an answer speaks of; null if it speaks of none. */
export function revisionOf(answer: KvAnswer): number | null {
  if (answer.kind === "read") return answer.revision;
  return answer.result.kind === "refused" ? null : answer.result.revision;
}

/** Whether an answer is that of an earlier sending. */
export function isRepeated(result: CommandResult): boolean {
  return "replayed" in result && result.replayed === true;
}

/** Whether `key` lies in the range. */
export function isWithin({ start, end }: KeyRange, key: Key): boolean {
  return key >= start && (end === null || key < end);
}

/** Whether two answers say the same, field by field and byte by byte. */
export function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    const areBytes = a instanceof Uint8Array && b instanceof Uint8Array;
    return areBytes && isSameBytes(a, b);
  }
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  for (const name of Object.keys(left)) if (!isSame(left[name], right[name])) return false;
  for (const name of Object.keys(right)) {
    // A field that is undefined is no other answer than one that is not there.
    if (right[name] !== undefined && left[name] === undefined) return false;
  }
  return true;
}
