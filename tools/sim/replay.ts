/**
 * One seed, with all there is to say about it.
 *
 * @module
 */
import { type PlanLimits, runSeed, type SeedReport, shrinkRun, type Shrunk } from "@raftkv/sim";
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
  const failed = options.shrink ? await shrunk(report, limits) : { report, limits };
  for (const line of failureLines(failed.report, failed.limits)) console.log(line);
  const page = failed.report.violation?.page;
  if (options.timeline !== null && page !== undefined) {
    Deno.writeTextFileSync(options.timeline, page);
    console.log(`What clients saw: ${options.timeline}`);
  }
  return false;
}

function shrunk(report: SeedReport, limits: PlanLimits): Promise<Shrunk> {
  return shrinkRun(report, { workload: WORKLOAD, ...limits }, (smaller) => {
    console.error(`still fails: ${planFlags(report.seed, smaller.limits)}`);
  });
}
