// Requests that are right but for one thing: each gets a documented code, and nothing changes.

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { FAILURES } from "@raftkv/core/api";
import { appUnderTest } from "./app_under_test.ts";
import { isFailureCode } from "./failure_codes.ts";

/** What no field takes, whatever it is for: sent as JSON in bodies, and as text in queries. */
const JUNK: readonly unknown[] = [
  ...[-1, 0.5, 2 ** 53, 2 ** 63, -(2 ** 63), 1e400, true, null, "", " ", "\0", "\ud800", "1e3"],
  ...["9007199254740992", "9223372036854775808", "-9223372036854775809", "x".repeat(2_049)],
  ...["x".repeat(2_048_000), [], {}, [[]], { key: 1 }, { a: { b: {} } }],
];

interface Field {
  readonly method: string;
  readonly path: string;
  /** A request but for one field of its body, or of its query if it has no body. */
  readonly rest: Readonly<Record<string, unknown>>;
  readonly name: string;
  /** Of the junk, what this field takes after all. */
  readonly takes?: (junk: unknown) => boolean;
}

const isWholeText = (junk: unknown) => typeof junk === "string" && /^-?\d+$/.test(junk);
const inBody = (method: string, path: string, rest: Field["rest"], names: readonly string[]) =>
  names.map((name): Field => ({ method, path, rest, name }));

const FIELDS: readonly Field[] = [
  ...inBody("POST", "/v1/increment", { key: "n" }, ["delta", "min", "max"]).map((field) => ({
    ...field,
    takes: (junk: unknown) => junk === -1 || junk === 2 ** 53 || junk === "9007199254740992",
  })),
  ...inBody("POST", "/v1/leases", { ttl: 60 }, ["ttl", "lease"]),
  ...inBody("POST", "/v1/compact", {}, ["revision"]),
  ...inBody("POST", "/v1/txn", {}, ["compare", "success", "failure"]).map((field) => ({
    ...field,
    takes: (junk: unknown) => Array.isArray(junk) && junk.length === 0,
  })),
  ...inBody("POST", "/v1/txn", {}, ["unknown", "constructor", "__proto__"]),
  ...inBody("PUT", "/v1/kv/a", { value: 1 }, ["ttl", "lease", "prevKv", "encoding", "extra"]),
];

Deno.test("a body that is right but for one field is refused by a documented code, with nothing changed", async () => {
  const { request, port, internalErrors } = appUnderTest();
  for (const { method, path, rest, name, takes = () => false } of FIELDS) {
    for (const junk of JUNK) {
      if (takes(junk) || (isWholeText(junk) && takes(Number(junk)))) continue;
      const { revision } = port.status();
      const body = JSON.stringify({ ...rest, ...JSON.parse(`{${JSON.stringify(name)}:null}`) })
        .replace(`${JSON.stringify(name)}:null`, `${JSON.stringify(name)}:${jsonOf(junk)}`);
      const answer = await request(path, { method, body });
      const { error } = await answer.json();
      const code: string = error?.code ?? "";
      assert(isFailureCode(code), `${path} ${body.slice(0, 200)}: ${answer.status}`);
      assertEquals([answer.status, error.outcome], [FAILURES[code].status, "not_applied"]);
      assert(answer.status >= 400 && answer.status < 500, code);
      assertEquals([port.status().revision, internalErrors], [revision, []]);
    }
  }
});

/** JSON has no word for what lies beyond doubles, and a body may say it all the same. */
function jsonOf(junk: unknown): string {
  return junk === Infinity ? "1e400" : JSON.stringify(junk);
}

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
