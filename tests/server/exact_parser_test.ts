import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { parseExactly } from "../../server/exact_parser.ts";
import { ExactNumber, JsonText } from "../../server/exact_values.ts";
import { appUnderTest, assertFailure } from "./app_under_test.ts";

/** With doubles in the place of exact numbers, and texts looked into. */
function plain(value: unknown): unknown {
  if (value instanceof ExactNumber) return Number(value.source);
  if (value instanceof JsonText) return JSON.parse(value.source);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
}

const someNumber = fc.constantFrom(
  ...["0", "-0", "1e5", "1E400", "0.10", "12345678901234567890", "9007199254740993", "-1.5e-7"],
  ...["9223372036854775807", "7"],
);
const someString = fc.oneof(
  fc.string({ unit: "binary" }).map((text) => JSON.stringify(text)),
  fc.constantFrom('"\\""', '"\\\\"', '"\\ud800"', '"a]}"', '"value"', '"\\u0076alue"', '""'),
);
// Names that are or hold a backslash are left out: having met one, the platform's parser may take another
// escaped name for it.
const someName = fc.constantFrom(
  ...['"value"', '"__proto__"', '"constructor"', '"\\u0076alue"', '""', '"é"', '"]}"', '"a b"'],
);
const someSpace = fc.constantFrom("", "", " ", "\n\t\r ");

const { json: someJson } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 5, depthSize: "small" },
    fc.oneof(someNumber, someString, fc.constantFrom("true", "false", "null")),
    fc.tuple(fc.array(fc.tuple(someSpace, tie("json"), someSpace)), someSpace).map((
      [items, space],
    ) => `[${items.map((item) => item.join("")).join(",")}${items.length === 0 ? space : ""}]`),
    fc.tuple(
      fc.uniqueArray(fc.tuple(someSpace, someName, someSpace, tie("json"), someSpace), {
        selector: ([, name]) => JSON.parse(name),
      }),
      someSpace,
    )
      .map(([members, space]) => {
        const texts = members.map(([a, name, b, value, c]) => `${a}${name}${b}:${b}${value}${c}`);
        return `{${texts.join(",")}${members.length === 0 ? space : ""}}`;
      }),
  ),
}));

Deno.test("every JSON is read as the platform reads it", () => {
  fc.assert(fc.property(someJson, someSpace, (text, space) => {
    const padded = `${space}${text}${space}`;
    assertEquals(plain(parseExactly(padded)), JSON.parse(padded));
  }));
});

Deno.test("every number keeps its digits, and is a double if that keeps them", () => {
  fc.assert(fc.property(fc.array(fc.oneof(someNumber, fc.double().map(String))), (given) => {
    const numbers = given.filter((text) => /\d/.test(text));
    const read = parseExactly(`[${numbers.join(" , ")}]`) as unknown[];
    const sources = read.map((each) => each instanceof ExactNumber ? each.source : String(each));
    assertEquals(sources, numbers);
    assert(
      read.every((each) => !(each instanceof ExactNumber) || `${+each.source}` !== each.source),
    );
  }));
});

Deno.test("a value in a list or an object is kept as its text, without white space", () => {
  const read = parseExactly('{"put": {"value": [1.0, {"2":1, "1":2}, "a b" ]}}');
  assertEquals(read, { put: { value: new JsonText('[1.0,{"2":1,"1":2},"a b"]') } });
});

/** Bodies near the largest size that are slow to look into. */
const HEAVY = {
  "numbers within a value": [`{"put":{"key":"a","value":[${"1.5,".repeat(250_000)}1]}}`, 200, ""],
  "operations without end": [`1${",1".repeat(700_000)}`, 400, "too_many_operations"],
  "empty operations": [`{}${",{}".repeat(480_000)}`, 400, "too_many_operations"],
  "nested operations": [
    `{"txn":{"success":[1${",1".repeat(700_000)}]}}`,
    400,
    "too_many_operations",
  ],
} as const;

Deno.test("a body of the largest size, whatever is in it, is answered without a reviver's seconds", async () => {
  const { request } = appUnderTest();
  // Against what the platform needs to read as much, in the same turn of the same machine.
  const platformMs = timed(() => void JSON.parse(`[1${",1".repeat(700_000)}]`));
  for (const [name, [operations, status, code]] of Object.entries(HEAVY)) {
    const body = `{"success":[${operations}]}`;
    const startMs = performance.now();
    const answer = await request("/v1/txn", { method: "POST", body });
    const spentMs = performance.now() - startMs;
    if (status === 200) assertEquals(answer.status, 200, name);
    else await assertFailure(answer, status, code);
    assert(spentMs < 1_000 + 60 * platformMs, `${name}: ${spentMs} ms, platform ${platformMs} ms`);
  }
});

function timed(work: () => void): number {
  const startMs = performance.now();
  work();
  return performance.now() - startMs;
}
