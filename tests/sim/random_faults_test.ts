import { assert, assertEquals } from "@std/assert";
import { runWeather, type Weather } from "../support/random_faults.ts";

const SEEDS = 150;
let batch: Weather[] | null = null;

/** What each seed came to. */
function weathers(): readonly Weather[] {
  batch ??= Array.from({ length: SEEDS }, (_, at) => {
    try {
      return runWeather(at + 1);
    } catch (error) {
      throw new Error(`Cannot keep every promise: seed ${at + 1}`, { cause: error });
    }
  });
  return batch;
}

/** Adds up what the batch has seen. */
function total(valueOf: (weather: Weather) => number): number {
  return weathers().reduce((sum, weather) => sum + valueOf(weather), 0);
}

Deno.test(`no promise is broken in ${SEEDS} seeds of bad weather`, () => {
  assertEquals(weathers().length, SEEDS);
});

Deno.test("the weather was bad enough to mean something", () => {
  const types = [
    "forward_request",
    "read_index_request",
    "snapshot_request",
    "timeout_now",
    "append_rejected",
  ] as const;
  const vacuous = Object.entries({
    leaderships: total(({ sightings }) => sightings.leaderships) > 2 * SEEDS,
    rivals: total(({ sightings }) => sightings.rivals) > 10,
    truncations: total(({ sightings }) => sightings.truncations) > 10,
    inherited: total(({ sightings }) => sightings.inherited) > 10,
    installs: total(({ sightings }) => sightings.installs) > 5,
    applied: total(({ applied }) => applied) > 20 * SEEDS,
    reads: total(({ reads }) => reads) > 20 * SEEDS,
    ...Object.fromEntries(
      types.map((type) => [type, total(({ sightings }) => sightings.messages.get(type) ?? 0) > 20]),
    ),
  }).filter(([, isMet]) => !isMet);
  assertEquals(vacuous, []);
});

Deno.test("two runs of a seed are the same to the last message", () => {
  for (const seed of [3, 17, 42]) {
    assertEquals(runWeather(seed).digest, runWeather(seed).digest);
  }
  assert(runWeather(3).digest !== runWeather(4).digest);
});
