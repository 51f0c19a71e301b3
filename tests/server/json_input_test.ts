import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { KvFailure } from "@raftkv/core/api";
import { ExactNumber, JsonText } from "../../server/exact_values.ts";
import { JsonBuilder, REQUEST_PARTS_MAX } from "../../server/json_builder.ts";
import { JsonInput, SLICE_UNITS } from "../../server/json_input.ts";
import { BODY_DEPTH_MAX, JsonReader } from "../../server/json_reader.ts";
import { appUnderTest, assertFailure } from "./app_under_test.ts";

function read(text: string): JsonInput {
  const input = new JsonInput(text);
  while (!input.readSlice());
  return input;
}

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
  ...["9223372036854775807", "7", "10.25E+2"],
);
const someString = fc.oneof(
  fc.string({ unit: "binary" }).map((text) => JSON.stringify(text)),
  fc.constantFrom('"\\""', '"\\\\"', '"\\ud800"', '"a]}"', '"value"', '"\\u0076alue"', '""'),
  fc.constantFrom('"\\/\\b\\f\\n\\r\\t\\uAbC0"', '"\u2028"'),
);
// Names that are or hold a backslash are left out: having met one, the platform's parser may take
// another escaped name for it.
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
    assertEquals(plain(read(padded).result), JSON.parse(padded));
  }));
});

/** JSON with a character changed, left out or put in, and what is no JSON at all. */
const nearlyJson = fc.oneof(
  fc.tuple(someJson, fc.nat(), fc.nat(2), fc.constantFrom(...'{}[]:,"\\ \n0-+.eEtfnu\0a/\u00a0'))
    .map(([text, place, left, put]) => {
      const at = place % (text.length + 1);
      return text.slice(0, at) + put + text.slice(at + left);
    }),
  fc.string({ unit: fc.constantFrom(...'{}[]:,"\\ \n01-+.eEtrufalsn') }),
);

Deno.test("what is JSON, and what is not, is what the platform says", () => {
  fc.assert(
    fc.property(nearlyJson, (text) => {
      const isJson = isRead(() => JSON.parse(text));
      assertEquals(isRead(() => read(text)), isJson, text);
    }),
    { numRuns: 3_000 },
  );
});

function isRead(attempt: () => void): boolean {
  try {
    attempt();
    return true;
  } catch (thrown) {
    assert(thrown instanceof SyntaxError || thrown instanceof KvFailure);
    if (thrown instanceof KvFailure) assertEquals(thrown.code, "invalid_json");
    return false;
  }
}

Deno.test("wherever a slice ends, the whole says the same", () => {
  fc.assert(fc.property(fc.oneof(someJson, nearlyJson), fc.integer({ min: 1, max: 9 }), (
    text,
    units,
  ) => {
    const outcome = (unitsEach: number) => {
      const builder = new JsonBuilder(text);
      const reader = new JsonReader(text, builder);
      let slices = 1;
      try {
        for (; !reader.read(unitsEach); slices++) assert(slices <= text.length);
      } catch (thrown) {
        assert(thrown instanceof KvFailure);
        return thrown.message;
      }
      return builder.result;
    };
    assertEquals(outcome(units), outcome(text.length + 1));
  }));
});

Deno.test("a value keeps each digit of its number; elsewhere a double will do if it can", () => {
  fc.assert(fc.property(fc.oneof(someNumber, fc.double().map(String)), (number) => {
    fc.pre(/\d/.test(number));
    const { value, delta } = read(`{"value":${number},"delta":${number}}`).result as {
      readonly [name: string]: unknown;
    };
    assertEquals(value instanceof ExactNumber ? value.source : String(value), number);
    const isLarge = !(Math.abs(Number(number)) <= Number.MAX_SAFE_INTEGER);
    assertEquals(delta, isLarge ? new ExactNumber(number) : Number(number));
  }));
});

Deno.test("an array or object as a value is kept as its text, with its depth", () => {
  const { result } = read('{"put": {"value": [1.0, {"2":1, "1":[]}, "a b" ]}, "x": [[1]]}');
  const value = new JsonText('[1.0, {"2":1, "1":[]}, "a b" ]', 3);
  assertEquals(result, { put: { value }, x: [[1]] });
});

Deno.test("nesting is read to the limit, outside of strings alone", () => {
  const nested = (depth: number, inner: string) => "[".repeat(depth) + inner + "]".repeat(depth);
  assertEquals(
    read(nested(BODY_DEPTH_MAX, '"[["')).result,
    JSON.parse(nested(BODY_DEPTH_MAX, '"[["')),
  );
  for (const text of [nested(BODY_DEPTH_MAX + 1, ""), "[".repeat(1_500_000), '{"a":'.repeat(300)]) {
    const failure = assertThrows(() => read(text), KvFailure);
    assertEquals(failure.code, "invalid_body");
  }
});

Deno.test("of a request no more parts are made than any may have, values aside", () => {
  const ones = (count: number) => `[${"1,".repeat(count - 1)}1]`;
  const whole = `{"value":${ones(100_000)},"x":${ones(REQUEST_PARTS_MAX - 2)}}`;
  const cut = `{"id":7,"x":${ones(1_000_000)},"y":{"z":[{}]}}`;
  for (const [text, isWhole] of [[whole, true], [cut, false]] as const) {
    const input = read(text);
    const demand = () => input.demandWhole(input.result, ["too_many_operations"]);
    if (isWhole) demand();
    else assertEquals(assertThrows(demand, KvFailure).code, "too_many_operations");
  }
  const { x } = read(cut).result as { readonly x: readonly number[] };
  assertEquals(x.length, REQUEST_PARTS_MAX - 2);
  // In a frame of many messages each counts for itself.
  const frame = read(`[${cut},${whole},{"id":8}]`);
  const [first, second, third] = frame.result as readonly [unknown, unknown, unknown];
  frame.demandWhole(second, []);
  frame.demandWhole(third, []);
  assertEquals(assertThrows(() => frame.demandWhole(first, []), KvFailure).code, "invalid_body");
  assertEquals(third, { id: 8 });
  assertEquals(assertThrows(() => read(ones(1_000_000)), KvFailure).code, "invalid_body");
});

/** Bodies of about the largest size that are slow to look into. */
const HEAVY = {
  "numbers within a value": [`{"put":{"key":"a","value":[${"1.5,".repeat(250_000)}1]}}`, 200, ""],
  "escapes within a value": [`{"put":{"key":"a","value":"${"\\n".repeat(500_000)}"}}`, 200, ""],
  "operations without end": [`1${",1".repeat(700_000)}`, 400, "too_many_operations"],
  "empty operations": [`{}${",{}".repeat(480_000)}`, 400, "too_many_operations"],
  "nested operations": [
    `{"txn":{"success":[1${",1".repeat(700_000)}]}}`,
    400,
    "too_many_operations",
  ],
  "names without end": [
    `{${Array.from({ length: 130_000 }, (_, at) => `"${at}":1`).join(",")}}`,
    400,
    "too_many_operations",
  ],
} as const;

Deno.test("a body of the largest size, whatever is in it, is read by as many slices as it has room for", async () => {
  for (const [name, [operations, status, code]] of Object.entries(HEAVY)) {
    const body = `{"success":[${operations}]}`;
    // Every call counts what lies between two of them, too.
    let place = 0;
    let longest = 0;
    const see = (_: unknown, end: number) => {
      longest = Math.max(longest, end - place);
      place = end;
    };
    const nothing = () => {};
    const sink = { onOpen: see, onClose: nothing, onPart: see, onName: see, onString: see };
    const reader = new JsonReader(body, { ...sink, onNumber: see, onLiteral: nothing });
    let slices = 1;
    while (!reader.read(SLICE_UNITS)) slices++;
    assert(longest <= SLICE_UNITS, `${name}: ${longest}`);
    assertEquals(slices, Math.ceil(body.length / SLICE_UNITS), name);
    const { request } = appUnderTest();
    const answer = await request("/v1/txn", { method: "POST", body });
    if (status === 200) assertEquals(answer.status, 200, name);
    else await assertFailure(answer, status, code);
  }
});
