/**
 * Many seeds, on all processors.
 *
 * @module
 */
import { Marks, type SeedReport, shrinkRun, WORLD_MARKS } from "@raftkv/sim";
import { cpuUsage } from "node:process";
import type { BatchOptions } from "./options.ts";
import { failureLines, planFlags, seedLine } from "./text.ts";
import type { Answer, Errand } from "./worker.ts";
import { WORKLOAD } from "./workload.ts";

/** From how many seeds on a batch must have come to everything it can come to. */
const VACUITY_SEEDS_MIN = 1_000;

/** How many requests of clients must be answered in one of its runs, on average. */
const ANSWERED_MEAN_MIN = 100;

/** What a batch has come to so far. */
class Batch {
  readonly marks = new Marks();
  readonly failed: SeedReport[] = [];
  readonly #options: BatchOptions;
  readonly #startedMs = performance.now();
  #count = 0;
  #virtualMs = 0;
  #answered = 0;
  #next: number;

  constructor(options: BatchOptions) {
    this.#options = options;
    this.#next = options.from;
  }

  get count(): number {
    return this.#count;
  }

  get answered(): number {
    return this.#answered;
  }

  /** The next seed, or null if there is none or no time for it. */
  next(): number | null {
    const { from, seeds, minutes } = this.#options;
    const passedMinutes = (performance.now() - this.#startedMs) / 60_000;
    if (seeds !== null && this.#next >= from + seeds) return null;
    if (minutes !== null && passedMinutes >= minutes) return null;
    return this.#next++;
  }

  add(report: SeedReport): void {
    this.#count++;
    this.#virtualMs += report.virtualMs;
    this.#answered += report.answered;
    this.marks.add(report.marks);
    if (report.violation !== null) this.failed.push(report);
    clearProgress();
    if (!this.#options.quiet || report.violation !== null) console.log(seedLine(report));
    if (Deno.stderr.isTerminal()) this.#progress();
  }

  /** What was simulated, and how fast. */
  summary(): string {
    const { user, system } = cpuUsage();
    const cpuMinutes = (user + system) / 60e6;
    const hours = this.#virtualMs / 3_600_000;
    return `${this.#count} seeds from ${this.#options.from}, ${this.failed.length} failed, ` +
      `${this.#answered} requests answered, ${hours.toFixed(1)} cluster-hours in ${
        cpuMinutes.toFixed(1)
      } CPU-minutes: ` +
      `${(hours / cpuMinutes).toFixed(1)} an CPU-minute`;
  }

  #progress(): void {
    const { seeds } = this.#options;
    const done = seeds === null ? `${this.#count}` : `${this.#count}/${seeds}`;
    const hours = (this.#virtualMs / 3_600_000).toFixed(1);
    const text = `${done} seeds, ${hours} cluster-hours, ${this.failed.length} failed`;
    Deno.stderr.writeSync(new TextEncoder().encode(text));
  }
}

/** Runs them; returns whether every promise was kept and nothing was missed. */
export async function runBatch(options: BatchOptions): Promise<boolean> {
  const batch = new Batch(options);
  await Promise.all(Array.from({ length: options.jobs }, () => work(batch, options)));
  clearProgress();
  const [worst] = batch.failed.toSorted((a, b) => a.virtualMs - b.virtualMs);
  if (worst !== undefined) await show(worst, options);
  const missed = missedBy(batch);
  for (const what of missed) console.log(`In ${batch.count} seeds ${what}`);
  console.log(batch.summary());
  if (batch.failed.length > 0) {
    console.log(
      `failed: ${batch.failed.map(({ seed }) => seed).toSorted((a, b) => a - b).join(" ")}`,
    );
  }
  return batch.count > 0 && batch.failed.length === 0 && missed.length === 0;
}

/** One worker takes seed after seed. */
function work(batch: Batch, { limits }: BatchOptions): Promise<void> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  return new Promise((resolve, reject) => {
    const goOn = () => {
      const seed = batch.next();
      if (seed === null) {
        worker.terminate();
        resolve();
        return;
      }
      const errand: Errand = { seed, limits };
      worker.postMessage(errand);
    };
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      batch.add(data.report);
      goOn();
    };
    worker.onerror = (event) => reject(new Error(`A worker ended: ${event.message}`));
    goOn();
  });
}

/** The failure that came first, in its run's time: the shortest to read. */
async function show(worst: SeedReport, { limits, shrink }: BatchOptions): Promise<void> {
  const { seed } = worst;
  const smallest = shrink
    ? await shrinkRun(worst, { workload: WORKLOAD, ...limits }, (smaller) => {
      console.error(`still fails: ${planFlags(seed, smaller.limits)}`);
    })
    : { report: worst, limits };
  for (const line of failureLines(smallest.report, smallest.limits)) console.log(line);
}

/** What so many seeds should have come to and did not: what they say of it, they say of nothing. */
export function missedBy(
  { count, marks, answered }: {
    readonly count: number;
    readonly marks: Marks;
    readonly answered: number;
  },
): readonly string[] {
  if (count < VACUITY_SEEDS_MIN) return [];
  const missed = [...WORLD_MARKS, ...WORKLOAD.marks].filter((mark) => marks.count(mark) === 0)
    .map((mark) => `it never came about that ${mark}`);
  const isEnough = answered >= count * ANSWERED_MEAN_MIN;
  return isEnough ? missed : [...missed, `only ${answered} requests were answered`];
}

function clearProgress(): void {
  if (Deno.stderr.isTerminal()) Deno.stderr.writeSync(new TextEncoder().encode("\r\x1b[K"));
}
