import { assertEquals } from "@std/assert";
import { pcg32 } from "@raftkv/core";
import { elementTexts, memberText, nestsDeeperThan } from "../../server/json_text.ts";

const random = pcg32(20);
const pick = <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)]!;

/** Tokens of a random value: joined by nothing they are its compact text. */
function tokens(depth: number): string[] {
  const kind = depth === 0 ? 0 : Math.floor(random() * 3);
  if (kind === 0) {
    return [pick(['"a b"', '"\\""', '"\\\\"', '": {["', "1e400", "-0", "null", '""'])];
  }
  const parts: string[] = [];
  for (let left = Math.floor(random() * 4); left > 0; left--) {
    if (parts.length > 0) parts.push(",");
    if (kind === 1) parts.push(pick(['"k"', '"}"', '"\\"k"']), ":");
    parts.push(...tokens(depth - 1));
  }
  return kind === 1 ? ["{", ...parts, "}"] : ["[", ...parts, "]"];
}

Deno.test("white space goes and nothing else does", () => {
  for (let round = 0; round < 2_000; round++) {
    const value = tokens(4);
    const spaced = ["{", '"value"', ":", ...value, "}"]
      .map((token) => pick(["", " ", "\n\t", "\r  "]) + token).join("") + pick(["", " \n"]);
    JSON.parse(spaced);
    assertEquals(memberText(spaced, "value"), value.join(""));
  }
});

Deno.test("any text is read to its end, once", () => {
  for (const unit of ['"', "\\", '\\"', '"\\', "{", "}", "[", "]", ":", " ", "x", '{"', '" "']) {
    for (const text of [unit.repeat(300_000), `{"value":${unit.repeat(300_000)}`]) {
      memberText(text, "value");
      elementTexts(text);
      nestsDeeperThan(text, 1_000_000);
    }
  }
});

Deno.test("the last member of a name counts, however the name is written", () => {
  const text = '{ "a": [1, {"value": 2}], "value": 3, "val\\u0075e" : { "b" : [4, 5] } , "c": 6 }';
  assertEquals(memberText(text, "value"), '{"b":[4,5]}');
  assertEquals(memberText(text, "d"), undefined);
  assertEquals(elementTexts('[{"a":[1,2]}, "],[" ,3]'), ['{"a":[1,2]}', ' "],[" ', "3"]);
});

Deno.test("depth is counted to the limit, outside of strings alone", () => {
  for (const text of ["[[]]", '[{"a":1}]', '["[[[", {}]', "[],[[]]"]) {
    assertEquals([nestsDeeperThan(text, 2), nestsDeeperThan(text, 1)], [false, true]);
  }
});
