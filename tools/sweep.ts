/**
 * Runs one of Deno's checks over all it concerns: `deno task doc`, `examples` and `publish`. Each
 * of them, started in the root without a list, passes over something in silence: `deno doc` takes
 * no folder, `deno check --doc` skips Markdown, `deno publish` sees the root package alone.
 *
 * @module
 */
import { filesListed, straysOf } from "./publish_listing.ts";
import { exportsOf } from "./tidy/packages.ts";
import { readTree } from "./tidy/tree.ts";

const root = new URL("../", import.meta.url);
const tree = readTree(root);

switch (Deno.args[0]) {
  case "doc":
    await run(["doc", "--quiet", "--lint", ...ownExports()], root);
    break;
  case "examples":
    await run(["check", "--quiet", "--doc-only", ".", ...markdown()], root);
    break;
  case "publish":
    for (const folder of ownFolders()) await publish(new URL(folder, root));
    break;
  default:
    throw new TypeError(`Cannot sweep: "${Deno.args[0]}" is not doc, examples or publish`);
}

function ownExports(): string[] {
  const own = [...exportsOf(tree)].filter(([name]) => name.startsWith("@raftkv/"));
  return own.map(([, file]) => file);
}

function markdown(): string[] {
  return [...tree.keys()].filter((path) => path.endsWith(".md"));
}

function ownFolders(): string[] {
  const manifests = [...tree.keys()].filter((path) => /^(?:[a-z]+\/)?deno\.json$/.test(path));
  return manifests.map((path) => `./${path.slice(0, -"deno.json".length)}`);
}

/** Fails of a package that lists what is no part of it, or nothing. */
async function publish(cwd: URL): Promise<void> {
  const args = ["publish", "--dry-run", "--allow-dirty"];
  const env = { NO_COLOR: "1" };
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd, env })
    .output();
  const decoder = new TextDecoder();
  const said = decoder.decode(stdout) + decoder.decode(stderr);
  const files = filesListed(said, root);
  const strays = straysOf(files);
  if (success && files.length > 0 && strays.length === 0) return;
  console.error(strays.length > 0 ? `No part of a package: ${strays.join(", ")}` : said);
  Deno.exit(1);
}

async function run(args: readonly string[], cwd: URL): Promise<void> {
  const { code } = await new Deno.Command(Deno.execPath(), { args: [...args], cwd }).spawn().status;
  if (code !== 0) Deno.exit(code);
}
