import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { COMMANDS } from "../../cli/commands.ts";
import { openApiDocument } from "../../server/openapi/document.ts";
import { GENERATED, GROUPS, pageOf, titleOf } from "../../tools/docs_site/pages.ts";

const ROOT = new URL("../../", import.meta.url);
const PAGES = GROUPS.flatMap(({ pages }) => pages);

Deno.test("every page of the site is a document with a heading", async () => {
  for (const path of PAGES) {
    const text = await GENERATED[path]?.() ?? await Deno.readTextFile(new URL(path, ROOT));
    assert(titleOf(text) !== "Untitled", path);
  }
});

Deno.test("every guide is a page of the site", () => {
  const guides = [...Deno.readDirSync(new URL("docs/guides/", ROOT))];
  for (const { name } of guides) assert(PAGES.includes(`docs/guides/${name}`), name);
});

Deno.test("every route, type and command is on the page that is made of the code", async () => {
  const { paths, components } = await openApiDocument();
  const routes = await GENERATED["generated/openapi.md"]?.() ?? "";
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { summary }] of Object.entries(methods)) {
      assertStringIncludes(routes, `### \`${method.toUpperCase()} ${path}\`\n\n${summary}`);
    }
  }
  for (const name of Object.keys(components.schemas)) {
    assertStringIncludes(routes, `### ${name}\n`);
  }
  const links = [...routes.matchAll(/href="#(\w+)"/g)].map(([, name = ""]) => name);
  const names = Object.keys(components.schemas).map((name) => name.toLowerCase());
  assertEquals(links.filter((name) => !names.includes(name)), []);
  const commands = await GENERATED["generated/cli.md"]?.() ?? "";
  for (const { name, summary } of COMMANDS) {
    assertStringIncludes(commands, `## ${name}\n\n\`\`\`text\n${summary}\n`);
  }
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
