/**
 * Links of the documents: to files, to headings, and the mentions of documents in comments. A map
 * whose roads end nowhere is worse than none.
 *
 * @module
 */
import type { Problem, Tree } from "./tree.ts";

/** Finds links and mentions that lead nowhere. */
export function deadLinks(tree: Tree): Problem[] {
  const problems: Problem[] = [];
  for (const [path, text] of tree) {
    if (path.endsWith(".md")) {
      for (const target of linksOf(text)) {
        if (!leadsSomewhere({ tree, path, target })) {
          problems.push({ path, message: `A link leads nowhere: ${target}` });
        }
      }
    }
    // The samples in the tests of these checks name documents that were never meant to exist.
    if (path.startsWith("tests/tools/")) continue;
    for (const mention of mentionsOf(text)) {
      if (!startsAPath(tree, mention)) {
        problems.push({ path, message: `A mentioned document does not exist: ${mention}` });
      }
    }
  }
  return problems;
}

/** Targets of Markdown links, code left aside. */
function linksOf(markdown: string): string[] {
  const prose = markdown.replaceAll(/^```.*?^```/gms, "").replaceAll(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? "");
}

/** Documents named in passing, as a comment does; link targets are judged as links. */
function mentionsOf(text: string): string[] {
  const passing = text.replaceAll(/\]\([^)]*\)/g, "]");
  return [...passing.matchAll(/(?<![\w/.-])docs\/[\w/.-]*\w/g)].map((match) => match[0]);
}

interface Link {
  readonly tree: Tree;
  readonly path: string;
  readonly target: string;
}

function leadsSomewhere({ tree, path, target }: Link): boolean {
  if (/^[a-z]+:/.test(target)) return true;
  const url = new URL(target, `file:///${path}`);
  const wanted = decodeURIComponent(url.pathname.slice(1));
  const text = tree.get(wanted);
  if (text === undefined) return startsAPath(tree, wanted.replace(/\/?$/, "/"));
  return url.hash === "" || anchorsOf(text).has(decodeURIComponent(url.hash.slice(1)));
}

function startsAPath(tree: Tree, prefix: string): boolean {
  return [...tree.keys()].some((path) => path.startsWith(prefix));
}

/** The anchors a renderer gives to headings: lower case, punctuation dropped, spaces to hyphens. */
function anchorsOf(markdown: string): Set<string> {
  const headings = [...markdown.matchAll(/^#+ (.*)$/gm)].map((match) => match[1] ?? "");
  return new Set(
    headings.map((heading) =>
      heading.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").trim().replaceAll(/\s/g, "-")
    ),
  );
}
