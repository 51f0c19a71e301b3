/**
 * Whether and when a failed attempt is made again, as a pure function.
 *
 * Every attempt of a write carries the same idempotency key, so repeating it is safe while its
 * session lives. What the attempts may have done is kept apart from what the last one said: a later
 * "not applied" says nothing about an earlier attempt whose answer was lost.
 *
 * @module
 */

import type { FailureCode, Outcome } from "@raftkv/core/api";

/**
 * Whether a request changes the store. Opening a session counts as a read: a second one is idle. A
 * change is harmless when it is made twice, but it is one. An order changes the cluster, and nothing
 * makes a second one harmless.
 */
export type RequestKind = "read" | "write" | "change" | "order";

/** How one attempt failed. */
export type AttemptFailure =
  /** No connection came about: the request certainly never left. */
  | { readonly kind: "refused"; readonly message: string }
  /** The connection broke, or no answer came in the attempt's time: it may have been carried out. */
  | { readonly kind: "lost"; readonly message: string }
  /** The server said no in the form of the failure table. */
  | {
    readonly kind: "answered";
    readonly code: FailureCode;
    readonly message: string;
    readonly retryable: boolean;
    readonly outcome: Outcome;
  }
  /** Something answered that does not speak this API. */
  | { readonly kind: "unrecognized"; readonly message: string; readonly status: number };

/** What the decision depends on. */
export interface RetryQuestion {
  readonly failure: AttemptFailure;
  readonly request: RequestKind;
  /** How many attempts were made, this one included. */
  readonly attempts: number;
  /** Whether an attempt under the same idempotency key, before this one, may have been applied. */
  readonly mayBeApplied: boolean;
  readonly elapsedMs: number;
  readonly timeoutMs: number;
  /** A number in [0, 1). */
  readonly random: number;
}

/** What to do after a failed attempt. */
export type RetryDecision =
  /** Wait, then send the same request under the same idempotency key. */
  | { readonly kind: "again"; readonly afterMs: number }
  /** Wait, then send the request in a new session: the old one is gone, and the write with it. */
  | { readonly kind: "again_in_new_session"; readonly afterMs: number }
  /** Report this failure; the write was certainly not applied. */
  | { readonly kind: "give_up" }
  /** Report this failure; the write may have been applied, or may still be. */
  | { readonly kind: "unknown" }
  /** Report that the time is over, with this outcome. */
  | { readonly kind: "timeout"; readonly outcome: Outcome };

/** The mean wait doubles from half of this… */
const BACKOFF_BASE_MS = 25;
/** …to half of this. */
const BACKOFF_MAX_MS = 1_000;
/** An attempt gets this share of what is left, so that a hung node leaves time for the others. */
const ATTEMPT_SHARE = 1 / 3;
/** Less than this is too little for an election or a slow disk on the other side. */
const ATTEMPT_MS_MIN = 1_000;
/** However long the caller would wait, a node that says nothing for this long is left. */
const ATTEMPT_MS_MAX = 70_000;
/** Of endless time there is no share: an attempt then gets what an election may take, twice over. */
const ATTEMPT_MS_ENDLESS = 5_000;

/** Decides what follows a failed attempt. */
export function decideRetry(question: RetryQuestion): RetryDecision {
  const { failure, request } = question;
  const unknown = request !== "read" &&
    (question.mayBeApplied || outcomeOf(failure) === "unknown");
  const verdict = verdictOf(question);
  if (verdict === "final") return { kind: unknown ? "unknown" : "give_up" };
  const afterMs = backoffMs(question.attempts, question.random);
  if (question.elapsedMs + afterMs >= question.timeoutMs) {
    return { kind: "timeout", outcome: unknown ? "unknown" : "not_applied" };
  }
  return { kind: verdict, afterMs };
}

/** What a failed attempt, taken alone, says about the write it carried. */
export function outcomeOf(failure: AttemptFailure): Outcome {
  switch (failure.kind) {
    case "refused":
      return "not_applied";
    case "lost":
      return "unknown";
    case "answered":
      return failure.outcome;
    case "unrecognized":
      // A gateway that answers 4xx has kept the request to itself.
      return isClientError(failure.status) ? "not_applied" : "unknown";
  }
}

/** Full jitter: anywhere between nothing and a bound that doubles, so that retries spread out. */
export function backoffMs(attempts: number, random: number): number {
  return random * Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** (attempts - 1));
}

/** How long one attempt may take when `remainingMs` are left for the request. */
export function attemptLimitMs(remainingMs: number): number {
  if (remainingMs === Infinity) return ATTEMPT_MS_ENDLESS;
  const share = Math.max(ATTEMPT_MS_MIN, remainingMs * ATTEMPT_SHARE);
  return Math.min(remainingMs, share, ATTEMPT_MS_MAX);
}

function verdictOf(question: RetryQuestion): "again" | "again_in_new_session" | "final" {
  const { failure, request, mayBeApplied } = question;
  if (request === "order" && outcomeOf(failure) === "unknown") return "final";
  switch (failure.kind) {
    case "refused":
    case "lost":
      return "again";
    case "answered":
      // After a lost answer an expired session cannot tell whether the write happened; in a new
      // session it might happen twice.
      if (failure.code === "session_expired" && request === "write" && !mayBeApplied) {
        return "again_in_new_session";
      }
      return failure.retryable ? "again" : "final";
    case "unrecognized":
      return failure.status >= 500 || failure.status === 429 ? "again" : "final";
  }
}

function isClientError(status: number): boolean {
  return status >= 400 && status < 500;
}
