/**
 * The code blocks of the documents and of the docstrings.
 *
 * @module
 */

import type { Tree } from "../../tools/tidy/tree.ts";

/** One block. */
export interface Block {
  /** Where it stands: the path of the file and the line of the fence. */
  readonly place: string;
  /** The path alone. */
  readonly document: string;
  /** The first word behind the fence. */
  readonly language: string;
  readonly text: string;
}

/** What a line of Markdown has before it in a docstring. */
const GUTTER = /^ *\* ?/;

/** All blocks of a tree, in the order of the paths. */
export function blocksOf(tree: Tree): Block[] {
  const blocks: Block[] = [];
  for (const [path, text] of [...tree].sort()) {
    if (path.endsWith(".md")) blocks.push(...blocksIn(path, text.split("\n")));
    else if (/^(?:[a-z]+\/)*[a-z_]+\.ts$/.test(path) && !path.startsWith("tests/")) {
      const docs = text.split("\n").map((line) => GUTTER.test(line) ? line : "");
      blocks.push(...blocksIn(path, docs.map((line) => line.replace(GUTTER, ""))));
    }
  }
  return blocks;
}

function* blocksIn(document: string, lines: readonly string[]): Generator<Block> {
  for (let at = 0; at < lines.length; at++) {
    const [, indent = "", language] = /^( *)```(\w*)/.exec(lines[at] ?? "") ?? [];
    if (language === undefined) continue;
    const first = at + 1;
    while (at + 1 < lines.length && lines[at + 1]?.trim() !== "```") at += 1;
    const text = lines.slice(first, at + 1).map((line) => line.slice(indent.length)).join("\n");
    yield { place: `${document}:${first}`, document, language, text };
    at += 1;
  }
}

/** The commands of a shell block, one by one: a quoted text and a line that goes on are of one. */
export function commandsOf(text: string): string[] {
  const commands: string[] = [];
  let open = "";
  for (const line of text.split("\n")) {
    open += open === "" ? line : `\n${line}`;
    const isQuoting = open.split("'").length % 2 === 0;
    if (isQuoting || open.endsWith("\\")) continue;
    if (open.trim() !== "") commands.push(open);
    open = "";
  }
  return commands;
}
