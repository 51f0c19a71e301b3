/**
 * Runs one of Deno's checks over every package of the workspace: `deno task doc` and
 * `deno task publish`. The list comes from the manifests, so that a new package or export cannot be
 * forgotten; from the root, Deno itself would look at the root package alone.
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
  case "publish":
    for (const folder of ownFolders()) {
      await run(["publish", "--quiet", "--dry-run", "--allow-dirty"], new URL(folder, root));
    }
    break;
  default:
    throw new TypeError(`Cannot run a check over the packages: "${Deno.args[0]}" is not one`);
}

function ownExports(): string[] {
  return [...exportsOf(tree)].filter(([name]) => name.startsWith("@raftkv/")).map(([, file]) =>
    file
  );
}

function ownFolders(): string[] {
  return [...tree.keys()]
    .filter((path) => /^(?:[a-z]+\/)?deno\.json$/.test(path))
    .map((path) => `./${path.slice(0, -"deno.json".length)}`);
}

async function run(args: readonly string[], cwd: URL): Promise<void> {
  const { code } = await new Deno.Command(Deno.execPath(), { args: [...args], cwd }).spawn().status;
  if (code !== 0) Deno.exit(code);
}
