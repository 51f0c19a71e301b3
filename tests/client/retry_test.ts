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

/** Codes after which there is something to do, or something in doubt. */
const SPECIAL: Partial<Record<FailureCode, readonly [Decided, Decided, Decided]>> = {
  session_expired: ["give_up", "again_in_new_session", "unknown"],
  overloaded: ["again", "again", "again"],
  no_leader: ["again", "again", "again"],
  leadership_lost: ["again", "again", "again"],
  timeout: ["again", "again", "again"],
  stopping: ["again", "again", "again"],
  too_stale: ["again", "again", "again"],
  revision_not_reached: ["again", "again", "again"],
  storage_full: ["again", "again", "again"],
  change_in_progress: ["again", "again", "again"],
  no_heir: ["again", "again", "again"],
  not_caught_up: ["again", "again", "again"],
  not_taken_over: ["again", "again", "again"],
  voters_unreachable: ["again", "again", "again"],
  internal: ["give_up", "unknown", "unknown"],
};

/** What follows: for a read, for a write's first attempt, and for one after a lost attempt. */
const TABLE: readonly (readonly [AttemptFailure, Decided, Decided, Decided])[] = [
  [refused, "again", "again", "again"],
  [lost, "again", "again", "again"],
  // Whoever is told that a request can do nothing, ever, has nothing to send again.
  ...CODES.filter((code) => !(code in SPECIAL)).map((code) =>
    [answered(code), "give_up", "give_up", "unknown"] as const
  ),
  ...Object.entries(SPECIAL).map(([code, row]) => [answered(code as FailureCode), ...row] as const),
  [page(200), "give_up", "unknown", "unknown"],
  [page(302), "give_up", "unknown", "unknown"],
  [page(403), "give_up", "give_up", "unknown"],
  [page(429), "again", "again", "again"],
  [page(502), "again", "again", "again"],
];

Deno.test("every failure that may be retried, or leaves a doubt, has a row of its own", () => {
  const marked = CODES.filter((code) =>
    FAILURES[code].retryable || FAILURES[code].outcome === "unknown"
  );
  assertEquals([...marked, "session_expired"].toSorted(), Object.keys(SPECIAL).toSorted());
});

Deno.test("what follows a failure depends on its kind, on the request and on earlier attempts", () => {
  for (const [failure, read, firstWrite, laterWrite] of TABLE) {
    const name = JSON.stringify(failure);
    assertEquals(decide(failure, { request: "read" }).kind, read, `read: ${name}`);
    assertEquals(decide(failure).kind, firstWrite, `first write: ${name}`);
    assertEquals(decide(failure, { mayBeApplied: true }).kind, laterWrite, `later: ${name}`);
  }
});

Deno.test("an order is repeated only while it certainly had no effect", () => {
  for (const failure of [lost, page(502), answered("timeout"), answered("leadership_lost")]) {
    assertEquals(decide(failure, { request: "order" }).kind, "unknown", JSON.stringify(failure));
  }
  for (const failure of [refused, answered("no_leader"), answered("change_in_progress")]) {
    assertEquals(decide(failure, { request: "order" }).kind, "again", JSON.stringify(failure));
  }
  const final = decide(answered("configuration_changed"), { request: "order" });
  assertEquals(final.kind, "give_up");
});

Deno.test("a change is repeated like a read, and its outcome told like a write's", () => {
  assertEquals(decide(lost, { request: "change" }).kind, "again");
  const late = decide(lost, { request: "change", elapsedMs: 990 });
  assertEquals(late, { kind: "timeout", outcome: "unknown" });
  const gone = answered("lease_not_found");
  assertEquals(decide(gone, { request: "change" }).kind, "give_up");
  assertEquals(decide(gone, { request: "change", mayBeApplied: true }).kind, "unknown");
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
  assertEquals(attemptLimitMs(3_600_000), 70_000);
  assertEquals(attemptLimitMs(Infinity), 5_000);
  for (let leftMs = 1; leftMs < 20_000; leftMs += 7) assert(attemptLimitMs(leftMs) <= leftMs);
});
