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

Deno.test("every feature that the table claims names the test that shows it", () => {
  assert(ROWS.length > 35);
  for (const row of ROWS) {
    const [, feature = "", mark = ""] = row.split("|").map((cell) => cell.trim());
    const [, path, name] = /^\[[^\]]+\]\(\.\.\/(tests\/\S+\.ts) "([^"]+)"\)$/.exec(mark) ?? [];
    assert(path !== undefined && name !== undefined, `${feature}: ${mark}`);
    const source = Deno.readTextFileSync(new URL(path, ROOT));
    const found = testsIn(source).some((each) => each.replace(/,$/, "").includes(name));
    assertEquals(found, true, `${feature}: ${path} has no test "${name}"`);
  }
});
