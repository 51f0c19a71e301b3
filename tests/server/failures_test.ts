import { assertEquals } from "@std/assert";
import { FAILURES, KvFailure } from "@raftkv/core/api";
import { isFailureCode } from "./failure_codes.ts";
import { appUnderTest, assertFailure } from "./app_under_test.ts";

const CODES = Object.keys(FAILURES).filter(isFailureCode);

Deno.test("what the node fails with goes out as the table says", async () => {
  const { port, request } = appUnderTest();
  for (const code of CODES) {
    port.failure = new KvFailure(code);
    const { status, retryable, outcome, meaning } = FAILURES[code];
    for (const init of [{}, { method: "DELETE" }]) {
      const answer = await request("/kv/k", init);
      const mayPass = status === 429 || status === 503;
      assertEquals(answer.headers.get("retry-after"), mayPass ? "1" : null, code);
      const { error } = await assertFailure(answer, status, code);
      assertEquals(error, { code, message: meaning, retryable, outcome });
    }
  }
});

Deno.test("a failure may know more of the outcome than the table", async () => {
  const { port, request } = appUnderTest();
  port.failure = new KvFailure("leadership_lost", "Another entry took its place.", "not_applied");
  const answer = await request("/kv/k", { method: "DELETE" });
  const { error } = await assertFailure(answer, 503, "leadership_lost");
  assertEquals([error.outcome, error.message], ["not_applied", "Another entry took its place."]);
});

Deno.test("of what nobody foresaw the client learns nothing and the operator all", async () => {
  const { port, request, internalErrors } = appUnderTest();
  port.failure = new Error("Cannot open /secret/path");
  const answer = await request("/kv/k");
  const { error } = await assertFailure(answer, 500, "internal");
  assertEquals(error, {
    code: "internal",
    message: FAILURES.internal.meaning,
    retryable: false,
    outcome: "unknown",
  });
  assertEquals(internalErrors, [port.failure]);
});

Deno.test("an answer of another kind than the question is an internal failure", async () => {
  const { port, request, internalErrors } = appUnderTest();
  port.result = { kind: "refused", reason: "malformed" };
  await assertFailure(await request("/kv/k", { method: "DELETE" }), 500, "internal");
  port.result = { kind: "session_opened", session: 1, revision: 1 };
  await assertFailure(await request("/kv/k", { method: "DELETE" }), 500, "internal");
  port.result = { kind: "committed", revision: 1, succeeded: true, results: [] };
  await assertFailure(await request("/sessions", { method: "POST" }), 500, "internal");
  assertEquals(internalErrors.length, 3);
});
