/**
 * Every limit of the store, once, and the relations between them.
 *
 * @module
 */

import { invariant } from "./assert.ts";

/** The limits, with their units in their names. */
export const LIMITS: {
  /** Longest key in bytes. */
  readonly keyBytesMax: number;
  /** Largest value in bytes. */
  readonly valueBytesMax: number;
  /** Largest request body in bytes. */
  readonly requestBytesMax: number;
  /** Most operations in one commit, those of nested ones and of both branches included. */
  readonly commitOperationsMax: number;
  /** Most comparisons in one commit, those of nested ones included. */
  readonly commitComparesMax: number;
  /** How deep commits may be nested; 1 if not at all. */
  readonly commitDepthMax: number;
  /** Most keys that one commit may delete by ranges, and most that it may compare by ranges. */
  readonly commitRangeKeysMax: number;
  /** Most bytes of the keys that one commit may delete by ranges. */
  readonly commitRangeKeyBytesMax: number;
  /** Most bytes of values that one commit may compare: of each key as many as the operand has. */
  readonly commitCompareBytesMax: number;
  /** Most bytes of keys and values in the answer to one commit. */
  readonly commitAnswerBytesMax: number;
  /** Most records in the answer to one commit. */
  readonly commitAnswerRecordsMax: number;
  /** Largest encoded command in bytes. */
  readonly commandBytesMax: number;
  /** Most bytes of entries in one append message, unless a single entry is larger. */
  readonly appendBytesMax: number;
  /** Largest message between peers in bytes. */
  readonly messageBytesMax: number;
  /** Size of one snapshot chunk in bytes. */
  readonly snapshotChunkBytes: number;
  /** Room on the disk that a node holds back for what frees some, in bytes. */
  readonly reserveBytes: number;
  /** Size at which a log segment is closed, in bytes. */
  readonly segmentBytesMax: number;
  /** Page length of a list when none is asked for. */
  readonly listItemsDefault: number;
  /** Longest page of a list. */
  readonly listItemsMax: number;
  /** A page ends early once its keys and values pass this many bytes. */
  readonly listBytesMax: number;
  /** Most sessions remembered; part of the replicated state machine, equal on every node. */
  readonly sessionsMax: number;
  /** Answers remembered for one session: how many requests it may have under way. */
  readonly sessionAnswersMax: number;
  /** Most bytes of keys and values in all remembered answers, those of the session in use aside. */
  readonly sessionsBytesMax: number;
  /** Longest idempotency key in bytes. */
  readonly idempotencyKeyBytesMax: number;
  /** Most idempotency keys remembered; replicated like the sessions. */
  readonly idempotencyKeysMax: number;
  /** Most bytes of idempotency keys and of keys and values in their answers. */
  readonly idempotencyBytesMax: number;
  /** For how long an idempotency key is remembered at most, in replicated time. */
  readonly idempotencyAgeMsMax: number;
  /** Longest time to live of a lease in milliseconds. */
  readonly leaseTtlMsMax: number;
  /** Most keys of one lease: they all end in one step. */
  readonly leaseKeysMax: number;
  /** Most bytes of the keys of one lease. */
  readonly leaseKeyBytesMax: number;
  /** A session unused for longer than this, in replicated time, is forgotten. */
  readonly sessionIdleMsMax: number;
} = {
  keyBytesMax: 2_048,
  valueBytesMax: 1_048_576,
  requestBytesMax: 1_572_864,
  commitOperationsMax: 128,
  commitComparesMax: 128,
  commitDepthMax: 8,
  commitRangeKeysMax: 4_096,
  commitRangeKeyBytesMax: 524_288,
  commitCompareBytesMax: 4_194_304,
  commitAnswerBytesMax: 2_097_152,
  commitAnswerRecordsMax: 2_048,
  commandBytesMax: 1_703_936,
  appendBytesMax: 1_048_576,
  messageBytesMax: 4_194_304,
  snapshotChunkBytes: 1_048_576,
  reserveBytes: 4_194_304,
  segmentBytesMax: 67_108_864,
  listItemsDefault: 100,
  listItemsMax: 1_000,
  listBytesMax: 1_048_576,
  sessionsMax: 4_096,
  sessionAnswersMax: 64,
  sessionsBytesMax: 67_108_864,
  idempotencyKeyBytesMax: 255,
  idempotencyKeysMax: 65_536,
  idempotencyBytesMax: 67_108_864,
  idempotencyAgeMsMax: 86_400_000,
  leaseTtlMsMax: 1_000_000_000_000,
  leaseKeysMax: 4_096,
  leaseKeyBytesMax: 524_288,
  sessionIdleMsMax: 3_600_000,
};

invariant(
  LIMITS.keyBytesMax + LIMITS.valueBytesMax < LIMITS.requestBytesMax,
  "any legal pair fits in one request",
);
invariant(LIMITS.requestBytesMax < LIMITS.commandBytesMax, "any legal request fits in one command");
invariant(
  LIMITS.commandBytesMax < LIMITS.commitCompareBytesMax,
  "any comparisons of single keys are few enough",
);
invariant(
  LIMITS.appendBytesMax + LIMITS.commandBytesMax < LIMITS.messageBytesMax,
  "a full append and one more entry fit in one message",
);
invariant(
  LIMITS.commitAnswerBytesMax + LIMITS.valueBytesMax < LIMITS.messageBytesMax,
  "any answer fits in one message",
);
invariant(
  LIMITS.idempotencyKeyBytesMax + LIMITS.commitAnswerBytesMax + LIMITS.valueBytesMax <
    LIMITS.idempotencyBytesMax,
  "the answer just given is always remembered",
);
invariant(LIMITS.commandBytesMax < LIMITS.reserveBytes, "the reserve takes any command");
invariant(LIMITS.snapshotChunkBytes < LIMITS.messageBytesMax, "a chunk fits in one message");
invariant(LIMITS.messageBytesMax < LIMITS.segmentBytesMax, "any batch part fits in one segment");
