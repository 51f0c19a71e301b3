/**
 * Makes a run that breaks a promise as small as it gets while it still breaks the same one: a shorter
 * storm, fewer classes of faults. What is left says where to look.
 *
 * @module
 */

import type { PlanLimits } from "./plan.ts";
import { planOf } from "./plan.ts";
import { type RunOptions, runSeed, type SeedReport } from "./seed.ts";

/** A run that still fails. */
export interface Shrunk {
  /** What was left out and cut short. */
  readonly limits: PlanLimits;
  /** What the smaller run came to. */
  readonly report: SeedReport;
}

/** Storms are cut down to about this many milliseconds. */
const STORM_STEP_MS = 100;

/**
 * Shrinks a failing run.
 *
 * @param report What the whole run came to; it must have broken a promise.
 * @param onAttempt Told of each smaller run that still fails.
 */
export async function shrinkRun<Result>(
  report: SeedReport,
  options: RunOptions<Result>,
  onAttempt: (shrunk: Shrunk) => void = () => {},
): Promise<Shrunk> {
  let best: Shrunk = { limits: limitsOf(options), report };
  const attempt = async (limits: PlanLimits): Promise<boolean> => {
    const smaller = await runSeed(report.seed, { ...options, ...limits });
    if (!isSame(smaller, report)) return false;
    best = { limits, report: smaller };
    onAttempt(best);
    return true;
  };
  for (;;) {
    const before = best;
    await shorten(() => best, attempt);
    for (const fault of planOf(report.seed, best.limits).faults) {
      const without = [...best.limits.without ?? [], fault];
      await attempt({ ...best.limits, without });
    }
    if (best === before) return best;
  }
}

/** Halves what may still be cut off the storm's end. */
async function shorten(
  best: () => Shrunk,
  attempt: (limits: PlanLimits) => Promise<boolean>,
): Promise<void> {
  const { seed } = best().report;
  let [fails, holds] = [planOf(seed, best().limits).stormMs, 0];
  while (fails - holds > STORM_STEP_MS) {
    const stormMsMax = Math.round((fails + holds) / 2);
    if (await attempt({ ...best().limits, stormMsMax })) fails = stormMsMax;
    else holds = stormMsMax;
  }
}

function limitsOf({ without, stormMsMax }: PlanLimits): PlanLimits {
  return {
    ...(without === undefined ? {} : { without }),
    ...(stormMsMax === undefined ? {} : { stormMsMax }),
  };
}

/** Whether the same promise is broken: by its name, whatever numbers stand in it. */
function isSame(smaller: SeedReport, whole: SeedReport): boolean {
  const nameOf = ({ violation }: SeedReport) => violation?.invariant.replaceAll(/\d+/g, "");
  return smaller.violation !== null && nameOf(smaller) === nameOf(whole);
}
