/**
 * Membership that changes under faults: whatever was acknowledged stays, and service comes back.
 *
 * @module
 */

import { assert } from "@std/assert";
import { type Churn, runChurn } from "../support/churn.ts";

const SEEDS = 150;

Deno.test("nodes join, replace others and leave while everything fails, and nothing is lost", () => {
  const runs: Churn[] = [];
  for (let seed = 1; seed <= SEEDS; seed++) {
    try {
      runs.push(runChurn(seed));
    } catch (error) {
      throw new Error(`Seed ${seed} broke a promise`, { cause: error });
    }
  }
  // What never came about was not tested.
  const sum = (of: (run: Churn) => number) => runs.reduce((total, run) => total + of(run), 0);
  const seen = {
    applied: sum((run) => run.applied),
    changes: sum((run) => run.changes),
    refusals: sum((run) => run.refusals),
    promotions: sum((run) => run.promotions),
    replacements: sum((run) => run.replacements),
    leadersRemoved: sum((run) => run.leadersRemoved),
  };
  assert(seen.applied > 20 * SEEDS, JSON.stringify(seen));
  assert(Object.values(seen).every((count) => count >= SEEDS / 10), JSON.stringify(seen));
});
