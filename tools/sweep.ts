/**
 * Runs one of Deno's checks over all it concerns: `deno task doc`, `examples` and `publish`. Each
 * of them, started in the root without a list, passes over something in silence: `deno doc` takes
 * no folder, `deno check --doc` skips Markdown, `deno publish` sees the root package alone.
 *
 * @module
 */
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
    for (const folder of ownFolders()) {
      await run(["publish", "--quiet", "--dry-run", "--allow-dirty"], new URL(folder, root));
    }
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

async function run(args: readonly string[], cwd: URL): Promise<void> {
  const { code } = await new Deno.Command(Deno.execPath(), { args: [...args], cwd }).spawn().status;
  if (code !== 0) Deno.exit(code);
}
