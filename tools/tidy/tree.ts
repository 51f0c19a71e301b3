/**
 * The checked-out tree as a map from path to text, and what a check says about it. Checks are pure
 * functions of the map, so their tests need no files.
 *
 * @module
 */

/** Path from the workspace root, with forward slashes, to the file's text. */
export type Tree = ReadonlyMap<string, string>;

/** One finding. */
export interface Problem {
  /** The file at fault. */
  readonly path: string;
  /** What is wrong, as a sentence. */
  readonly message: string;
}

const SKIPPED_FOLDERS: ReadonlySet<string> = new Set([
  ".git",
  "coverage",
  "data",
  "dist",
  "node_modules",
]);

const BINARY = /\.(?:gif|ico|jpe?g|png|webp|woff2)$/;

/** Reads the whole tree below `root`, binary files as empty text. */
export function readTree(root: URL): Tree {
  const tree = new Map<string, string>();
  readFolder({ root, folder: "", tree });
  return tree;
}

interface Walk {
  readonly root: URL;
  readonly folder: string;
  readonly tree: Map<string, string>;
}

function readFolder({ root, folder, tree }: Walk): void {
  for (const entry of Deno.readDirSync(new URL(folder, root))) {
    const path = `${folder}${entry.name}`;
    if (entry.isDirectory && !SKIPPED_FOLDERS.has(entry.name)) {
      readFolder({ root, folder: `${path}/`, tree });
    }
    // In a linked work tree `.git` is a file that says where the repository is.
    if (entry.isFile && entry.name !== ".git") {
      tree.set(path, BINARY.test(path) ? "" : Deno.readTextFileSync(new URL(path, root)));
    }
  }
}
