/**
 * Ties the rules of the protocol to their tests, both ways: a rule that no test defends is a wish,
 * and a test that defends a rule which is not there defends something that nobody can look up. And
 * ties what is no rule of the paper to the list of what leaves it.
 *
 * @module
 */
import type { Problem, Tree } from "./tree.ts";

/** Where the rules stand. */
const SPEC_PATH = "docs/SPEC.md";

/** Where it stands what leaves the paper, and by which rules. */
const DIVERGENCE_PATH = "docs/DIVERGENCE.md";

/** One rule as the document states it. */
interface Rule {
  readonly id: string;
  /** Where it comes from. */
  readonly source: string;
  /** Files that are said to keep it. */
  readonly kept: readonly string[];
  /** Files whose tests are said to defend it. */
  readonly tests: readonly string[];
}

/** Finds rules without tests or origin, tests of rules that are not there, and files that are not. */
export function untiedRules(tree: Tree): Problem[] {
  const spec = tree.get(SPEC_PATH);
  if (spec === undefined) return [{ path: SPEC_PATH, message: "The rules are missing" }];
  const rules = rulesOf(spec);
  const defended = defendersOf(tree);
  const known = new Set(rules.map(({ id }) => id));
  const problems: Problem[] = [];
  for (const [id, paths] of defended) {
    if (known.has(id)) continue;
    for (const path of paths) problems.push({ path, message: `There is no rule ${id}` });
  }
  const diverging = divergingIn(tree.get(DIVERGENCE_PATH) ?? "");
  for (const id of diverging) {
    if (!known.has(id)) problems.push({ path: DIVERGENCE_PATH, message: `There is no rule ${id}` });
  }
  for (const { id, source } of rules) {
    if (!/DIVERGENCE|this project/.test(source) || diverging.has(id)) continue;
    problems.push({ path: DIVERGENCE_PATH, message: `${id} is not of the paper, and is missing` });
  }
  for (const [at, rule] of rules.entries()) {
    const defenders = [...defended.get(rule.id) ?? []].sort();
    for (const message of complaintsAbout({ rule, defenders, tree })) {
      problems.push({ path: SPEC_PATH, message });
    }
    if (rules.findIndex(({ id }) => id === rule.id) < at) {
      problems.push({ path: SPEC_PATH, message: `${rule.id} stands twice` });
    }
  }
  return problems;
}

function complaintsAbout(
  { rule, defenders, tree }: {
    readonly rule: Rule;
    readonly defenders: readonly string[];
    readonly tree: Tree;
  },
): string[] {
  const { id, kept, tests } = rule;
  const complaints: string[] = [];
  if (kept.length === 0) complaints.push(`${id} is kept nowhere`);
  for (const path of kept) {
    if (!tree.has(path)) complaints.push(`${id} is kept in a file that does not exist: ${path}`);
  }
  if (defenders.length === 0) complaints.push(`${id} is defended by no test`);
  if (tests.toSorted().join() !== defenders.join()) {
    complaints.push(`${id} names other tests than those that name it: ${defenders.join(", ")}`);
  }
  return complaints;
}

/** The rules: items of lists that begin with a number in bold. */
function rulesOf(spec: string): Rule[] {
  return spec.split(/^- (?=\*\*[A-Z]-\d+\*\*)/m).slice(1).map((item) => {
    const text = item.split(/\n\s*\n/, 1)[0]!.replaceAll(/\s+/g, " ");
    const [, kept = "", tests = ""] = text.match(/Kept in (.*?)\. Tests: (.*?)\.? ?$/) ?? [];
    const [, source = ""] = text.match(/Source: (.*?)\. Kept in /) ?? [];
    const id = text.slice(2, text.indexOf("**", 2));
    return { id, source, kept: quoted(kept), tests: quoted(tests) };
  });
}

/** The rules that rows of the table name in their first column. */
function divergingIn(text: string): ReadonlySet<string> {
  const columns = [...text.matchAll(/^\| ((?:[A-Z]-\d+(?:, )?)+) *\|/gm)];
  return new Set(columns.flatMap(([, ids = ""]) => ids.split(", ")));
}

function quoted(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string);
}

/** For each rule that tests name, the files in which they do. */
function defendersOf(tree: Tree): Map<string, Set<string>> {
  const defenders = new Map<string, Set<string>>();
  for (const [path, text] of tree) {
    // The samples in the tests of these checks name rules that were never meant to exist.
    if (!path.startsWith("tests/") || path.startsWith("tests/tools/")) continue;
    for (const [line] of text.matchAll(/^ *(?:\/\/|#)(?: \[[A-Z]-\d+\])+ *$/gm)) {
      for (const [, id = ""] of line.matchAll(/\[([A-Z]-\d+)\]/g)) {
        const paths = defenders.get(id) ?? new Set();
        defenders.set(id, paths.add(path));
      }
    }
  }
  return defenders;
}
