/**
 * Looks for a broken rule, inside a copy that may hold a mutant: told what to search on the command
 * line as JSON, it answers with one line of JSON.
 *
 * @module
 */
import { runSeed } from "@raftkv/sim";
import { Explorer, type StartName } from "@raftkv/sim/explore";
import { WORKLOAD } from "../sim/workload.ts";
import type { Killer } from "./mutant.ts";

/** What is to be searched. */
export type Hunt = Exclude<Killer, { harness: "test" }> & {
  /** The seed to begin with. */
  readonly from?: number;
};

/** What was found: the rule, and the seed or the number of events that it took. */
export interface Find {
  readonly rule: string;
  readonly after: number;
}

if (import.meta.main) {
  const find = await search(JSON.parse(Deno.args[0] as string) as Hunt);
  console.log(JSON.stringify(find));
}

async function search(hunt: Hunt): Promise<Find | null> {
  if (hunt.harness === "explore") return explore(hunt);
  const { from = 1 } = hunt;
  for (let seed = from; seed < from + hunt.seeds; seed++) {
    const { violation } = await runSeed(seed, { workload: WORKLOAD });
    if (violation !== null) {
      // Where something did not come about, how the nodes stood is another matter.
      const [rule = ""] = violation.invariant.split(/,? within /);
      return { rule, after: seed };
    }
  }
  return null;
}

function explore({ depth, start }: Extract<Hunt, { harness: "explore" }>): Find | null {
  const bounds = { terms: 2, entries: 2, crashes: 1, reads: 1 };
  const search = new Explorer({ ...bounds, start: start as StartName, depth, states: Infinity });
  const { violation } = search.run();
  if (violation === null) return null;
  const [rule = ""] = violation.error.message.split(": {");
  return { rule, after: violation.path.length };
}
