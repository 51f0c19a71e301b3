/**
 * What `deno task sim` makes of its flags, and when a batch says too little.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { FAULT_CLASSES, Marks, WORLD_MARKS } from "@raftkv/sim";
import { missedBy } from "../../tools/sim/batch.ts";
import { parseOptions } from "../../tools/sim/options.ts";
import { WORKLOAD } from "../../tools/sim/workload.ts";

const ALL_MARKS = [...WORLD_MARKS, ...WORKLOAD.marks];

function marksBut(missing: string): Marks {
  const marks = new Marks();
  for (const mark of ALL_MARKS) if (mark !== missing) marks.hit(mark);
  return marks;
}

Deno.test("a large batch that misses any one mark names it", () => {
  const missed = (mark: string) => missedBy({ count: 1_000, marks: marksBut(mark), answered: 1e6 });
  assertEquals(missed(""), []);
  for (const mark of ALL_MARKS) assertEquals(missed(mark), [`it never came about that ${mark}`]);
});

Deno.test("a large batch in which hardly anything was answered says so", () => {
  const missed = missedBy({ count: 1_000, marks: marksBut(""), answered: 99_999 });
  assertEquals(missed, ["only 99999 requests were answered"]);
});

Deno.test("a small batch need not come to everything", () => {
  assertEquals(missedBy({ count: 999, marks: new Marks(), answered: 0 }), []);
});

Deno.test("a batch has a line for each seed, unless none is wanted", () => {
  const isQuiet = (...args: string[]) => {
    const options = parseOptions(args);
    return options.kind === "batch" ? options.quiet : options;
  };
  assertEquals([isQuiet(), isQuiet("--quiet"), isQuiet("-q")], [false, true, true]);
});

Deno.test("a seed is run again as asked", () => {
  assertEquals(parseOptions(["--seed", "17", "--trace", "--shrink", "--storm-ms", "900"]), {
    kind: "replay",
    seed: 17,
    limits: { stormMsMax: 900 },
    trace: true,
    shrink: true,
    timeline: null,
  });
});

Deno.test("a batch has 200 seeds, as many as were asked for, or as many as there is time for", () => {
  const batch = (...args: string[]) => {
    const options = parseOptions(args);
    return options.kind === "batch" ? [options.from, options.seeds, options.minutes] : options;
  };
  assertEquals(batch(), [1, 200, null]);
  assertEquals(batch("--seeds", "5", "--from", "9"), [9, 5, null]);
  assertEquals(batch("--minutes", "0.5"), [1, null, 0.5]);
});

Deno.test("classes of faults are left out, or all others are", () => {
  const limitsOf = (...args: string[]) => {
    const options = parseOptions(args);
    return options.kind === "batch" ? options.limits : options;
  };
  assertEquals(limitsOf("--without", "drop,crash"), { without: ["drop", "crash"] });
  const all = FAULT_CLASSES.map(({ name }) => name);
  assertEquals(limitsOf("--only", "drop"), { without: all.filter((name) => name !== "drop") });
});

for (
  const args of [
    ...["--seeds 0", "--seeds -1", "--seeds 1.5", "--seeds many", "--minutes 0", "--jobs 0"],
    ...["--seed -1", "--seed", "--from x", "--storm-ms -5", "--without rain", "--only drop,rain"],
    ...["--only drop --without crash", "--trace", "--timeline page.html", "--sede 17", "17"],
    ...["--seed 17 --seeds 5", "--seed 17 --minutes 1"],
  ]
) {
  Deno.test(`what makes no sense is refused, not run: ${args}`, () => {
    assertEquals(parseOptions(args.split(" ")).kind, "wrong");
  });
}
