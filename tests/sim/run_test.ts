/**
 * Whole runs: nothing acknowledged is lost, whatever the weather.
 *
 * @module
 */

import { assertEquals, assertNotEquals } from "@std/assert";
import { runSeed } from "@raftkv/sim";
import { JOURNAL } from "../support/journal_workload.ts";

Deno.test("no promise is broken in any seed, and two runs of a seed are the same", async () => {
  let before = "";
  for (let seed = 1; seed <= 60; seed++) {
    const first = await runSeed(seed, { workload: JOURNAL });
    const broken = first.violation === null ? null : { ...first };
    assertEquals(broken, null, `seed ${seed}`);
    const { digest } = await runSeed(seed, { workload: JOURNAL });
    assertEquals(digest, first.digest, `seed ${seed}`);
    assertNotEquals(digest, before);
    before = digest;
  }
});
