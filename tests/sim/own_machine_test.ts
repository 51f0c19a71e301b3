/**
 * The simulator runs any state machine with any clients: here a journal of lines.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { planOf, runSeed, type SeedReport, shrinkRun, type WorkloadKind } from "@raftkv/sim";
import { JournalMachine } from "../support/journal_machine.ts";
import { JOURNAL } from "../support/journal_workload.ts";

/** A journal that forgets its fifth line: a broken promise for the clients to notice. */
class ForgetfulMachine extends JournalMachine {
  override apply(...entry: Parameters<JournalMachine["apply"]>): number {
    const place = super.apply(...entry);
    if (place === 6) this.lines.splice(4, 1, "something else");
    return place;
  }
}

const FORGETFUL: WorkloadKind<number> = { ...JOURNAL, createMachine: () => new ForgetfulMachine() };

Deno.test("a state machine of one's own is run through the same weather", async () => {
  for (let seed = 1; seed <= 15; seed++) {
    const { violation } = await runSeed(seed, { workload: JOURNAL });
    assertEquals(violation, null, `seed ${seed}`);
  }
});

/** The first seed in which the clients notice. */
async function firstFailure(): Promise<SeedReport> {
  for (let seed = 1; seed <= 50; seed++) {
    const report = await runSeed(seed, { workload: FORGETFUL });
    if (report.violation !== null && planOf(seed).faults.length > 0) return report;
  }
  throw new Error("Nobody noticed");
}

Deno.test("a broken promise is reported with its rule and the last events, and shrinks", async () => {
  const report = await firstFailure();
  const { seed } = report;
  assertEquals(report.violation?.invariant, "I20 what is acknowledged stays");
  assert(report.lastEvents.length > 0);
  const { limits, report: small } = await shrinkRun(report, { workload: FORGETFUL });
  const plan = planOf(seed, limits);
  assertEquals(small.violation?.invariant, report.violation?.invariant);
  assertEquals(plan.faults, []);
  assert(plan.stormMs < planOf(seed).stormMs / 2, `${plan.stormMs}`);
});

Deno.test("leaving out a class of faults leaves the rest of the plan as it was", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const whole = planOf(seed);
    const [first = "drop", ...others] = whole.faults;
    assertEquals(planOf(seed, { without: [first] }), {
      ...whole,
      faults: whole.faults.length === 0 ? [] : others,
    });
  }
});
