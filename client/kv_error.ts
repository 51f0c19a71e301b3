/**
 * How a request of this client fails.
 *
 * @module
 */

import type { FailureCode, Outcome } from "@raftkv/core/api";

/**
 * The stable name of a failure: one of the server's, or `unrecognized` for an answer that is not of
 * RaftKV's API (a proxy's error page, another service at that address).
 */
export type KvErrorCode = FailureCode | "unrecognized";

/** What {@linkcode KvError} carries besides its message. */
export interface KvErrorDetail {
  /** The stable name of the failure. */
  readonly code: KvErrorCode;
  /** Whether the same request, sent again later, may succeed. */
  readonly retryable: boolean;
  /**
   * `not_applied` if the write certainly did not happen and will not, and for every read; `unknown`
   * if it may have happened, or may still happen.
   */
  readonly outcome: Outcome;
}

/** A request that failed, once every retry that could help has been made. */
export class KvError extends Error implements KvErrorDetail {
  /** Always `KvError`. */
  override readonly name = "KvError";
  /** The stable name of the failure. */
  readonly code: KvErrorCode;
  /** Whether the same request, sent again later, may succeed. */
  readonly retryable: boolean;
  /** What became of the write. */
  readonly outcome: Outcome;

  /**
   * Makes the error.
   *
   * @param message One sentence for a person.
   */
  constructor(message: string, detail: KvErrorDetail) {
    super(message);
    this.code = detail.code;
    this.retryable = detail.retryable;
    this.outcome = detail.outcome;
  }
}

/** What was found, or null if the reason for finding nothing is this one. */
export async function orNull<T>(code: KvErrorCode, found: Promise<T>): Promise<T | null> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof KvError && error.code === code) return null;
    throw error;
  }
}
