import { assertEquals } from "@std/assert";
import plugin from "../../tools/lint_plugin.ts";
import { ROOT } from "../../tools/lint/place.ts";

/** Messages of one rule for a file that stands at `path` in the workspace. */
function complaints(rule: string, { path, code }: { path: string; code: string }): string[] {
  return Deno.lint.runPlugin(plugin, ROOT + path, code)
    .filter((diagnostic) => diagnostic.id === `raftkv/${rule}`)
    .map((diagnostic) => diagnostic.message);
}

Deno.test("layering lets a member import what stands below it", () => {
  const allowed = [
    ["storage/wal.ts", "@raftkv/core/raft"],
    ["client/mod.ts", "@raftkv/core/api"],
    ["server/node.ts", "@raftkv/transport"],
    ["server/node.ts", "hono"],
    ["cli/main.ts", "@raftkv/server"],
    ["sim/disk.ts", "@raftkv/storage"],
    ["core/kv/tree.ts", "../raft/mod.ts"],
    ["tests/core/kv/tree_test.ts", "../../../core/kv/tree.ts"],
  ];
  for (const [path = "", specifier] of allowed) {
    assertEquals(complaints("layering", { path, code: `import "${specifier}";` }), [], path);
  }
});

Deno.test("layering forbids every other import", () => {
  const forbidden: [path: string, specifier: string, message: string][] = [
    ["core/a.ts", "@raftkv/storage", 'core may import nothing but itself, not "@raftkv/storage"'],
    ["core/a.ts", "node:zlib", 'core runs anywhere and imports no package: "node:zlib"'],
    ["client/a.ts", "@raftkv/core", 'client may import core/api, not "@raftkv/core"'],
    ["client/a.ts", "@raftkv/core/apis", 'client may import core/api, not "@raftkv/core/apis"'],
    [
      "client/a.ts",
      "@std/http/status",
      "client runs anywhere and imports no package: " +
      '"@std/http/status"',
    ],
    ["storage/a.ts", "@raftkv/server", 'storage may import core, not "@raftkv/server"'],
    ["server/a.ts", "@raftkv/cli", 'server may import core, storage, transport, not "@raftkv/cli"'],
    [
      "core/a.ts",
      "@raftkv/core/raft",
      "Inside core, import by a relative path: " +
      '"@raftkv/core/raft"',
    ],
    [
      "server/a.ts",
      "../core/mod.ts",
      "A relative import stays inside its member: " +
      'write @raftkv/…, not "../core/mod.ts"',
    ],
  ];
  for (const [path, specifier, message] of forbidden) {
    assertEquals(complaints("layering", { path, code: `import "${specifier}";` }), [message]);
  }
});

Deno.test("layering sees every way to name a module", () => {
  const ways = [
    'import type { A } from "@raftkv/server";',
    'export { A } from "@raftkv/server";',
    'export * from "@raftkv/server";',
    'await import("@raftkv/server");',
    'let a: import("@raftkv/server").A;',
  ];
  for (const code of ways) {
    assertEquals(complaints("layering", { path: "core/a.ts", code }).length, 1, code);
  }
});

Deno.test("no-ambient keeps clocks, chance and runtimes out of the core", () => {
  const forbidden = [
    "Date.now();",
    "new Date();",
    "Date();",
    "Math.random();",
    "performance.now();",
    "setTimeout(f, 1);",
    "crypto.randomUUID();",
    "const later = setInterval;",
    "fetch(url);",
    "console.log(1);",
    "const file: Deno.FsFile = open();",
    "globalThis.x;",
  ];
  for (const code of forbidden) {
    assertEquals(complaints("no-ambient", { path: "core/a.ts", code }).length, 1, code);
  }
});

Deno.test("no-ambient allows what is computed from arguments", () => {
  const allowed = [
    "new Date(0);",
    "Date.UTC(2000, 1);",
    "Math.max(1, 2);",
    "clock.setTimeout(f, 1);",
    "const ports = { fetch: 1 };",
    "interface Clock { performance: number; setTimeout(f: number): void }",
  ];
  for (const code of allowed) {
    assertEquals(complaints("no-ambient", { path: "core/a.ts", code }), [], code);
  }
});

Deno.test("no-ambient gives each member its own bounds", () => {
  const verdicts: [path: string, code: string, count: number][] = [
    ["sim/world.ts", "Math.random();", 1],
    ["sim/main.ts", "console.log(Deno.args);", 2],
    ["client/attempt.ts", "Deno.env;", 1],
    ["client/attempt.ts", "setTimeout(f, 1); Date.now();", 0],
    ["storage/wal.ts", "Deno.open(path);", 1],
    ["storage/deno_vfs.ts", "Deno.open(path);", 0],
    ["server/pump.ts", "Deno.serve(Date.now);", 0],
    ["tests/core/a_test.ts", "Date.now();", 0],
  ];
  for (const [path, code, count] of verdicts) {
    assertEquals(complaints("no-ambient", { path, code }).length, count, `${path}: ${code}`);
  }
});

Deno.test("function-length admits a screen and not a line more", () => {
  const bodyOf = (lines: number) => "  f();\n".repeat(lines - 2);
  for (const [lines, count] of [[70, 0], [71, 1]] as const) {
    const code = `function long() {\n${bodyOf(lines)}}\n`;
    assertEquals(complaints("function-length", { path: "core/a.ts", code }).length, count);
  }
});

Deno.test("function-length leaves tests alone, whose suites register many cases", () => {
  const code = `function long() {\n${"  f();\n".repeat(200)}}\n`;
  assertEquals(complaints("function-length", { path: "tests/storage/contract.ts", code }), []);
});

Deno.test("positional-arguments admits two and an options object", () => {
  const allowed = [
    "export function f(a: number, b: number): void {}",
    "export function f(a: number, b: number, options: Options): void {}",
    "export function f(a: number, b: number, { c }: Options): void {}",
    "function f(a: number, b: number, c: number): void {}",
  ];
  for (const code of allowed) {
    assertEquals(complaints("positional-arguments", { path: "core/a.ts", code }), [], code);
  }
});

Deno.test("positional-arguments forbids a third plain value and a fourth anything", () => {
  const forbidden = [
    "export function f(a: number, b: number, c: number): void {}",
    "export function f(a: A, b: A, c: boolean): void {}",
    "export function f(a: A, b: A, c = 3): void {}",
    "export function f(a: A, b: A, c: A, d: A): void {}",
  ];
  for (const code of forbidden) {
    assertEquals(complaints("positional-arguments", { path: "core/a.ts", code }).length, 1, code);
  }
});

Deno.test("error-message wants a capital first and no full stop last", () => {
  const verdicts: [code: string, count: number][] = [
    ['throw new Error("Cannot open: It is a directory");', 0],
    ["throw new RangeError(`Cannot open ${path}: It is a directory`);", 0],
    ["throw new RangeError(`${name} is not a number`);", 0],
    ["throw new KvError(message);", 0],
    ['throw new Error("cannot open");', 1],
    ['throw new Error("Cannot open.");', 1],
    ["throw new TypeError(`Cannot open ${path}.`);", 1],
    ['throw new Deno.errors.NotFoundError("gone");', 1],
  ];
  for (const [code, count] of verdicts) {
    assertEquals(complaints("error-message", { path: "server/a.ts", code }).length, count, code);
  }
});

Deno.test("opening wants a sentence before the first line of code", () => {
  const verdicts: [code: string, count: number][] = [
    ["/** What it is. */\nexport const a = 1;", 0],
    ["// What it is.\nexport const a = 1;", 0],
    ["#!/usr/bin/env -S deno run\n/** What it is. */\nf();", 0],
    ["export const a = 1; // What it is.", 1],
    ['import "./b.ts";\n/** Too late. */', 1],
  ];
  for (const [code, count] of verdicts) {
    assertEquals(complaints("opening", { path: "tools/a.ts", code }).length, count, code);
  }
});
