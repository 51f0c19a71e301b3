/**
 * What the pages of `deno doc --html` lack to be part of the site: a way back, and room on a phone.
 *
 * @module
 */

/** Long words of code make its flexible boxes wider than the screen, unless they may shrink. */
const STYLE = `
.ddoc > div:not(#categoryPanel), #content > main { min-width: 0; }
.ddoc pre { overflow-x: auto; }
@media not all and (width >= 640px) {
  .ddoc:not(:has(#categoryPanel)), .ddoc:has(#categoryPanel) > div:not(#categoryPanel) {
    padding-left: 1rem; padding-right: 1rem; }
  .ddoc pre { margin-left: 0 !important; margin-right: 0 !important; }
  #topnav { height: auto; margin-left: 0; padding-left: 0; }
  #topnav > div { flex-wrap: wrap; gap: 0.5rem; }
  #topnav > div > :first-child { flex: 1 0 100%; }
  .breadcrumbs { flex-wrap: wrap; }
  #searchbar { min-width: 0; width: 8rem; }
  .ddoc code, .ddoc h1, .ddoc .markdown { overflow-wrap: anywhere; }
}
`;

/** Changes the pages of the package `name` below a directory. */
export async function fitIn(directory: string, name: string): Promise<void> {
  await Deno.writeTextFile(`${directory}/page.css`, STYLE, { append: true });
  await changePages(directory, name);
}

async function changePages(directory: string, name: string): Promise<void> {
  for await (const { name: entry, isDirectory } of Deno.readDir(directory)) {
    const path = `${directory}/${entry}`;
    if (isDirectory) await changePages(path, name);
    if (!entry.endsWith(".html")) continue;
    const page = await Deno.readTextFile(path);
    const changed = page
      .replace(
        '<ul class="breadcrumbs">',
        '<a class="contextLink" href="/docs/">Documents</a>&nbsp;/&nbsp;<ul class="breadcrumbs">',
      )
      // How it is imported from its own folder helps nobody.
      .replaceAll("from &quot;.&quot;", `from &quot;${name}&quot;`);
    await Deno.writeTextFile(path, changed);
  }
}
