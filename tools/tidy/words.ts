/**
 * Words that must not be in the tree: notes nobody will find again, paths of somebody's machine,
 * and package hosts, which belong to the machine's settings and not to us.
 *
 * @module
 */
import type { Problem, Tree } from "./tree.ts";

interface Ban {
  readonly pattern: RegExp;
  readonly message: string;
}

const BANS: readonly Ban[] = [
  {
    // Written in two parts so that this file passes its own check.
    pattern: new RegExp(`\\b(?:TO${"DO"}|FIX${"ME"}|XX${"X"})\\b(?!\\(#\\d+\\))`),
    message: "A note for later names its issue, as in (#12)",
  },
  {
    pattern: /(?<![\w.*)}/:-])\/(?:home|root|Users|work)\/\w/,
    message: "A path of one machine",
  },
  {
    pattern: /\bregistry\.[a-z]|\bnpm\.jsr\b|"tarball"\s*:/,
    message: "A package host: It belongs to the settings of the machine",
  },
];

/** Finds banned words, with their lines. */
export function bannedWords(tree: Tree): Problem[] {
  const problems: Problem[] = [];
  for (const [path, text] of tree) {
    for (const [index, line] of text.split("\n").entries()) {
      for (const { pattern, message } of BANS) {
        if (pattern.test(line)) {
          problems.push({ path: `${path}:${index + 1}`, message: `${message}: ${line.trim()}` });
        }
      }
    }
  }
  return problems;
}
