/**
 * How a failure becomes a response: the one place.
 *
 * @module
 */

import { CompactedFailure, type FailureBody, FAILURES, KvFailure } from "@raftkv/core/api";

/** A failure as it goes out. */
export interface FailureReply {
  /** The HTTP status. */
  readonly status: number;
  /** The body. */
  readonly json: string;
  /** Headers that this failure alone has. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Marks the answer to a write whose first sending was answered before. */
export const REPLAYED: Readonly<Record<string, string>> = { "idempotent-replayed": "true" };

/** A failure that an earlier sending of the same write was answered. */
export class ReplayedFailure extends KvFailure {
  /** Makes it of the failure of then. */
  constructor({ code, message, outcome }: KvFailure) {
    super(code, message, outcome);
  }
}

/** What a client is told of anything that was thrown: of what we did not foresee, only that. */
export function failureOf(thrown: unknown): KvFailure {
  return thrown instanceof KvFailure ? thrown : new KvFailure("internal");
}

/** The JSON of a failure. */
export function failureBody(failure: KvFailure): FailureBody {
  const { code, message, retryable, outcome } = failure;
  const detail = failure instanceof CompactedFailure
    ? { compactRevision: failure.compactRevision }
    : {};
  return { error: { code, message, retryable, outcome, ...detail } };
}

/** Status, body and own headers of a failure. */
export function failureReply(failure: KvFailure): FailureReply {
  const { status } = FAILURES[failure.code];
  const mayPass = status === 429 ||
    status === 503;
  return {
    status,
    json: JSON.stringify(failureBody(failure)),
    headers: {
      ...(mayPass ? { "retry-after": RETRY_AFTER_SECONDS } : {}),
      ...(failure instanceof ReplayedFailure ? REPLAYED : {}),
    },
  };
}

/** A failure met before the app: without the headers that only a node can fill in. */
export function failureResponse(failure: KvFailure): Response {
  const { status, json, headers } = failureReply(failure);
  return new Response(`${json}\n`, {
    status,
    headers: { "content-type": "application/json", ...headers },
  });
}

/** About an election: the shortest time after which asking again is not a waste. */
const RETRY_AFTER_SECONDS = "1";
