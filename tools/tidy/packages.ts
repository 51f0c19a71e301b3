/**
 * The packages of the workspace and of `links/`, as their `deno.json` files tell: which name leads
 * to which file, and from where the program is entered.
 *
 * @module
 */
import type { Tree } from "./tree.ts";

/** Import specifier to file: `@raftkv/core/raft` to `core/raft/mod.ts`. */
export type Exports = ReadonlyMap<string, string>;

/** Collects the exports of every package in the tree. */
export function exportsOf(tree: Tree): Exports {
  const exports = new Map<string, string>();
  for (const [path, text] of tree) {
    if (!/(?:^|\/)deno\.json$/.test(path)) continue;
    const manifest: Manifest = JSON.parse(text);
    const folder = path.slice(0, -"deno.json".length);
    const own = typeof manifest.exports === "string"
      ? { ".": manifest.exports }
      : manifest.exports ?? {};
    for (const [name, file] of Object.entries(own)) {
      exports.set(`${manifest.name}${name.slice(1)}`, folder + file.replace(/^\.\//, ""));
    }
  }
  return exports;
}

/** Files that tasks run or that the linter loads, besides the exports. */
export function programsOf(tree: Tree): string[] {
  const manifest: Manifest = JSON.parse(tree.get("deno.json") ?? "{}");
  const commands = Object.values(manifest.tasks ?? {}).map((task) => task.command ?? "");
  const words = [...commands.join(" ").split(/\s+/), ...manifest.lint?.plugins ?? []];
  return words.map((word) => word.replace(/^\.\//, "")).filter((word) => word.endsWith(".ts"));
}

interface Manifest {
  readonly name?: string;
  readonly exports?: string | Readonly<Record<string, string>>;
  readonly tasks?: Readonly<Record<string, { readonly command?: string }>>;
  readonly lint?: { readonly plugins?: readonly string[] };
}
