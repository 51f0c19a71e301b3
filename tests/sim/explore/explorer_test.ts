import { assert, assertEquals } from "@std/assert";
import { Explorer, type Mark, type StartName, STARTS } from "@raftkv/sim/explore";

/** How far each start is searched here; `deno task explore` goes on from there. */
const DEPTHS: Readonly<Record<StartName, number>> = { new: 9, led: 6, torn: 4, back: 5 };

function explorer(start: StartName, depth: number): Explorer {
  const bounds = { terms: 2, entries: 2, crashes: 1, reads: 1 };
  return new Explorer({ ...bounds, start, depth, states: Infinity });
}

const marks = new Map<Mark, number>();

for (const start of Object.keys(STARTS) as StartName[]) {
  const depth = DEPTHS[start];
  Deno.test(`no ${depth} events break a rule, in any order: ${STARTS[start]}`, () => {
    const search = explorer(start, depth);
    const { violation, ...report } = search.run();
    assertEquals(violation && search.tell(violation.path).join("\n"), null);
    assertEquals(report.depth, depth);
    for (const [mark, count] of report.marks) marks.set(mark, (marks.get(mark) ?? 0) + count);
    // Far fewer would mean that something that may happen does not.
    assert(report.states > 4 ** depth / 4 && report.states > 10_000, JSON.stringify(report));
  });
}

Deno.test("what the rules speak of has come about on the way", () => {
  const missing = ([
    "a node is elected",
    "entries are cut from a log",
    "a crash loses what was not synced",
    "a read is found safe",
    "an entry is committed",
  ] satisfies Mark[]).filter((mark) => (marks.get(mark) ?? 0) < 10);
  assertEquals(missing, [], JSON.stringify([...marks]));
});

Deno.test("states that differ only by the names of the nodes are one", () => {
  // Any of three new nodes may begin; whose timer runs out is all that may happen.
  const { frontier, states, steps } = explorer("new", 1).run();
  assertEquals({ frontier, states, steps }, { frontier: 1, states: 2, steps: 3 });
});

Deno.test("a search that has visited all there is says so", () => {
  const bounds = { terms: 0, entries: 0, crashes: 0, reads: 0 };
  const report = new Explorer({ ...bounds, start: "new", depth: 50, states: Infinity }).run();
  assert(report.isExhausted && report.depth < 50, JSON.stringify(report));
});

Deno.test("a search tells the way to where it has been", () => {
  const [start, ...nodes] = explorer("led", 0).tell([]);
  assertEquals([start, nodes[0]], [
    "at the start:",
    "     n1 leader term 1 [1] commit 1; disk: term 1 vote n1 [1]",
  ]);
});
