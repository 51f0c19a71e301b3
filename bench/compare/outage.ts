/**
 * How long nobody can write when the leader goes, without warning and after having been asked to.
 *
 * @module
 */

import { until } from "../../tests/process/until.ts";
import { type HttpCall, send, type System, type SystemNode } from "./system.ts";

/** Milliseconds from the kill of the leader's process to the next accepted write. */
export async function failover(system: System): Promise<number> {
  const leader = await system.leader();
  const others = system.nodes.filter((node) => node !== leader);
  const call = system.putCall("failover", "after");
  const startMs = performance.now();
  const killed = leader.kill();
  const stop = new AbortController();
  const attempts = others.map((node) => insist(node, { call, signal: stop.signal }));
  await Promise.any(attempts);
  const gapMs = performance.now() - startMs;
  stop.abort();
  await Promise.allSettled(attempts);
  await killed;
  await comeBack(system, leader);
  return gapMs;
}

/**
 * Tries again and again without waiting for earlier attempts: some systems leave a write unanswered
 * that came while nobody led.
 */
async function insist(
  { url }: SystemNode,
  { call, signal }: { readonly call: HttpCall; readonly signal: AbortSignal },
): Promise<void> {
  const accepted = Promise.withResolvers<void>();
  const attempt = () => void send(url, call, { signal }).then(accepted.resolve, () => {});
  attempt();
  const timer = setInterval(attempt, ATTEMPT_EVERY_MS);
  signal.addEventListener("abort", () => accepted.reject(signal.reason));
  try {
    await accepted.promise;
  } finally {
    clearInterval(timer);
  }
}

const ATTEMPT_EVERY_MS = 10;

/** What a writer sees of a planned hand-over. */
export interface HandOver {
  /** The longest time between two accepted writes, in milliseconds. */
  readonly gapMs: number;
  readonly failed: number;
}

/** Asks the leader to stop while writers write to the other two nodes. */
export async function handOver(system: System): Promise<HandOver> {
  const leader = await system.leader();
  const others = system.nodes.filter((node) => node !== leader);
  let [lastMs, gapMs, failed, running] = [performance.now(), 0, 0, true];
  const writers = others.flatMap((node) => [node, node]).map(async ({ url }, at) => {
    const call = system.putCall(`handover-${at}`, "value");
    while (running) {
      try {
        await send(url, call);
        const nowMs = performance.now();
        gapMs = Math.max(gapMs, nowMs - lastMs);
        lastMs = nowMs;
      } catch {
        failed += 1;
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    }
  });
  const settle = () => new Promise((resolve) => setTimeout(resolve, 500));
  await settle();
  gapMs = 0;
  await leader.terminate();
  await settle();
  await system.leader();
  running = false;
  await Promise.all(writers);
  await comeBack(system, leader);
  return { gapMs, failed };
}

async function comeBack(system: System, node: SystemNode): Promise<void> {
  node.start();
  await until(`${node.name} to serve again`, () => node.isHealthy());
  await system.leader();
}
