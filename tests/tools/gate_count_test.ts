import { assertEquals } from "@std/assert";
import { countOf } from "../../tools/gate/count.ts";

Deno.test("a step without tests counts as one", () => {
  assertEquals(countOf("Checked 12 files", true), { passed: 1, failed: 0 });
  assertEquals(countOf("error: Type checking failed.", false), { passed: 0, failed: 1 });
});

Deno.test("a step with tests counts them", () => {
  const output = "running 3 tests\n\nok | 12 passed (4 steps) | 0 failed | 1 ignored (34ms)";
  assertEquals(countOf(output, true), { passed: 12, failed: 0 });
  assertEquals(countOf("FAILED | 3 passed | 2 failed (1s)", false), { passed: 3, failed: 2 });
});

Deno.test("a step that fails after its last test still fails", () => {
  assertEquals(countOf("ok | 5 passed | 0 failed (1s)\nerror: leak", false), {
    passed: 5,
    failed: 1,
  });
});

Deno.test("no test at all is not a success of tests", () => {
  assertEquals(countOf("ok | 0 passed | 0 failed (0ms)", true), { passed: 0, failed: 0 });
});
