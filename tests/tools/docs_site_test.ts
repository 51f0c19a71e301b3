import { assert, assertEquals } from "@std/assert";
import { GROUPS, pageOf, titleOf } from "../../tools/docs_site/pages.ts";

const ROOT = new URL("../../", import.meta.url);
const PAGES = GROUPS.flatMap(({ pages }) => pages);

Deno.test("every page of the site is a document with a heading", async () => {
  for (const path of PAGES) {
    assert(titleOf(await Deno.readTextFile(new URL(path, ROOT))) !== "Untitled", path);
  }
});

Deno.test("every guide is a page of the site", () => {
  const guides = [...Deno.readDirSync(new URL("docs/guides/", ROOT))];
  for (const { name } of guides) assert(PAGES.includes(`docs/guides/${name}`), name);
});

Deno.test("links between pages stay, and those to anything else become their text", () => {
  const page = (markdown: string) => pageOf("docs/guides/lock.md", markdown);
  assertEquals(
    page("[a](election.md#b) and [c](../HTTP.md)"),
    "[a](election.md#b) and [c](../HTTP.md)",
  );
  assertEquals(page("[code](../../core/mod.ts)"), "code");
  assertEquals(
    page("[there](https://raft.github.io) [here](#top)"),
    "[there](https://raft.github.io) [here](#top)",
  );
});
