/**
 * The graph of imports: circles, which make two files one, and files that nothing leads to.
 * Types count as imports, since a reader follows them too.
 *
 * @module
 */
import { type Exports, exportsOf, programsOf } from "./packages.ts";
import type { Problem, Tree } from "./tree.ts";

type Graph = ReadonlyMap<string, readonly string[]>;

/** Ways to name another file: statements, dynamic imports, declared types, and spawned programs. */
const REFERENCES: readonly RegExp[] = [
  /^(?:import|export)\s(?:[^"';=()]*?\sfrom\s)?"([^"]+)"/gm,
  /\bimport\(\s*"([^"]+)"/g,
  /^\/\/ @ts-types="([^"]+)"/gm,
  /\bnew URL\(\s*"([^"]+)",\s*import\.meta\.url/g,
];

const TEST_ENTRY = /^(?:tests|bench)\/.*_(?:test|bench)\.ts$|^examples\/.*\.ts$/;
const TEST_FILE = /^(?:tests|bench|examples)\//;

/** Finds circles among files. */
export function circles(tree: Tree): Problem[] {
  const graph = graphOf(tree);
  const problems: Problem[] = [];
  const done = new Set<string>();

  function visit(path: string, trail: readonly string[]): void {
    const seenAt = trail.indexOf(path);
    if (seenAt >= 0) {
      const circle = [...trail.slice(seenAt), path].join(" -> ");
      problems.push({ path, message: `A circle of imports: ${circle}` });
      return;
    }
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  }

  for (const path of graph.keys()) visit(path, []);
  return problems;
}

/** Finds files that no export, task or test leads to; a test does not keep production code alive. */
export function deadFiles(tree: Tree): Problem[] {
  const graph = graphOf(tree);
  const entries = [...exportsOf(tree).values(), ...programsOf(tree)];
  const tests = [...tree.keys()].filter((path) => TEST_ENTRY.test(path));
  const alive = reachable(graph, entries);
  const aliveInTests = reachable(graph, [...tests, ...programsOf(tree)]);
  const problems: Problem[] = [];
  for (const path of graph.keys()) {
    const found = TEST_FILE.test(path) ? aliveInTests : alive;
    if (!found.has(path)) problems.push({ path, message: "Nothing leads to this file" });
  }
  return problems;
}

function graphOf(tree: Tree): Graph {
  const exports = exportsOf(tree);
  const graph = new Map<string, readonly string[]>();
  for (const [path, text] of tree) {
    if (!path.endsWith(".ts")) continue;
    const targets = REFERENCES.flatMap((pattern) => [...text.matchAll(pattern)])
      .map((match) => resolve({ path, specifier: match[1] ?? "", exports }))
      .filter((target) => tree.has(target));
    graph.set(path, targets);
  }
  return graph;
}

interface Reference {
  readonly path: string;
  readonly specifier: string;
  readonly exports: Exports;
}

function resolve({ path, specifier, exports }: Reference): string {
  if (!specifier.startsWith(".")) return exports.get(specifier) ?? "";
  return new URL(specifier, `file:///${path}`).pathname.slice(1);
}

function reachable(graph: Graph, entries: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  const queue = [...entries];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    queue.push(...graph.get(path) ?? []);
  }
  return found;
}
