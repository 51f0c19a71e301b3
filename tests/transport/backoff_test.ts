import { assertEquals } from "@std/assert";
import { Backoff } from "../../transport/backoff.ts";

const LIMITS = { delayMsBase: 50, delayMsMax: 2_000 };

Deno.test("the ceiling of the delay doubles per failure up to its maximum", () => {
  const backoff = new Backoff(LIMITS, () => 1);
  const delays = Array.from({ length: 8 }, () => backoff.nextDelayMs());
  assertEquals(delays, [50, 100, 200, 400, 800, 1_600, 2_000, 2_000]);
});

Deno.test("the delay is drawn from the whole range down to zero", () => {
  const draws = [0, 0.25, 0.5];
  const backoff = new Backoff(LIMITS, () => draws.shift() ?? 0);
  assertEquals([backoff.nextDelayMs(), backoff.nextDelayMs(), backoff.nextDelayMs()], [0, 25, 100]);
});

Deno.test("a reset starts over, and a thousand failures do not overflow", () => {
  const backoff = new Backoff(LIMITS, () => 1);
  for (let i = 0; i < 2_000; i++) backoff.nextDelayMs();
  assertEquals(backoff.nextDelayMs(), 2_000);
  backoff.reset();
  assertEquals(backoff.nextDelayMs(), 50);
});
