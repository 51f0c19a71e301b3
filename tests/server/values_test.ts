import { assertEquals } from "@std/assert";
import { LIMITS } from "@raftkv/core";
import { VALUE_DEPTH_MAX } from "../../server/stored_value.ts";
import { appUnderTest, assertFailure } from "./app_under_test.ts";

/** The text of the value as it goes out. */
async function echo(value: string): Promise<string> {
  const { put, request } = appUnderTest();
  const answer = await put("/kv/k", `{"value":${value}}`);
  assertEquals(answer.status, 200, value);
  const text = await (await request("/kv/k")).text();
  const from = text.indexOf('"value":') + '"value":'.length;
  return text.slice(from, text.indexOf(',"createRevision"'));
}

Deno.test("values come back digit for digit, however little a double holds", async () => {
  const values = [
    "12345678901234567890",
    "1e400",
    "-1e-400",
    "-0",
    "1.0",
    "1E+2",
    "0.1000000000000000055511151231257827",
    "9007199254740993",
    "true",
    "null",
    "[]",
    "{}",
    '{"b":1,"1":2,"a":3}',
    '{"__proto__":{"polluted":true}}',
    '{"a":1,"a":2}',
    '[12345678901234567890,{"n":1e400}]',
    '["white space stays in strings: \\t \\u0020 \\"quoted\\" \\\\",1]',
    '"\\ud800"',
  ];
  for (const value of values) assertEquals(await echo(value), value);
});

Deno.test("white space between tokens is not kept", async () => {
  const value = ' \n{ "a" : [ 1 ,\t2 , " x : { y " ] ,\r\n"b" : { } } ';
  assertEquals(await echo(value), '{"a":[1,2," x : { y "],"b":{}}');
});

Deno.test("text comes back character for character", async () => {
  for (const text of ["", "RaftKV", "é日😀", "\ufeffmark", '\0\n"\\/', "\u2028", "</script>"]) {
    assertEquals(JSON.parse(await echo(JSON.stringify(text))), text);
  }
});

Deno.test("the last of several values counts, be it text or not", async () => {
  assertEquals(await echo('1,"value":[ 2 ]'), "[2]");
  assertEquals(await echo('[1],"value":"two"'), '"two"');
  assertEquals(await echo('"one","val\\u0075e":2'), "2");
});

Deno.test("strings are stored as text, other JSON as JSON", async () => {
  const { port, put } = appUnderTest();
  await put("/kv/k", '{"value":"1"}');
  await put("/kv/k", '{"value":1}');
  const stored = port.proposals.map(({ command }) =>
    command.kind === "commit" && command.operations[0]?.kind === "put"
      ? [command.operations[0].encoding, new TextDecoder().decode(command.operations[0].value)]
      : null
  );
  assertEquals(stored, [["text", "1"], ["json", "1"]]);
});

Deno.test("a byte order mark before the body is passed over", async () => {
  const { put } = appUnderTest();
  assertEquals((await put("/kv/k", '\ufeff{"value":1}')).status, 200);
});

Deno.test("a value nests as deep as the limit and no deeper", async () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  assertEquals(await echo(nested(VALUE_DEPTH_MAX)), nested(VALUE_DEPTH_MAX));
  const { port, put } = appUnderTest();
  for (const depth of [VALUE_DEPTH_MAX + 1, 1_000 * VALUE_DEPTH_MAX]) {
    await assertFailure(await put("/kv/k", `{"value":${nested(depth)}}`), 400, "invalid_body");
    const objects = '{"a":'.repeat(depth) + "1" + "}".repeat(depth);
    await assertFailure(await put("/kv/k", `{"value":${objects}}`), 400, "invalid_body");
  }
  assertEquals(port.proposals, []);
});

Deno.test("a value is as large as the limit and no larger, counted in the bytes that are stored", async () => {
  const { port, put } = appUnderTest();
  const max = LIMITS.valueBytesMax;
  const accepted = [
    `{"value":"${"x".repeat(max)}"}`,
    `{"value":"${"é".repeat(max / 2)}"}`,
    `{ "value" : [ "${"x".repeat(max - 4)}" ] }`,
  ];
  for (const body of accepted) assertEquals((await put("/kv/k", body)).status, 200);
  const refused = [
    `{"value":"${"x".repeat(max + 1)}"}`,
    `{"value":"${"é".repeat(max / 2)}x"}`,
    `{"value":["${"x".repeat(max - 3)}"]}`,
  ];
  for (const body of refused) await assertFailure(await put("/kv/k", body), 413, "value_too_large");
  assertEquals(port.proposals.length, accepted.length);
});
