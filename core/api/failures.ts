/**
 * How a request can fail, in one table. Server, client, documents and tests all read it.
 *
 * @module
 */

/**
 * What became of a failed write: `not_applied` is certain; `unknown` means that it may have happened,
 * or may still happen.
 */
export type Outcome = "not_applied" | "unknown";

/** One row of {@linkcode FAILURES}. */
export interface FailureRow {
  /** The HTTP status it travels under. */
  readonly status: 400 | 403 | 404 | 405 | 409 | 410 | 412 | 413 | 422 | 429 | 500 | 503 | 507;
  /** Whether the same request, sent again later, may succeed. */
  readonly retryable: boolean;
  /** What became of the write, if it was one. */
  readonly outcome: Outcome;
  /** When it happens, in one sentence. */
  readonly meaning: string;
}

/** The stable name of a failure. */
export type FailureCode =
  | "invalid_json"
  | "invalid_body"
  | "invalid_key"
  | "invalid_argument"
  | "invalid_cursor"
  | "invalid_session"
  | "too_many_operations"
  | "duplicate_key"
  | "range_too_large"
  | "future_revision"
  | "forbidden_origin"
  | "key_not_found"
  | "lease_not_found"
  | "member_not_found"
  | "route_not_found"
  | "method_not_allowed"
  | "session_expired"
  | "idempotency_key_reused"
  | "lease_exists"
  | "lease_full"
  | "not_an_integer"
  | "out_of_range"
  | "compacted"
  | "precondition_failed"
  | "nothing_to_change"
  | "change_in_progress"
  | "configuration_changed"
  | "already_member"
  | "not_a_learner"
  | "not_caught_up"
  | "not_a_voter"
  | "no_voter_left"
  | "voters_unreachable"
  | "no_heir"
  | "not_taken_over"
  | "body_too_large"
  | "value_too_large"
  | "overloaded"
  | "no_leader"
  | "leadership_lost"
  | "timeout"
  | "stopping"
  | "too_stale"
  | "revision_not_reached"
  | "storage_full"
  | "internal";

/** Every failure: code, HTTP status, whether a retry may help, what became of the write. */
export const FAILURES: Readonly<Record<FailureCode, FailureRow>> = {
  invalid_json: row(400, "The body is not JSON."),
  invalid_body: row(400, "The body is JSON of another shape than the one asked for."),
  invalid_key: row(400, "The key is empty, longer than 2,048 bytes, or not percent-encoded UTF-8."),
  invalid_argument: row(400, "A query parameter or header is unknown, malformed or out of range."),
  invalid_cursor: row(400, "The cursor was not made by this API, or not for this prefix."),
  invalid_session: row(400, "The Idempotency-Key is not of the form session/sequence."),
  too_many_operations: row(
    400,
    "The transaction has more than 128 operations or comparisons, more than 4,096 fields besides values, or nests deeper than 8 levels.",
  ),
  duplicate_key: row(400, "The transaction may write a key twice."),
  range_too_large: row(
    400,
    "One transaction would delete or compare more than 4,096 keys by ranges, delete more than 524,288 bytes of keys so, compare more than 4,194,304 bytes of values, or answer with more than 2,048 keys or 2,097,152 bytes.",
  ),
  future_revision: row(400, "The store has not come to this revision."),
  forbidden_origin: row(403, "A browser's page of this origin may not change anything."),
  key_not_found: row(404, "There is no such key."),
  lease_not_found: row(404, "There is no such lease; it may have expired or been revoked."),
  member_not_found: row(404, "There is no such member."),
  route_not_found: row(404, "There is nothing at this path."),
  method_not_allowed: row(405, "The path exists, but not for this method."),
  session_expired: row(
    409,
    "The session is unknown or was forgotten, or the sequence is older than the answers kept for it.",
  ),
  idempotency_key_reused: row(422, "The Idempotency-Key stands for another request."),
  lease_exists: row(409, "A lease of this id exists."),
  lease_full: row(
    409,
    "The lease would get more than 4,096 keys, or more than 524,288 bytes of them.",
  ),
  not_an_integer: row(409, "The value to be incremented is not a 64-bit integer in JSON."),
  out_of_range: row(409, "The increment's result would leave its bounds, or 64 bits."),
  compacted: row(410, "This revision is no longer kept; `compactRevision` is the first that is."),
  precondition_failed: row(412, "The key is not as If-Match or If-None-Match demand."),
  nothing_to_change: row(400, "The members are as the change would make them."),
  change_in_progress: retryable(
    409,
    "not_applied",
    "Another change is not finished, or the leader has just been elected.",
  ),
  configuration_changed: row(409, "The members in force do not stand at `expectedIndex`."),
  already_member: row(409, "A member has this URL."),
  not_a_learner: row(409, "Only a learner can be promoted."),
  not_caught_up: retryable(409, "not_applied", "The learner lacks too much of the log to vote."),
  not_a_voter: row(409, "Only a voter can lead."),
  no_voter_left: row(409, "Nobody would be left to vote."),
  voters_unreachable: retryable(
    409,
    "not_applied",
    "Too few of the voters to be answer the leader.",
  ),
  no_heir: retryable(503, "not_applied", "No other voter has answered the leader lately."),
  not_taken_over: retryable(
    503,
    "not_applied",
    "The member did not take over in time; the leader leads on.",
  ),
  body_too_large: row(413, "The body is larger than 1,572,864 bytes."),
  value_too_large: row(413, "The value is larger than 1,048,576 bytes."),
  overloaded: retryable(429, "not_applied", "Too many writes are waiting; nothing was proposed."),
  no_leader: retryable(503, "not_applied", "No leader was found before the request's timeout."),
  leadership_lost: retryable(
    503,
    "unknown",
    "The leader changed while the write was on its way; it may still be committed.",
  ),
  timeout: retryable(503, "unknown", "The answer did not come before the request's timeout."),
  stopping: retryable(503, "not_applied", "The node is shutting down; ask another."),
  too_stale: retryable(
    503,
    "not_applied",
    "The node could not find out before the request's timeout that its state is as fresh as maxStaleness demands.",
  ),
  revision_not_reached: retryable(
    503,
    "not_applied",
    "The node did not come to minRevision before the request's timeout.",
  ),
  storage_full: retryable(
    507,
    "not_applied",
    "The leader's disk is full: for now it takes only what frees room.",
  ),
  internal: {
    status: 500,
    retryable: false,
    outcome: "unknown",
    meaning: "The node met a condition it was not built for.",
  },
};

function row(status: FailureRow["status"], meaning: string): FailureRow {
  return { status, retryable: false, outcome: "not_applied", meaning };
}

function retryable(status: FailureRow["status"], outcome: Outcome, meaning: string): FailureRow {
  return { status, retryable: true, outcome, meaning };
}

/** The JSON body of every failure. */
export interface FailureBody {
  /** What went wrong, and what it means for the request. */
  readonly error: {
    /** The stable name of the failure. */
    readonly code: FailureCode;
    /** One sentence for a person. */
    readonly message: string;
    /** Whether the same request, sent again later, may succeed. */
    readonly retryable: boolean;
    /** What became of the write, if it was one. */
    readonly outcome: Outcome;
    /** With `compacted`: the first revision that can still be read. */
    readonly compactRevision?: number;
  };
}

/** A request that failed for a reason of {@linkcode FAILURES}. */
export class KvFailure extends Error {
  /** Always `KvFailure`. */
  override readonly name = "KvFailure";
  /** The stable name of the failure. */
  readonly code: FailureCode;
  /** Whether the same request, sent again later, may succeed. */
  readonly retryable: boolean;
  /** What became of the write, if it was one. */
  readonly outcome: Outcome;

  /**
   * Makes the failure.
   *
   * @param code The stable name of the failure.
   * @param message One sentence for a person; the table's meaning if not given.
   * @param outcome What became of the write, where the caller knows better than the table.
   */
  constructor(code: FailureCode, message?: string, outcome?: Outcome) {
    super(message ?? FAILURES[code].meaning);
    this.code = code;
    this.retryable = FAILURES[code].retryable;
    this.outcome = outcome ?? FAILURES[code].outcome;
  }
}

/** What was asked for lies before the first revision that is kept. */
export class CompactedFailure extends KvFailure {
  /** The first revision that can still be read. */
  readonly compactRevision: number;

  /** Makes the failure. */
  constructor(compactRevision: number) {
    super("compacted", `Revisions before ${compactRevision} are no longer kept.`);
    this.compactRevision = compactRevision;
  }
}
