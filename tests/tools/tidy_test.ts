import { assertEquals } from "@std/assert";
import { deadLinks } from "../../tools/tidy/doc_links.ts";
import { circles, deadFiles } from "../../tools/tidy/imports.ts";
import { fileNames } from "../../tools/tidy/names.ts";
import { longFiles } from "../../tools/tidy/sizes.ts";
import type { Problem, Tree } from "../../tools/tidy/tree.ts";
import { bannedWords } from "../../tools/tidy/words.ts";

function treeOf(files: Record<string, string>): Tree {
  return new Map(Object.entries(files));
}

function pathsOf(problems: readonly Problem[]): string[] {
  return problems.map((problem) => problem.path);
}

Deno.test("a file of 400 lines passes and one of 401 does not", () => {
  const tree = treeOf({ "a.ts": "\n".repeat(400), "b.ts": "\n".repeat(401) });
  assertEquals(pathsOf(longFiles(tree)), ["b.ts"]);
});

Deno.test("a file on the list may be long, and must leave it once it is not", () => {
  const tree = treeOf({ "long.ts": "\n".repeat(500), "short.ts": "\n" });
  const allowed = { "long.ts": "a table", "short.ts": "was a table", "gone.ts": "was here" };
  assertEquals(pathsOf(longFiles(tree, allowed)), ["short.ts", "gone.ts"]);
});

Deno.test("a file name says something, in snake case", () => {
  const names = ["core/utils.ts", "core/index.ts", "core/FileVfs.ts", "core/file-vfs.ts"];
  const tree = treeOf(Object.fromEntries([...names, "core/byte_string.ts"].map((n) => [n, ""])));
  assertEquals(pathsOf(fileNames(tree)), names);
});

Deno.test("a test stands in tests/", () => {
  const tree = treeOf({ "core/log_test.ts": "", "tests/core/log_test.ts": "" });
  assertEquals(pathsOf(fileNames(tree)), ["core/log_test.ts"]);
});

Deno.test("a circle of imports is found once, with its way round", () => {
  const tree = treeOf({
    "a.ts": 'import { b } from "./b.ts";',
    "b.ts": 'export type {\n  C,\n} from "./sub/c.ts";',
    "sub/c.ts": 'await import("../a.ts");',
    "d.ts": 'import "./a.ts";',
  });
  assertEquals(circles(tree), [
    { path: "a.ts", message: "A circle of imports: a.ts -> b.ts -> sub/c.ts -> a.ts" },
  ]);
});

Deno.test("two ways to one file are no circle", () => {
  const tree = treeOf({
    "a.ts": 'import "./b.ts";\nimport "./c.ts";',
    "b.ts": 'import "./d.ts";',
    "c.ts": 'import "./d.ts";',
    "d.ts": "",
  });
  assertEquals(circles(tree), []);
});

Deno.test("an import in a comment or a string is none", () => {
  const tree = treeOf({
    "a.ts": '/**\n * import { b } from "./b.ts";\n */\nexport const x = "./b.ts";',
    "b.ts": 'import "./a.ts";',
  });
  assertEquals(circles(tree), []);
});

Deno.test("a file is alive when an export, a task, the linter or a spawn leads to it", () => {
  const tree = treeOf({
    "deno.json": JSON.stringify({
      name: "@x/root",
      exports: "./mod.ts",
      tasks: { run: { command: "deno run cli/main.ts serve" } },
      lint: { plugins: ["./tools/plugin.ts"] },
    }),
    "core/deno.json": JSON.stringify({ name: "@x/core", exports: { "./raft": "./raft.ts" } }),
    "mod.ts": 'export * from "@x/core/raft";',
    "core/raft.ts": "",
    "cli/main.ts": 'new URL("./node.ts", import.meta.url);',
    "cli/node.ts": "",
    "tools/plugin.ts": '// @ts-types="./plugin.d.ts"',
    "tools/plugin.d.ts": "",
    "core/forgotten.ts": "",
  });
  assertEquals(pathsOf(deadFiles(tree)), ["core/forgotten.ts"]);
});

Deno.test("a test keeps its own helpers alive, but no production code", () => {
  const tree = treeOf({
    "core/a.ts": "",
    "tests/a_test.ts": 'import "../core/a.ts";\nimport "./world.ts";',
    "tests/world.ts": "",
    "tests/orphan.ts": "",
  });
  assertEquals(pathsOf(deadFiles(tree)), ["core/a.ts", "tests/orphan.ts"]);
});

Deno.test("links of a document lead to files, folders and headings that exist", () => {
  const tree = treeOf({
    "README.md":
      "[a](docs/A.md#two-words--more) [b](docs) [c](https://example.com) [d](docs/B.md)" +
      " [e](docs/A.md#three)\n```\n[code](nowhere)\n```\n`[code](nowhere)`",
    "docs/A.md": "# A\n## Two words: & more\n[up](../README.md)",
  });
  assertEquals(deadLinks(tree).map((problem) => problem.message), [
    "A link leads nowhere: docs/B.md",
    "A link leads nowhere: docs/A.md#three",
  ]);
});

Deno.test("a document named in a comment exists; its number is enough", () => {
  const tree = treeOf({
    "a.ts": "// docs/adr/0001 says why, docs/adr/0002 says how.",
    "docs/adr/0001-why.md": "",
  });
  assertEquals(deadLinks(tree), [
    { path: "a.ts", message: "A mentioned document does not exist: docs/adr/0002" },
  ]);
});

Deno.test("notes without an issue, machine paths and package hosts are found with their line", () => {
  // In parts, so that this file passes the check it tests.
  const lines = [
    `// TO${"DO"}: later`,
    `// TO${"DO"}(#12): later`,
    `const path = "/ho${"me"}/ann/data";`,
    'const path = "/kv/home/x"; // https://example.com/home/ann',
    `https://regis${"try"}.example.com/ws`,
  ];
  const tree = treeOf({ "a.ts": lines.join("\n") });
  assertEquals(pathsOf(bannedWords(tree)), ["a.ts:1", "a.ts:3", "a.ts:5"]);
});
