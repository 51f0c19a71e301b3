// The table of mutants must fit the code at any time. That each is found takes minutes:
// `deno task mutants:storage`.

import { assert, assertEquals } from "@std/assert";
import { Copy, sourceOf } from "./mutants/kill.ts";
import { MUTANTS } from "./mutants/table.ts";

const isAsked = Deno.args.includes("--kill");

Deno.test("every mutant can be put in at one place, and the test that finds it exists", async () => {
  for (const { file, anchor, replacement, killer: [test, name], bug } of MUTANTS) {
    assertEquals((await sourceOf(`storage/${file}`)).split(anchor).length, 2, bug);
    assert(anchor !== replacement, bug);
    const source = await sourceOf(`tests/storage/${test}`);
    const cases = await sourceOf("storage/testing/snapshot_cases.ts");
    const damage = name.replace(", anywhere", "");
    assert([source, cases].some((text) => text.includes(damage)), `${bug}: ${name}`);
  }
});

Deno.test({
  name: "every mutant is found by its test",
  ignore: !isAsked,
  fn: async () => {
    await using copy = await Copy.make();
    const survivors: string[] = [];
    for (const killer of new Set(MUTANTS.map(({ killer }) => killer))) {
      assert(await copy.passes(killer), `${killer.join(": ")} fails on sound code`);
    }
    for (const mutant of MUTANTS) {
      const startMs = performance.now();
      const isKilled = await copy.kills(mutant);
      const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
      const { row, bug, killer } = mutant;
      console.log(`${isKilled ? "killed" : "ALIVE "} ${row}: ${bug} (${killer[0]}, ${seconds} s)`);
      if (!isKilled) survivors.push(bug);
    }
    assertEquals(survivors, []);
  },
});
