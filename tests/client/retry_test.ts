import { assert, assertEquals } from "@std/assert";
import { type FailureCode, FAILURES } from "@raftkv/core/api";
import {
  type AttemptFailure,
  attemptLimitMs,
  backoffMs,
  decideRetry,
  type RequestKind,
} from "../../client/retry.ts";

type Decided = ReturnType<typeof decideRetry>["kind"];

const CODES = Object.keys(FAILURES).filter((code): code is FailureCode => code in FAILURES);

const answered = (code: FailureCode): AttemptFailure => ({
  kind: "answered",
  code,
  message: "",
  retryable: FAILURES[code].retryable,
  outcome: FAILURES[code].outcome,
});

const refused: AttemptFailure = { kind: "refused", message: "" };
const lost: AttemptFailure = { kind: "lost", message: "" };
const page = (status: number): AttemptFailure => ({ kind: "unrecognized", message: "", status });

function decide(
  failure: AttemptFailure,
  { request = "write", mayBeApplied = false, elapsedMs = 0 }: {
    request?: RequestKind;
    mayBeApplied?: boolean;
    elapsedMs?: number;
  } = {},
): ReturnType<typeof decideRetry> {
  return decideRetry({
    failure,
    request,
    mayBeApplied,
    elapsedMs,
    attempts: 1,
    timeoutMs: 1_000,
    random: 0.5,
  });
}

/** What follows: for a read, for a write's first attempt, and for one after a lost attempt. */
const TABLE: readonly (readonly [AttemptFailure, Decided, Decided, Decided])[] = [
  [refused, "again", "again", "again"],
  [lost, "again", "again", "again"],
  [answered("invalid_json"), "give_up", "give_up", "unknown"],
  [answered("invalid_body"), "give_up", "give_up", "unknown"],
  [answered("invalid_key"), "give_up", "give_up", "unknown"],
  [answered("invalid_argument"), "give_up", "give_up", "unknown"],
  [answered("invalid_cursor"), "give_up", "give_up", "unknown"],
  [answered("invalid_session"), "give_up", "give_up", "unknown"],
  [answered("idempotency_key_reused"), "give_up", "give_up", "unknown"],
  [answered("too_many_operations"), "give_up", "give_up", "unknown"],
  [answered("duplicate_key"), "give_up", "give_up", "unknown"],
  [answered("range_too_large"), "give_up", "give_up", "unknown"],
  [answered("not_an_integer"), "give_up", "give_up", "unknown"],
  [answered("out_of_range"), "give_up", "give_up", "unknown"],
  [answered("precondition_failed"), "give_up", "give_up", "unknown"],
  [answered("lease_not_found"), "give_up", "give_up", "unknown"],
  [answered("lease_exists"), "give_up", "give_up", "unknown"],
  [answered("lease_full"), "give_up", "give_up", "unknown"],
  [answered("future_revision"), "give_up", "give_up", "unknown"],
  [answered("compacted"), "give_up", "give_up", "unknown"],
  [answered("key_not_found"), "give_up", "give_up", "unknown"],
  [answered("route_not_found"), "give_up", "give_up", "unknown"],
  [answered("method_not_allowed"), "give_up", "give_up", "unknown"],
  [answered("session_expired"), "give_up", "again_in_new_session", "unknown"],
  [answered("body_too_large"), "give_up", "give_up", "unknown"],
  [answered("value_too_large"), "give_up", "give_up", "unknown"],
  [answered("overloaded"), "again", "again", "again"],
  [answered("no_leader"), "again", "again", "again"],
  [answered("leadership_lost"), "again", "again", "again"],
  [answered("timeout"), "again", "again", "again"],
  [answered("stopping"), "again", "again", "again"],
  [answered("storage_full"), "again", "again", "again"],
  [answered("internal"), "give_up", "unknown", "unknown"],
  [page(200), "give_up", "unknown", "unknown"],
  [page(302), "give_up", "unknown", "unknown"],
  [page(403), "give_up", "give_up", "unknown"],
  [page(429), "again", "again", "again"],
  [page(502), "again", "again", "again"],
];

Deno.test("every failure has its row in the table of this test", () => {
  const codes = TABLE.flatMap(([failure]) => failure.kind === "answered" ? [failure.code] : []);
  assertEquals(codes.toSorted(), CODES.toSorted());
});

Deno.test("what follows a failure depends on its kind, on the request and on earlier attempts", () => {
  for (const [failure, read, firstWrite, laterWrite] of TABLE) {
    const name = JSON.stringify(failure);
    assertEquals(decide(failure, { request: "read" }).kind, read, `read: ${name}`);
    assertEquals(decide(failure).kind, firstWrite, `first write: ${name}`);
    assertEquals(decide(failure, { mayBeApplied: true }).kind, laterWrite, `later: ${name}`);
  }
});

Deno.test("at the deadline a write is unknown if any attempt may have reached a server", () => {
  const UNKNOWN_ALONE = new Set(["lost", "leadership_lost", "timeout", "502"]);
  for (const [failure, , firstWrite] of TABLE) {
    if (firstWrite !== "again" && firstWrite !== "again_in_new_session") continue;
    const name = failure.kind === "answered"
      ? failure.code
      : failure.kind === "unrecognized"
      ? `${failure.status}`
      : failure.kind;
    const outcome = UNKNOWN_ALONE.has(name) ? "unknown" : "not_applied";
    assertEquals(decide(failure, { elapsedMs: 990 }), { kind: "timeout", outcome }, name);
    if (firstWrite === "again_in_new_session") continue;
    assertEquals(decide(failure, { elapsedMs: 990, mayBeApplied: true }), {
      kind: "timeout",
      outcome: "unknown",
    });
    assertEquals(decide(failure, { elapsedMs: 990, request: "read" }), {
      kind: "timeout",
      outcome: "not_applied",
    });
  }
});

Deno.test("waits grow to a bound, and chance spreads each over its whole range", () => {
  assertEquals(backoffMs(1, 0), 0);
  assertEquals(backoffMs(1, 1), 25);
  assertEquals(backoffMs(4, 0.5), 100);
  assertEquals(backoffMs(1_000, 1), 1_000);
});

Deno.test("an attempt never takes longer than what is left, nor all of a long time", () => {
  assertEquals(attemptLimitMs(400), 400);
  assertEquals(attemptLimitMs(2_000), 1_000);
  assertEquals(attemptLimitMs(9_000), 3_000);
  for (let leftMs = 1; leftMs < 20_000; leftMs += 7) assert(attemptLimitMs(leftMs) <= leftMs);
});
