// The mutants must fit the code at any time, and their killers must exist. That each is killed takes
// many minutes: `deno task mutants`; the gate tries another tenth each day.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { choose, tenthOf } from "../../tools/mutants/choice.ts";
import { sourceOf } from "../../tools/mutants/copy.ts";
import { FAMILIES } from "../../tools/mutants/families.ts";
import { type Ground, kill } from "../../tools/mutants/kill.ts";
import { editsOf, type Killer, type Mutant } from "../../tools/mutants/mutant.ts";
import { markdownOf } from "../../tools/mutants/report.ts";

const ALL = Object.values(FAMILIES).flatMap(({ mutants }) => mutants);

/** The rows of the survey that must be tried, or excused with a reason. */
const REQUIRED = [
  ...["E1", "E2", "E3", "E4", "E5", "E6", "E7", "E8", "E9", "E10", "E11", "E13", "E14", "E15"],
  ...["E17", "E18", "E21", "R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R10", "R11", "R12"],
  ...["R15", "R19", "M1", "M2", "M3", "M5", "M7", "M9", "M11", "L1", "L2", "L3", "L4", "L5", "L6"],
  ...["L10", "L11", "K1", "K2", "K3", "K6", "K7", "K8", "K9", "K10", "K13", "K14", "K17", "K20"],
  ...["S1", "S2", "S4", "S5", "S7", "S11"],
];

Deno.test("every mutant can be put in at one place, and what is to find it exists", async () => {
  const misfits: string[] = [];
  for (const mutant of ALL) {
    for (const { anchor, file, replacement } of editsOf(mutant)) {
      const places = (await sourceOf(file)).split(anchor).length - 1;
      if (places !== 1) misfits.push(`${mutant.row}: ${file} has this ${places} times: ${anchor}`);
      assert(anchor !== replacement, mutant.bug);
    }
    const { killer } = mutant;
    if (killer.harness !== "test") assert(killer.rules.length > 0, mutant.bug);
    else await assertTestExists(killer);
  }
  assertEquals(misfits, []);
});

async function assertTestExists({ file, name }: Extract<Killer, { harness: "test" }>) {
  const scenario = /^the scenario (\w+\.txt) plays as written$/.exec(name)?.[1];
  if (scenario !== undefined) {
    await sourceOf(`tests/testdata/${scenario}`);
    return;
  }
  const source = await sourceOf(`tests/${file}`);
  const cases = await sourceOf("storage/testing/snapshot_cases.ts");
  const known = name.replace(", anywhere", "");
  assert(name !== "" && [source, cases].some((text) => text.includes(known)), `${file}: ${name}`);
}

Deno.test("every row of the survey that matters is tried, or excused with a reason", () => {
  const tried = ALL.flatMap(({ row }) => row.split(", "));
  const excused = Object.values(FAMILIES).flatMap(({ excused }) => excused);
  const left = REQUIRED.filter((row) => !tried.includes(row));
  assertEquals(left.filter((row) => !excused.some((each) => each.row === row)), []);
  assert(excused.every(({ why }) => why.length > 20));
});

Deno.test("the tenths are all the mutants, each once; a day has its own", () => {
  const tenths = Array.from(
    { length: 10 },
    (_, tenth) => choose(FAMILIES, { family: null, row: null, tenth }),
  );
  assertEquals(new Set(tenths.flat()).size, ALL.length);
  assertEquals(tenths.flat().length, ALL.length);
  const dayOf = (day: string) => tenthOf("today", new Date(`${day}T12:00:00Z`));
  assertEquals((dayOf("2026-03-02") - dayOf("2026-03-01") + 10) % 10, 1);
  assertThrows(() => tenthOf("10", new Date(0)), RangeError);
});

Deno.test("mutants can be chosen by family and by row", () => {
  const rowsOf = (family: string | null, row: string | null) =>
    choose(FAMILIES, { family, row, tenth: null }).map((mutant) => mutant.row);
  assert(rowsOf("elections", null).every((row) => row.startsWith("E")));
  assert(rowsOf(null, "E7").length > 0 && rowsOf(null, "E7").every((row) => row === "E7"));
  assertThrows(() => rowsOf("nonsense", null), RangeError);
  assertThrows(() => rowsOf(null, "E77"), RangeError, "no such bugs");
});

/** A place where each search or test ends as it is told, first with the mutant and then without. */
function groundOf(...outputs: { success: boolean; output: string; isLate?: boolean }[]): Ground {
  return {
    misfit: () => Promise.resolve(null),
    with: (_edits, work) => work(),
    deno: () => Promise.resolve({ isLate: false, ...outputs.shift()! }),
  };
}

const found = (rule: string) => ({
  success: true,
  output: JSON.stringify({ rule, after: 7 }),
});
const NOTHING = { success: true, output: "null" };

let tests = 0;

async function fate(harness: "sim" | "test", ground: Ground): Promise<string> {
  const killer: Killer = harness === "sim"
    ? { harness, seeds: 10, rules: ["I2"] }
    : { harness, file: "some_test.ts", name: `a rule ${++tests}` };
  const mutant: Mutant = { row: "X1", bug: "a bug", file: "", anchor: "", replacement: "", killer };
  return (await kill(mutant, ground)).kind;
}

Deno.test("a mutant is killed only by the rule that is named for it, and not in sound code", async () => {
  assertEquals(await fate("sim", groundOf(found("I2 one vote"), NOTHING)), "killed");
  assertEquals(await fate("sim", groundOf(NOTHING)), "alive");
  assertEquals(await fate("sim", groundOf(found("I24 no stale read"))), "wrong");
  assertEquals(await fate("sim", groundOf(found("I2 one vote"), found("I2 one vote"))), "wrong");
  assertEquals(await fate("sim", groundOf({ ...NOTHING, isLate: true })), "wrong");
  assertEquals(await fate("sim", groundOf({ success: false, output: "TypeError" })), "wrong");
});

Deno.test("a mutant that no test of its file survives loading has not been killed", async () => {
  const passed = { success: true, output: "a rule ... ok" };
  const failed = { success: false, output: "a rule ... FAILED\nAssertionError" };
  assertEquals(await fate("test", groundOf(passed, failed)), "killed");
  assertEquals(await fate("test", groundOf(passed, passed)), "alive");
  assertEquals(await fate("test", groundOf(failed)), "wrong");
  assertEquals(await fate("test", groundOf(passed, { ...failed, isLate: true })), "wrong");
  const unloaded = { success: false, output: "SyntaxError: Unexpected token" };
  assertEquals(await fate("test", groundOf(passed, unloaded)), "wrong");
});

Deno.test("the document says of each mutant what became of it, and keeps what is not tried again", () => {
  const verdicts = ALL.map((mutant) => ({
    mutant,
    kind: "killed" as const,
    by: "I1 a | rule",
    after: mutant === ALL[0] ? null : 2,
    seconds: 1,
  }));
  const first = markdownOf(FAMILIES, verdicts, { before: "" });
  for (const { bug } of ALL) assert(first.includes(bug), bug);
  assert(first.includes(`**${ALL.length} of ${ALL.length} killed.**`));
  assertEquals(markdownOf(FAMILIES, [], { before: first }), first);
  const again = markdownOf(FAMILIES, [{ ...verdicts[0]!, kind: "alive" }], { before: first });
  assert(again.includes(`**${ALL.length - 1} of ${ALL.length} killed.**`));
  assert(markdownOf(FAMILIES, [], { before: "" }).includes(`**0 of ${ALL.length} killed.**`));
});
