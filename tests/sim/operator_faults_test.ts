/**
 * What operators and strangers do to a cluster at a bad moment: each class of faults alone, in runs in
 * which nothing else goes wrong.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { FAULT_CLASSES, KV, planOf, runSeed } from "@raftkv/sim";

/** The marks that the first runs with this class come to, with no other fault beside it. */
async function marksOf(name: string): Promise<ReadonlySet<string>> {
  const without = FAULT_CLASSES.map((each) => each.name).filter((other) => other !== name);
  const marks = new Set<string>();
  for (let seed = 1, left = 5; left > 0; seed++) {
    if (!planOf(seed, { without }).faults.includes(name)) continue;
    left--;
    const { violation, marks: hit } = await runSeed(seed, {
      workload: KV,
      without,
      stormMsMax: 30_000,
    });
    assertEquals(violation, null, `seed ${seed}`);
    for (const mark of hit.keys()) marks.add(mark);
  }
  return marks;
}

Deno.test("a node that is made to campaign while its leader lives wins without harm", async () => {
  const marks = await marksOf("campaign");
  assert(marks.has("a node was made to campaign while its leader lived"));
  assert(marks.has("an election out of the blue was won"));
});

Deno.test("a leader deposed as fast as can be serves no read of the past", async () => {
  const marks = await marksOf("coup");
  assert(marks.has("a coup came off"));
  assert(marks.has("a deposed leader was asked right after another's write"));
});

Deno.test("states saved out of turn, and log let go, do no harm", async () => {
  assert((await marksOf("compaction")).has("a snapshot was taken out of turn"));
});

Deno.test("strangers are turned away, and change nothing", async () => {
  const marks = await marksOf("stranger");
  for (const refusal of ["wrong_cluster", "wrong_node", "other_incarnation", "bad_proof"]) {
    assert(marks.has(`a stranger was refused: ${refusal}`), refusal);
  }
});
