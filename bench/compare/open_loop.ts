/**
 * Writes that come at a fixed rate whether or not earlier ones were answered. A latency counts from
 * the moment the write was due, not from when it could be sent: a stall is felt by every write that
 * fell into it (no coordinated omission).
 *
 * @module
 */

import { quantile } from "./statistics.ts";
import { type HttpCall, send } from "./system.ts";

/** What came of it. */
export interface OpenLoopResult {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Writes that failed. */
  readonly failed: number;
}

/** Sends `rate` calls a second to `url` for so long, and on until it is over, if that comes later. */
export async function openLoop(
  url: string,
  { callOf, rate, seconds, isOver = () => true }: {
    readonly callOf: (number: number) => HttpCall;
    readonly rate: number;
    readonly seconds: number;
    readonly isOver?: () => boolean;
  },
): Promise<OpenLoopResult> {
  const startMs = performance.now();
  const latencies: number[] = [];
  let failed = 0;
  const one = async (number: number, dueMs: number) => {
    try {
      await send(url, callOf(number));
      latencies.push(performance.now() - dueMs);
    } catch {
      failed += 1;
    }
  };
  const underWay: Promise<void>[] = [];
  for (let sent = 0; sent < rate * seconds || !isOver();) {
    const due = (performance.now() - startMs) * rate / 1_000;
    for (; sent < due; sent++) underWay.push(one(sent, startMs + sent * 1_000 / rate));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(underWay);
  latencies.sort((a, b) => a - b);
  return {
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    maxMs: latencies.at(-1) ?? NaN,
    failed,
  };
}
