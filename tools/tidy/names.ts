/**
 * File names that say nothing, and tests that stand where the type checker cannot see them right:
 * inside a member its `lib` would apply to them, or theirs to it.
 *
 * @module
 */
import type { Problem, Tree } from "./tree.ts";

const EMPTY_NAME = /^(?:common|data|helpers?|index|info|managers?|misc|utils?)\.ts$/;

/** Finds badly named and misplaced files. */
export function fileNames(tree: Tree): Problem[] {
  const problems: Problem[] = [];
  for (const path of tree.keys()) {
    const name = path.slice(path.lastIndexOf("/") + 1);
    if (EMPTY_NAME.test(name)) {
      problems.push({ path, message: "The name says nothing: Name the concept" });
    }
    if (/[._]test\.ts$/.test(name) && !path.startsWith("tests/")) {
      problems.push({ path, message: "Tests live in tests/, which mirrors the members" });
    }
    if (path.endsWith(".ts") && /[A-Z-]/.test(name)) {
      problems.push({ path, message: "File names are snake_case" });
    }
  }
  return problems;
}
