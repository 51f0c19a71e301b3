/**
 * Long files. Four hundred lines is where a file stops being one concept; one that must be longer
 * is listed here with its reason, and leaves the list when it shrinks.
 *
 * @module
 */
import type { Problem, Tree } from "./tree.ts";

const LINES_MAX = 400;

/** Files that may be longer, each with its reason. */
const ALLOWED: Readonly<Record<string, string>> = {};

/** Finds files that are too long, and permissions no longer needed. */
export function longFiles(
  tree: Tree,
  allowed: Readonly<Record<string, string>> = ALLOWED,
): Problem[] {
  const problems: Problem[] = [];
  for (const [path, text] of tree) {
    if (!path.endsWith(".ts") || path in allowed) continue;
    const lines = linesOf(text);
    if (lines > LINES_MAX) {
      problems.push({ path, message: `A file has at most ${LINES_MAX} lines: ${lines}` });
    }
  }
  for (const path of Object.keys(allowed)) {
    if (linesOf(tree.get(path) ?? "") > LINES_MAX) continue;
    problems.push({ path, message: "No longer too long: Take it off the list in tools/tidy" });
  }
  return problems;
}

function linesOf(text: string): number {
  return text.split("\n").length - 1;
}
