import { assert, assertEquals } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);
const DOCUMENT = Deno.readTextFileSync(new URL("docs/features.md", ROOT));
const ROWS = DOCUMENT.split("\n").filter((line) => line.startsWith("|")).slice(2);

/** The names of a file's tests, those made for several cases without what tells the cases apart. */
function testsIn(source: string): string[] {
  const calls = source.matchAll(
    /(?:Deno\.test|rules?)\(\s*(?:\{\s*name:\s*)?(["`])((?:(?!\1)[^])*)\1/g,
  );
  return [...calls].flatMap(([, , name = ""]) =>
    name.split(/\$\{[^}]*\}/).map((part) => part.trim())
  );
}

/** Whether a file has a test whose name has these words. */
function hasTest(path: string, name: string): boolean {
  const source = Deno.readTextFileSync(new URL(path, ROOT));
  return testsIn(source).some((each) => each.includes(name));
}

Deno.test("every feature that the table claims names the test that shows it", () => {
  assert(ROWS.length > 35);
  for (const row of ROWS) {
    const [, feature = "", mark = ""] = row.split("|").map((cell) => cell.trim());
    const [, path, name] = /^\[[^\]]+\]\(\.\.\/(tests\/\S+\.ts) "([^"]+)"\)$/.exec(mark) ?? [];
    assert(path !== undefined && name !== undefined, `${feature}: ${mark}`);
    assertEquals(hasTest(path, name), true, `${feature}: ${path} has no test "${name}"`);
  }
});

Deno.test("every test that a document names is there", () => {
  for (const name of ["features", "guarantees"]) {
    const text = Deno.readTextFileSync(new URL(`docs/${name}.md`, ROOT));
    const named = [...text.matchAll(/\]\(\.\.\/(tests\/\S+\.ts) "([^"]+)"\)/g)];
    assert(named.length > 5, name);
    for (const [, path = "", test = ""] of named) {
      assertEquals(hasTest(path, test), true, `${name}: ${path} has no test "${test}"`);
    }
  }
});
