/**
 * A processor's share of a batch: runs the seeds it is sent, one by one.
 *
 * @module
 */
import { type PlanLimits, runSeed, type SeedReport } from "@raftkv/sim";
import { WORKLOAD } from "./workload.ts";

/** What a worker is asked. */
export interface Errand {
  readonly seed: number;
  readonly limits: PlanLimits;
}

/** What it answers. */
export interface Answer {
  readonly report: SeedReport;
}

/** The globals of a worker, which the types of a program do not have. */
const scope = self as unknown as {
  onmessage: (event: MessageEvent<Errand>) => void;
  postMessage: (answer: Answer) => void;
};

scope.onmessage = async ({ data }) => {
  const report = await runSeed(data.seed, { workload: WORKLOAD, ...data.limits });
  scope.postMessage({ report });
};
