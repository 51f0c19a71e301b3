import { assertEquals } from "@std/assert";
import { untilHeirIsKnown } from "../../server/hand_over.ts";

const ROUND_MS = 1;
const PAUSE_MS = 25;
const TIMEOUT_MS = 1_000;

/** Asks a cluster in which somebody learns of the new leader at `knownAtMs`; how often, how long. */
async function ask(knownAtMs: number): Promise<{ questions: number; endMs: number }> {
  let nowMs = 0;
  let questions = 0;
  await untilHeirIsKnown({
    isStillFollowed: (timeoutMs) => {
      questions++;
      assertEquals(timeoutMs, TIMEOUT_MS - nowMs);
      nowMs += ROUND_MS;
      return Promise.resolve(nowMs < knownAtMs);
    },
    nowMs: () => nowMs,
    pause: (ms) => {
      nowMs += ms;
      return Promise.resolve();
    },
  }, { untilMs: TIMEOUT_MS, pauseMs: PAUSE_MS });
  return { questions, endMs: nowMs };
}

// [T-4]
Deno.test("who leaves asks once whether all have heard, and again after a pause", async () => {
  assertEquals(await ask(0), { questions: 1, endMs: ROUND_MS });
  assertEquals(await ask(PAUSE_MS), { questions: 2, endMs: PAUSE_MS + 2 * ROUND_MS });
});

// [T-4]
Deno.test("somebody who never hears of it is asked once in each pause, until the time is up", async () => {
  const { questions, endMs } = await ask(Infinity);
  assertEquals(endMs, TIMEOUT_MS);
  assertEquals(questions, Math.ceil(TIMEOUT_MS / (PAUSE_MS + ROUND_MS)));
});
