/**
 * What is printed about runs.
 *
 * @module
 */
import type { PlanLimits, SeedReport } from "@raftkv/sim";

/** One line for one seed. */
export function seedLine(report: SeedReport): string {
  const { seed, plan, virtualMs, digest, answered, violation } = report;
  const end = violation === null ? "ok  " : "FAIL";
  const run = `${seconds(virtualMs)} s, ${answered} answered, ${digest}`;
  return `seed ${`${seed}`.padEnd(6)} ${end} ${run}, ${plan}`;
}

/** Everything about a seed that failed. */
export function failureLines(report: SeedReport, limits: PlanLimits): string[] {
  const { seed, plan, violation, lastEvents } = report;
  if (violation === null) return [];
  return [
    "",
    `the last ${lastEvents.length} events`,
    ...lastEvents.map((line) => `  ${line}`),
    "",
    `Broken: ${violation.invariant}`,
    ...violation.evidence.split("\n").map((line) => `  ${line}`),
    `Drawn:  ${plan}`,
    `Again:  deno task sim ${planFlags(seed, limits)}`,
  ];
}

/** The flags that run a seed again within these limits. */
export function planFlags(seed: number, { without = [], stormMsMax }: PlanLimits): string {
  const flags = [`--seed ${seed}`];
  if (without.length > 0) flags.push(`--without ${without.join(",")}`);
  if (stormMsMax !== undefined) flags.push(`--storm-ms ${stormMsMax}`);
  return flags.join(" ");
}

/** Milliseconds as seconds. */
export function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}
