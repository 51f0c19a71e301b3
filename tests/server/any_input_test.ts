// Any text in the place of any parameter: what is none of its values is refused, with nobody asked.
// What is wrong by kinds, in every part of every request, is in tests/server/api_model_test.ts.

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { appUnderTest } from "./app_under_test.ts";

const PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  "/v1/kv/a": ["revision", "consistency", "timeout", "minRevision", "maxStaleness", "explain"],
  "/v1/kv": ["revision", "order", "limit", "keysOnly", "countOnly", "cursor", "timeout"],
  "/v1/leases": ["limit", "consistency", "minRevision"],
  "/v1/watch": ["revision", "prevKv", "only", "bookmark", "timeout"],
};
const somePlace = fc.constantFrom(
  ...Object.entries(PARAMETERS).flatMap(([path, names]) => names.map((name) => ({ path, name }))),
);
const TEXTS = ["", " ", "-1", "0.5", "1e3", "9007199254740992", "9223372036854775808", "\0", "é"];

Deno.test("a query that is right but for one parameter is refused, with nobody asked", async () => {
  const { request, port, internalErrors } = appUnderTest();
  await fc.assert(
    fc.asyncProperty(
      somePlace,
      fc.oneof(fc.constantFrom(...TEXTS, "x".repeat(2_048_000)), fc.string({ unit: "binary" })),
      async ({ path, name }, text) => {
        fc.pre(text.isWellFormed() && !/^(?:\d+(?:\.\d+)?(?:ms|s)?|true|false)$/.test(text));
        const answer = await request(`${path}?${name}=${encodeURIComponent(text)}`);
        const { error } = await answer.json();
        assertEquals(answer.status, 400, `${path} ${name}=${text.slice(0, 40)}`);
        assert(["invalid_argument", "invalid_cursor"].includes(error.code), error.code);
      },
    ),
    { numRuns: 300 },
  );
  assertEquals([port.reads, internalErrors], [[], []]);
});
