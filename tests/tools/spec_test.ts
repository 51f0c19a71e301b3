import { assertEquals } from "@std/assert";
import { untiedRules } from "../../tools/tidy/spec.ts";

/** Two rules, each kept in a file and defended by a test; what is given takes the place of files. */
function problemsWith(changed: Record<string, string> = {}): string[] {
  const files = {
    "docs/SPEC.md": [
      "# Rules",
      "- **E-1** One vote",
      "  a term. Source: §5.2. Kept in `core/vote.ts`, `core/disk.ts`. Tests:",
      "  `tests/vote_test.ts`, `tests/testdata/crash.txt`.",
      "",
      "## More",
      "",
      "- **R-12** No gap. Source: §5.3. Kept in `core/log.ts`. Tests: `tests/vote_test.ts`.",
      "",
      "Some last words about `core/nothing.ts`.",
    ].join("\n"),
    "core/vote.ts": "",
    "core/disk.ts": "",
    "core/log.ts": "",
    "tests/vote_test.ts": "// [E-1]\nDeno.test();\n  // [R-12] [E-1]\nDeno.test();",
    "tests/testdata/crash.txt": "# A crash.\n# [E-1]\n",
    ...changed,
  };
  return untiedRules(new Map(Object.entries(files))).map(({ path, message }) =>
    `${path}: ${message}`
  );
}

Deno.test("rules and tests that name each other pass", () => {
  assertEquals(problemsWith(), []);
});

Deno.test("a rule that no test names is reported", () => {
  assertEquals(problemsWith({ "tests/vote_test.ts": "// [E-1]\n" }), [
    "docs/SPEC.md: R-12 is defended by no test",
    "docs/SPEC.md: R-12 names other tests than those that name it: ",
  ]);
});

Deno.test("a test of a rule that is not there is reported", () => {
  assertEquals(problemsWith({ "tests/other_test.ts": "// [R-13]\n" }), [
    "tests/other_test.ts: There is no rule R-13",
  ]);
});

Deno.test("a rule names exactly the files in which tests name it", () => {
  assertEquals(problemsWith({ "tests/other_test.ts": "// [R-12]\n" }), [
    "docs/SPEC.md: R-12 names other tests than those that name it: " +
    "tests/other_test.ts, tests/vote_test.ts",
  ]);
  assertEquals(problemsWith({ "tests/testdata/crash.txt": "# A crash.\n" }), [
    "docs/SPEC.md: E-1 names other tests than those that name it: tests/vote_test.ts",
  ]);
});

Deno.test("a rule is kept in files that exist", () => {
  const spec = "- **E-1** One. Kept in `core/gone.ts`. Tests: `tests/vote_test.ts`.";
  const test = { "tests/vote_test.ts": "// [E-1]", "tests/testdata/crash.txt": "" };
  assertEquals(problemsWith({ "docs/SPEC.md": spec, ...test }), [
    "docs/SPEC.md: E-1 is kept in a file that does not exist: core/gone.ts",
  ]);
  assertEquals(
    problemsWith({ "docs/SPEC.md": spec.replace("`core/gone.ts`", "mind"), ...test }),
    ["docs/SPEC.md: E-1 is kept nowhere"],
  );
});

Deno.test("a number stands for one rule", () => {
  const rule = "- **E-1** One. Kept in `core/vote.ts`. Tests: `tests/vote_test.ts`.\n";
  const test = { "tests/vote_test.ts": "// [E-1]", "tests/testdata/crash.txt": "" };
  assertEquals(problemsWith({ "docs/SPEC.md": rule + rule, ...test }), [
    "docs/SPEC.md: E-1 stands twice",
  ]);
});

Deno.test("a number in a sentence, and one in these samples, ties nothing", () => {
  const files = { "core/log.ts": "// [Z-1]\n", "tests/tools/a_test.ts": "// [Z-2]\n" };
  assertEquals(problemsWith({ ...files, "tests/b_test.ts": "// see [Z-3] there\n" }), []);
});

Deno.test("a tree without the document is reported", () => {
  assertEquals(untiedRules(new Map()).length, 1);
});

Deno.test("a rule that is neither of the paper nor of the thesis stands among what leaves them", () => {
  const spec =
    "- **E-1** One. Source: §5.2; DIVERGENCE. Kept in `core/vote.ts`. Tests: `tests/vote_test.ts`.\n" +
    "- **E-2** Two. Source: this\n  project. Kept in `core/vote.ts`. Tests: `tests/vote_test.ts`.\n" +
    "- **E-3** Three. Source: thesis §9.6. Kept in `core/vote.ts`. Tests: `tests/vote_test.ts`.\n";
  const files = {
    "docs/SPEC.md": spec,
    "tests/vote_test.ts": "// [E-1] [E-2] [E-3]",
    "tests/testdata/crash.txt": "",
  };
  assertEquals(problemsWith({ ...files, "docs/DIVERGENCE.md": "| E-1, E-2 | what | why |\n" }), []);
  assertEquals(problemsWith({ ...files, "docs/DIVERGENCE.md": "| E-3   | what | E-1, E-2 |\n" }), [
    "docs/DIVERGENCE.md: E-1 is not of the paper, and is missing",
    "docs/DIVERGENCE.md: E-2 is not of the paper, and is missing",
  ]);
  const stray = problemsWith({ ...files, "docs/DIVERGENCE.md": "| E-1, E-2, E-4 | what |\n" });
  assertEquals(stray, ["docs/DIVERGENCE.md: There is no rule E-4"]);
});
