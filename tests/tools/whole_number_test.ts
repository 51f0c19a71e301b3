import { assertEquals, assertThrows } from "@std/assert";
import { wholeNumber } from "../../tools/whole_number.ts";

Deno.test("a flag of a tool gives its number, and what is none is refused by its name", () => {
  assertEquals(wholeNumber("clients", { text: undefined, base: 64 }), 64);
  assertEquals(wholeNumber("clients", { text: "0", base: 64 }), 0);
  assertEquals(wholeNumber("clients", { text: "7", base: 64, min: 7 }), 7);
  for (const text of ["", " ", "many", "1.5", "-1", "1e3", "0x10", "Infinity", "9".repeat(20)]) {
    assertThrows(() => wholeNumber("clients", { text, base: 64 }), RangeError, "--clients");
  }
  assertThrows(() => wholeNumber("rounds", { text: "0", base: 1, min: 1 }), RangeError, "--rounds");
});
