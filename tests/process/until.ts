/**
 * Waiting for a condition of another process: asked again and again, up to a generous deadline.
 *
 * @module
 */

const ASK_EVERY_MS = 10;
/** Far beyond what anything takes: a busy machine must not fail a test. */
const PATIENCE_MS = 60_000;

/**
 * Asks until there is an answer other than null, undefined and false. An attempt that throws has no
 * answer yet.
 *
 * @throws if there is none in time, with what the last attempt threw as the cause
 */
export async function until<T>(
  what: string,
  attempt: () => T | null | undefined | false | Promise<T | null | undefined | false>,
): Promise<T> {
  const deadlineMs = performance.now() + PATIENCE_MS;
  for (;;) {
    let cause: unknown;
    try {
      const answer = await attempt();
      if (answer !== null && answer !== undefined && answer !== false) return answer;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadlineMs) {
      throw new Error(`Cannot wait any longer for ${what}: ${PATIENCE_MS} ms are over`, { cause });
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}
