/**
 * One seed, with all there is to say about it.
 *
 * @module
 */
import { runSeed, shrinkRun } from "@raftkv/sim";
import { WORKLOAD } from "./workload.ts";
import type { ReplayOptions } from "./options.ts";
import { failureLines, planFlags, seedLine } from "./text.ts";

/** Runs it; returns whether every promise was kept. */
export async function replay(options: ReplayOptions): Promise<boolean> {
  const { seed, limits } = options;
  const onLine = options.trace ? { onLine: (line: string) => console.log(line) } : {};
  const report = await runSeed(seed, { workload: WORKLOAD, ...limits, ...onLine });
  console.log(seedLine(report));
  if (report.violation === null) {
    const marks = [...report.marks].map(([mark, count]) => `${mark} ${count}`);
    if (marks.length > 0) console.log(`hit: ${marks.join(", ")}`);
    return true;
  }
  if (!options.shrink) {
    for (const line of failureLines(report, limits)) console.log(line);
    return false;
  }
  const shrunk = await shrinkRun(report, { workload: WORKLOAD, ...limits }, (smaller) => {
    console.error(`still fails: ${planFlags(seed, smaller.limits)}`);
  });
  for (const line of failureLines(shrunk.report, shrunk.limits)) console.log(line);
  return false;
}
