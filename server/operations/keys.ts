/**
 * What every operation on keys has in common: which keys are meant, on what condition, under which
 * name a repetition is known, and the one commit that all writes are.
 *
 * @module
 */

import { KvFailure } from "@raftkv/core/api";
import {
  type CommitCommand,
  commitFault,
  type Committed,
  type Compare,
  type Key,
  KEY_FIRST,
  keyAfter,
  type KeyRange,
  type OnceRef,
  type Operation as KvOperation,
  type OperationResult,
  prefixEnd,
} from "@raftkv/core/kv";
import * as z from "zod";
import { ReplayedFailure } from "../failures.ts";
import { type Accepted, type Answer, type ProposeAsk, unexpected } from "./ask.ts";
import { bound, type CallFields, callOf, rule } from "./fields.ts";
import { onceOf } from "./once.ts";

/** The fields that name a range. */
export const RANGE = {
  prefix: bound.optional().meta({ description: "The beginning of the keys; bytes, not a path." }),
  start: bound.optional().meta({ description: "The first key of the range." }),
  end: bound.optional().meta({ description: "The first key behind the range." }),
};

/** What the fields of a range hold. */
export interface RangeFields {
  readonly prefix?: Key | undefined;
  readonly start?: Key | undefined;
  readonly end?: Key | undefined;
}

/**
 * The range of a `prefix`, or of `start` and `end`: all keys if none is given.
 *
 * @throws {KvFailure} `invalid_argument`
 */
export function rangeOf({ prefix, start, end }: RangeFields): KeyRange {
  if (prefix === undefined) return { start: start ?? KEY_FIRST, end: end ?? null };
  if (start === undefined && end === undefined) return { start: prefix, end: prefixEnd(prefix) };
  throw new KvFailure("invalid_argument", "A range is a prefix, or start and end, not both.");
}

const TAG = rule("is * or one revision in quotes");

/** `*`, or a revision; over HTTP as an entity tag, in quotes. */
const entityTag = z.union([
  z.literal("*", TAG),
  z.int(TAG).min(1, TAG),
  z.string(TAG).regex(/^"\d{1,16}"$/, TAG).transform((tag) => Number(tag.slice(1, -1)))
    .refine(Number.isSafeInteger, TAG),
], TAG).optional();

/** The conditions of a write. */
export const CONDITIONS = {
  ifMatch: entityTag.meta({
    description: "Do it only if the key's last revision is this one; with `*`, if it is there.",
  }),
  ifNoneMatch: entityTag.meta({
    description:
      "Do it only if the key's last revision is not this one; with `*`, if it is not there.",
  }),
};

/** What a conditional write of one key is made of. */
export interface KeyWrite extends CallFields {
  readonly operation: KvOperation & { readonly key: Key };
  readonly ifMatch?: "*" | number | undefined;
  readonly ifNoneMatch?: "*" | number | undefined;
  readonly idempotencyKey?: OnceRef | undefined;
}

/** A commit of one operation that reads the key instead if its condition does not hold. */
export function writeAsk(
  write: KeyWrite,
  answer: (committed: Committed) => Answer,
): ProposeAsk {
  const { operation, ifMatch, ifNoneMatch } = write;
  const operations = [operation];
  // One operation on one key breaks no rule of commits.
  if (ifMatch === undefined && ifNoneMatch === undefined) {
    const command: CommitCommand = { kind: "commit", ...onceOf(write), operations };
    return { kind: "propose", command, ...callOf(write), answer: committedBy(answer) };
  }
  const { key } = operation;
  const compares = [...demand(key, ifMatch, true), ...demand(key, ifNoneMatch, false)];
  // What is read instead is for the failure to tell of.
  const otherwise: KvOperation[] = [{ kind: "get", key }];
  const name = onceOf(write);
  const command: CommitCommand = { kind: "commit", ...name, compares, operations, otherwise };
  return { kind: "propose", command, ...callOf(write), answer: committedBy(answer) };
}

/**
 * Any commit.
 *
 * @throws {KvFailure} `too_many_operations` or `duplicate_key`
 */
export function commitAsk(
  command: CommitCommand,
  call: CallFields,
  answer: (committed: Committed) => Answer,
): ProposeAsk {
  const fault = commitFault(command);
  if (fault !== null) {
    throw new KvFailure(fault === "duplicate_key" ? fault : "too_many_operations");
  }
  return { kind: "propose", command, ...callOf(call), answer: committedBy(answer) };
}

/**
 * The answer to the one operation of a commit.
 *
 * @throws {KvFailure} `precondition_failed` if its condition did not hold
 */
export function onlyResult<Kind extends OperationResult["kind"]>(
  committed: Committed,
  kind: Kind,
): Extract<OperationResult, { readonly kind: Kind }> {
  const { succeeded, results: [result] } = committed;
  if (!succeeded && result?.kind === "get") {
    const { record } = result;
    const found = record === null
      ? "The key is not there."
      : `Its revision is ${record.modRevision}.`;
    const failure = new KvFailure("precondition_failed", found);
    throw committed.replayed === true ? new ReplayedFailure(failure) : failure;
  }
  return result !== undefined && isOf(result, kind) ? result : unexpected(committed);
}

function committedBy(answer: (committed: Committed) => Answer): (accepted: Accepted) => Answer {
  return (accepted) => accepted.kind === "committed" ? answer(accepted) : unexpected(accepted);
}

function demand(key: Key, tag: "*" | number | undefined, isPositive: boolean): Compare[] {
  if (tag === undefined) return [];
  const range = { start: key, end: keyAfter(key) };
  return tag === "*"
    // A key that is not there has version 0.
    ? [{ ...range, target: "version", relation: isPositive ? ">" : "=", operand: 0 }]
    : [{ ...range, target: "mod", relation: isPositive ? "=" : "!=", operand: tag }];
}

function isOf<Kind extends OperationResult["kind"]>(
  result: OperationResult,
  kind: Kind,
): result is Extract<OperationResult, { readonly kind: Kind }> {
  return result.kind === kind;
}
